"""Models and templates of the pages; no routes."""
