"""Watching of files: a change counts once it rests."""

from __future__ import annotations

from kg_server.server.watching import Watcher


def test_a_file_that_is_being_written_is_not_taken_until_it_rests(tmp_path, monkeypatch):
    monkeypatch.setattr("kg_server.server.watching._WATCH_S", 0.0)
    file = tmp_path / "a.ttl"
    file.write_text("<urn:a> <urn:b> <urn:c> .")
    watcher = Watcher((file,))

    assert not watcher.has_changed()
    for number in range(3):
        file.write_text("<urn:a> <urn:b> " + "<urn:c> " * number)
        assert not watcher.has_changed()
    assert watcher.has_changed()
    watcher.remember()
    assert not watcher.has_changed()
