"""Run the command line as ``python -m kg_server``."""

from kg_server.cli.main import main

main()
