"""Descriptions of the server: VoID, DCAT, the service description and its counts."""
