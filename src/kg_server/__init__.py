"""kg-server: validation, querying and publication of RDF graphs.

The subpackages, from the command line down; each imports only from those below it:

- ``cli``: the command line, one module a command
- ``server``: the HTTP server in front of Flask, limits and budgets, and the processes of *serve*
- ``web``: the Flask application, one module a protocol; ``web.pages`` has the page models
- ``diff``: comparison of two versions of a project
- ``competency``: test queries with expected answers, and examples of shapes
- ``description``: descriptions of the server: VoID, DCAT, service description, counts
- ``linked_data``: documents of things, vocabularies, JSON-LD, dumps
- ``things``: tables of the instances of a class: columns, filters, facets
- ``canned``: canned queries: header, typed parameters, binding
- ``search``: the search index of labels
- ``validation``: SHACL and lint rules: prefilter, pySHACL, places of findings, reports
- ``sandbox``: evaluation of queries in processes that can be killed
- ``store``: the Store protocol and its backends: in memory, or SPARQL services over HTTP
- ``project``: the files that make up the graph, ``kg.toml``, parsing, scaffold
- ``sparql``: SPARQL text and protocol: lexer, query, rewriting, diagnostics
- ``rdf``: terms, prefixes, addresses of IRIs, labels, syntaxes

Modules beside them: ``processes`` (forked children), ``work`` (turns, time limits and cancellation
of threads), ``metrics`` (Prometheus), ``config`` (settings), ``formats`` (media types),
``escaping`` (untrusted text for terminals, logs and reports), ``records`` (dataclasses as JSON),
``errors`` (problem types).

The public interface is the command line, the HTTP interface and the files of a project. No module
is public: names and signatures change without notice.
"""
