"""Content codings undone piece by piece."""

import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.errors import PeerMalformed, UnsupportedMediaType
from ihe_test_util.mock_server.inflate import inflater_for

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :]),
    "deflate": zlib.compress,
    "Deflate": lambda data: zlib.compress(data, wbits=-zlib.MAX_WBITS),
}
PIECE_BYTES = 256 * 1024


def undone(coding: str, data: bytes, sizes: list[int]) -> list[bytes]:
    """The pieces that come out when the data goes in so many bytes at a time."""
    inflater = inflater_for(coding)
    assert inflater is not None
    pieces: list[bytes] = []
    at = number = 0
    while at < len(data):
        size = sizes[number % len(sizes)]
        pieces += inflater.feed(data[at : at + size])
        at += size
        number += 1
    return [*pieces, inflater.finish()]


@pytest.mark.parametrize("coding", CODINGS)
@given(
    data=st.binary(max_size=2000), repeat=st.sampled_from([1, 1, 500]), sizes=st.lists(st.integers(1, 700), min_size=1)
)
def test_any_content_comes_back(coding: str, data: bytes, repeat: int, sizes: list[int]) -> None:
    """However it is cut on its way, what was compressed comes out, in pieces of bounded size."""
    pieces = undone(coding, CODINGS[coding](data * repeat), sizes)

    assert b"".join(pieces) == data * repeat
    assert max(map(len, pieces)) <= PIECE_BYTES


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 10 * PIECE_BYTES])
def test_a_full_piece_loses_nothing(coding: str, size: int) -> None:
    """The last bytes come out though the ceiling of a piece was reached."""
    for sizes in ([1], [10_000_000]):
        assert sum(map(len, undone(coding, CODINGS[coding](bytes(size)), sizes))) == size


@pytest.mark.parametrize("coding", ["gzip", "deflate", "Deflate"])
@given(data=st.binary(max_size=300), cut=st.integers(1, 300))
def test_what_was_cut_is_refused(coding: str, data: bytes, cut: int) -> None:
    """A compressed body that ends too early is never taken for a whole one."""
    whole = CODINGS[coding](data)

    with pytest.raises(PeerMalformed):
        undone(coding, whole[: -min(cut, len(whole) - 1)], [50])


@given(st.sampled_from(sorted(CODINGS)), st.binary(min_size=1, max_size=200))
def test_no_bytes_are_worse_than_a_refusal(coding: str, data: bytes) -> None:
    """Whatever comes, it is undone or refused as the peer's mistake."""
    with suppress(PeerMalformed):
        undone(coding, data, [7])


def test_nothing_to_undo() -> None:
    """No coding, and identity, need no work."""
    assert [inflater_for(coding) for coding in ("", " ", "identity", "Identity")] == [None] * 4


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, deflate", "gzip;q=1"])
def test_an_unknown_coding_is_refused(coding: str) -> None:
    """415 says which ones there are."""
    with pytest.raises(UnsupportedMediaType) as caught:
        inflater_for(coding)

    assert caught.value.expected == "gzip, deflate, or none"
