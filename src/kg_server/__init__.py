"""kg-server: validation, querying and publication of RDF graphs.

The rooms, from the command line down; each imports only from rooms below it:

- ``cli``: the command line, one module a command
- ``server``: the HTTP server in front of Flask, and the processes of the command *serve*
- ``web``: the Flask application, one module a protocol; ``web.pages`` has the page models
- ``diff``: comparison of two states of a project
- ``competency``: questions with their expected answers, and examples of shapes
- ``description``: what the server says of itself: VoID, DCAT, service description, counts
- ``linked_data``: documents of things, vocabularies, JSON-LD, dumps
- ``things``: tables of the instances of a class: columns, filters, facets
- ``canned``: canned queries: header, typed parameters, binding
- ``validation``: SHACL and lint: prefilter, pySHACL, rules, places, reports
- ``sandbox``: queries in processes that can be killed
- ``store``: the Store protocol and its backends
- ``project``: which files make up the graph, ``kg.toml``, parsing, scaffold
- ``sparql``: SPARQL text and protocol: lexer, query, rewriting, diagnostics
- ``rdf``: terms, prefixes, addresses of IRIs, labels, syntaxes

Beside them: ``search`` (things by label), ``processes`` (forked children), ``work`` (turns, time
and cancellation of threads), ``metrics`` (Prometheus), ``config`` (settings), ``formats`` (media
types), ``escaping`` (untrusted text for terminals, logs and reports), ``records`` (dataclasses as
JSON), ``errors`` (problem types).

The public interface is the command line, the HTTP interface and the files of a project. No module
is public: names and signatures change without notice.
"""
