"""Corrections of pySHACL 0.40, where it judges otherwise than the SHACL specification.

``components`` replaces constraint components, ``shapes_graph`` writes out what a shapes graph
implies. Each correction names the section of the specification that it follows.
"""
