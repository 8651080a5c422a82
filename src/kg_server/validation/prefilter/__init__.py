"""Prefilter: SPARQL queries that find every focus node which may violate a shape.

pySHACL checks every focus node of every shape in Python. Most nodes conform, and a query engine
shows that much faster. So each shape becomes SPARQL queries that return every focus node that *may*
violate it, the suspects. Only these are checked by pySHACL, whose result alone counts. If no query
can express a constraint, all its focus nodes are suspects.
"""
