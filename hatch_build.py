"""Builds the scripts of the pages into the package, where npm is to be had.

Without npm, or where it fails, the package is built all the same: every page works without
scripts. ``KG_SERVER_REQUIRE_FRONTEND=1`` turns that into an error, for releases and for CI.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_COMMANDS = (("ci", "--no-audit", "--no-fund", "--ignore-scripts"), ("run", "build"))
_BILL = ("sbom", "--sbom-format", "cyclonedx", "--omit", "dev")


class FrontendBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # no configuration
    """Runs before a wheel, an sdist or an editable install is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # the hook's signature
        """Build ``frontend/`` unless what is there was built from the same files."""
        root = Path(self.root)
        bill = root / "build" / "frontend.cdx.json"
        target = root / "src" / "kg_server" / "web" / "pages" / "static" / "build"
        stamp = target / "sources.sha256"
        sources = _digest(root / "frontend")
        if sources is None:
            return
        is_built = stamp.is_file() and stamp.read_text() == sources
        reason = None if is_built else _build(root / "frontend")
        if reason is None:
            stamp.write_text(sources)
            if _list_parts(root / "frontend", bill):
                build_data.setdefault("sbom_files", []).append(str(bill))
        elif os.environ.get("KG_SERVER_REQUIRE_FRONTEND"):
            raise RuntimeError(reason)
        else:
            self.app.display_warning(f"{reason}; the pages of this package have no scripts")


def _digest(frontend: Path) -> str | None:
    """Return a hash of what the scripts are built from, ``None`` where there is no frontend."""
    files = [frontend / "package-lock.json", frontend / "build.mjs"]
    if not all(file.is_file() for file in files):
        return None
    digest = hashlib.sha256()
    for file in [*files, *sorted((frontend / "src").rglob("*.js"))]:
        digest.update(file.relative_to(frontend).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _list_parts(frontend: Path, bill: Path) -> bool:
    """Write the bundled scripts' bill of materials (CycloneDX); return whether it is there."""
    npm = shutil.which("npm")
    if npm is None:
        return False
    done = subprocess.run(  # noqa: S603  # a fixed command
        [npm, *_BILL, "--package-lock-only"], cwd=frontend, capture_output=True, check=False
    )
    if done.returncode == 0:
        bill.parent.mkdir(exist_ok=True)
        bill.write_bytes(done.stdout)
    return done.returncode == 0


def _build(frontend: Path) -> str | None:
    """Run npm; return why there is nothing built, ``None`` if it is."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm was not found"
    for command in _COMMANDS:
        line = [npm, *command]
        done = subprocess.run(  # noqa: S603  # a fixed command
            line, cwd=frontend, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return f"npm {command[0]} failed: {done.stderr.strip()[-2000:]}"
    return None
