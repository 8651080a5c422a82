"""Linked data: documents of things, vocabularies, JSON-LD and dumps."""
