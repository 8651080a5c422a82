"""Tables of things: the instances of a class, with columns from shapes, filters and facets."""
