"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
BASE = click.option("--base-iri", help="Base IRI of names.  [default: the one in the files]")
