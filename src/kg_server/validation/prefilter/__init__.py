"""Prefilter: SPARQL queries that find every focus node which may violate a shape.

pySHACL looks at every focus node of every shape in Python. Most nodes of most graphs are all
right, and a query engine sees that much faster: each shape becomes SPARQL queries that give every
focus node that *may* violate it. Only those go to pySHACL, which alone decides and words the
report. What a query cannot say with certainty goes to pySHACL whole.
"""
