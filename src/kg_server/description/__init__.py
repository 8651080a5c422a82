"""Descriptions of the server: VoID, DCAT, the SPARQL service description, and their counts."""
