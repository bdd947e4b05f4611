"""Messages in files: bare, or in a SOAP envelope whose body is what counts."""

from pathlib import Path

from ihe_test_util.content import Content
from ihe_test_util.errors import BadInput, PeerMalformed
from ihe_test_util.soap.envelope import read_envelope
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml.io import Element, parse


def message_in(data: bytes, name: str) -> Element:
    """The message in a file's bytes; ``name`` is the file's, for errors.

    Raises:
        BadInput: no XML, or a SOAP envelope that cannot be read or is empty.
    """
    try:
        root = parse(data, what="file")
        if SoapVersion.of_namespace(root.tag.rpartition("}")[0][1:]) is None:
            return root
        payload = read_envelope(root).payload
    except PeerMalformed as error:
        place = f"{name}: {error.where}" if error.where else name
        raise BadInput(error.message, where=place, got=error.got, expected=error.expected, hint=error.hint) from None
    if payload is None:
        raise BadInput("the file is a SOAP envelope with an empty Body", where=name, expected="a message in the Body")
    return payload


def document_in(path: Path) -> Content:
    """A document to be sent; it stays on disk and must not change meanwhile.

    Raises:
        BadInput: no file that can be read.
    """
    try:
        with path.open("rb"):  # sooner said here than in the middle of sending
            return Content.of_file(path)
    except OSError as error:
        raise BadInput("the document cannot be read", where=str(path), got=error.strerror or str(error)) from None
