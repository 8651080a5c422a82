"""The HTTP server in front of Flask, and the processes of ``kg-server serve``."""
