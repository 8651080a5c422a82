"""The command line: a module for each command, or for a few commands that belong together."""
