"""The Flask application: pages and protocols over HTTP."""
