"""What the tests of packages share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ihe_test_util.soap.mime import ContentType

DATA = Path(__file__).parents[2] / "data" / "mtom"

Capture = Callable[[str], tuple[ContentType, bytes]]


@pytest.fixture
def capture() -> Capture:
    """Content type and body of a message in tests/data/mtom, each written as its stack writes them."""

    def read(name: str) -> tuple[ContentType, bytes]:
        head, _, body = (DATA / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
        return ContentType.parse(head.decode("ascii").partition(":")[2]), body

    return read
