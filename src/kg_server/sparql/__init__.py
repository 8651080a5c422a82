"""SPARQL text and protocol: no store, no HTTP."""
