"""RDF terms, prefixes, addresses of IRIs, labels and syntaxes: no store, no HTTP."""
