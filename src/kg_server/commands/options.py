"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click

from kg_server.config import BASE_IRI

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
BASE = click.option("--base-iri", default=BASE_IRI, show_default=True, help="Base IRI of names.")
