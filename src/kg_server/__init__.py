"""A knowledge graph of bilateral diplomatic relations: cited, validated, served."""
