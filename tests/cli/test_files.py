"""What commands write replaces an old file whole, or leaves it as it is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kg_server.cli import files
from kg_server.errors import ProjectFault

SMALL = "import resource, signal, sys\nfrom kg_server.cli.main import main\n"
SMALL += "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
SMALL += "resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))\nmain()\n"


def test_a_report_without_room_leaves_the_old_one(tmp_path):
    report, data, shapes = (tmp_path / name for name in ("r.sarif", "d.ttl", "s.ttl"))
    report.write_text("old")
    data.write_text("<urn:a> a <urn:C> .")
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:S> a sh:NodeShape ; "
        "sh:targetClass <urn:C> ; sh:property [ sh:path <urn:p> ; sh:minCount 1 ] ."
    )

    command = ["validate", "--no-cache", str(data), "--shapes", str(shapes)]
    command += ["--output", f"sarif={report}"]
    done = subprocess.run(
        [sys.executable, "-c", SMALL, *command], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert f"{report}: cannot be written: File too large" in done.stderr
    assert report.read_text() == "old"
    assert {each.name for each in tmp_path.iterdir()} == {"r.sarif", "d.ttl", "s.ttl"}


def test_a_link_and_the_mode_of_a_file_stay(tmp_path):
    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("file")

    files.replace(tmp_path / "link", "new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_a_place_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ProjectFault, match="cannot be written: No such file or directory"):
        files.replace(tmp_path / "none" / "file", "new")
