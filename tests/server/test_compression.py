"""Compression: what is sent at once can be read at once, by every client."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_server.server import compression
from kg_server.server.compression import Coding, zstd

RESULT = [("Content-Type", "text/csv"), ("ETag", '"a"')]
UNPACKERS = {"zstd": zstd.ZstdDecompressor, "gzip": lambda: zlib.decompressobj(31)}


@pytest.mark.parametrize("name", UNPACKERS)
@given(chunks=st.lists(st.binary(min_size=1), max_size=8))
def test_what_was_given_to_the_compressor_can_be_read_at_once(name, chunks):
    _, packer = compression.streamed(Coding(name), RESULT)
    unpacker = UNPACKERS[name]()

    for chunk in chunks:
        assert unpacker.decompress(packer.compress(chunk)) == chunk
    unpacker.decompress(packer.flush())

    assert unpacker.eof


def test_zstd_needs_no_larger_window_than_every_client_has():
    _, packer = compression.streamed(Coding("zstd"), RESULT)
    sent = packer.compress(bytes(range(256)) * (1 << 16)) + packer.flush()

    window = {zstd.DecompressionParameter.window_log_max: 23}  # RFC 9659 §3: 8 MB

    assert len(zstd.decompress(sent, options=window)) == 1 << 24


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate", "gzip"),
        ("GZIP ; q=0.3 , zstd; q=0.2", "gzip"),
        ("x-gzip", "gzip"),
        ("zstd;q=0.000, gzip;q=0.001", "gzip"),
        ("*;q=0", "identity"),
        ("identity;q=0", "identity"),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("gzip;q=high", "identity"),
        (",, ,", "identity"),
    ],
)
def test_the_coding_is_the_one_that_the_client_prefers(accept_encoding, expected):
    assert compression.negotiate(accept_encoding).name == expected
