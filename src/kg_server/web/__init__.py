"""Pages and protocols over HTTP, and the processes that serve them.

Nothing is imported here: the main process, which imports ``server``, has no need of Flask.
"""
