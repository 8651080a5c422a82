"""The reading of a project's files."""

import tracemalloc

import pytest

from kg_server import project
from kg_server.errors import ProjectFault

LINE = '<https://e.org/s> <https://e.org/p> "সম্পর্ক"@bn .\n'


@pytest.fixture
def large(tmp_path):
    """A file of 4 MB, in which characters lie across every boundary that one may read by."""
    path = tmp_path / "large.nt"
    path.write_text(LINE * (4_000_000 // len(LINE.encode())), encoding="utf-8")
    return path


def test_a_large_file_in_any_script_is_read_as_it_is(large):
    (file,) = project.load([large]).of_role(project.Role.DATA)

    assert file.content == large.read_bytes()


def test_a_byte_that_is_not_utf_8_is_shown_by_its_line_in_a_large_file(large):
    lines = large.read_text(encoding="utf-8").count("\n")
    with large.open("ab") as file:
        file.write(b'<https://e.org/s> <https://e.org/p> "\xff" .\n')

    with pytest.raises(ProjectFault, match="not UTF-8") as caught:
        project.load([large])

    assert caught.value.line == lines + 1


def test_a_character_that_is_cut_off_at_the_end_is_not_utf_8(large):
    with large.open("ab") as file:
        file.write("# ক".encode()[:-1])

    with pytest.raises(ProjectFault, match="not UTF-8"):
        project.load([large])


def test_a_large_file_is_read_without_a_copy_of_it(large):
    tracemalloc.start()
    try:
        project.load([large])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 1.6 * large.stat().st_size
