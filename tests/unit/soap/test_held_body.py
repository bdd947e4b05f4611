"""Packages whose documents are opened before they are sent: what is removed meanwhile is sent all the same."""

import os
from pathlib import Path

import pytest

from ihe_test_util.content import Attachment, Content
from ihe_test_util.errors import StorageError
from ihe_test_util.soap.mtom import MtomBody, write_package
from ihe_test_util.soap.version import SoapVersion

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a file that is open cannot be removed there")


def package(*paths: Path) -> MtomBody:
    """A package of the files."""
    attachments = [Attachment(f"{n}@x", "text/plain", Content.of_file(path)) for n, path in enumerate(paths)]
    return write_package(
        b"<root/>", attachments, soap_version=SoapVersion.V12, action="urn:x", boundary="b", root_id="root@x"
    )


def files(directory: Path, count: int) -> list[Path]:
    """Files of different bytes."""
    paths = [directory / str(number) for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(b"document %d" % number)
    return paths


def test_documents_that_are_removed_are_sent(tmp_path: Path) -> None:
    """Also those that stand in the package twice, and as often as asked."""
    one, other = files(tmp_path, 2)
    body = package(one, other, one)
    before = b"".join(body.chunks())

    held = body.hold()
    one.unlink()
    other.unlink()
    after = [b"".join(held.chunks()), b"".join(held.chunks())]
    held.close()
    held.close()

    assert after == [before, before]
    assert held.length == len(before)


def test_a_document_that_is_gone_already_is_told(tmp_path: Path) -> None:
    """Before a byte was sent."""
    there, gone = files(tmp_path, 2)
    body = package(there, gone)
    gone.unlink()

    with pytest.raises(StorageError, match="cannot be read"):
        body.hold()


def test_more_documents_than_are_held_are_sent_in_their_turn(tmp_path: Path) -> None:
    """A package may have more than there are files to open."""
    body = package(*files(tmp_path, 100))

    held = body.hold()
    sent = b"".join(held.chunks())
    held.close()

    assert sent == b"".join(body.chunks())
