"""Corrections of pySHACL 0.40, where its results differ from the SHACL specification.

Each correction names the section of the specification that it follows. ``components`` replaces
constraint components, ``property_paths`` the evaluation of paths, ``messages`` the text of results.
``shapes_graph`` adds the triples that a shapes graph implies.
"""
