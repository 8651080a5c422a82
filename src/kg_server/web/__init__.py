"""The Flask application: pages and protocols over HTTP, one module a protocol.

This file imports nothing, so that the main process of ``kg-server serve`` does not load Flask.
"""
