"""What ``send iti-41`` warns of before it sends a document."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ihe_test_util.cli.send_commands import send_group

EXAMPLES = Path(__file__).parents[3] / "examples"
MADE = ("--patient-id", "PAT-1^^^&2.999.1.2&ISO", "--dry-run")
Rehearse = Callable[..., Result]


@pytest.fixture
def rehearse() -> Rehearse:
    """Makes a submission that is not sent."""
    return lambda *arguments: CliRunner().invoke(send_group, ["iti-41", "--dry-run", *arguments])


def warnings(result: Result) -> list[str]:
    """What was doubted, in the order it was said; the submission is made all the same."""
    assert result.exit_code == 0, result.output
    return re.findall(r"Warning: document \d+[^:]*: (.*)", result.stderr)


@pytest.mark.parametrize(
    ("content", "mime_type", "doubt"),
    [
        (b"", "text/xml", "it is empty (0 bytes)"),
        (b"%PDF-1.7", "text/xml", "its media type is given as text/xml, but it looks like application/pdf"),
        (
            b"<ClinicalDocument/>",
            "application/pdf",
            "its media type is given as application/pdf, but it looks like XML",
        ),
        (b"hello", "text/xml", "its media type is given as text/xml, but it does not look like that"),
        (b"hello", "image/png", "its media type is given as image/png, but it does not look like that"),
        (b"<html></html>", "text/xml", "its media type is given as text/xml, but it looks like text/html"),
    ],
)
def test_odd_documents_get_a_warning(
    rehearse: Rehearse, tmp_path: Path, content: bytes, mime_type: str, doubt: str
) -> None:
    """Empty ones, and those that are not what --mime-type says."""
    path = tmp_path / "document"
    path.write_bytes(content)
    assert warnings(rehearse(*MADE, "--document", str(path), "--mime-type", mime_type)) == [doubt]


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [
        (b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "text/xml"),
        ("<?xml version='1.0' encoding='utf-16'?><a/>".encode("utf-16"), "application/xml"),
        (b"<svg/>", "image/svg+xml"),
        (b"<a/>", "text/plain"),
        (b"%PDF-1.4", "application/pdf"),
        (b"%PDF-1.4", "application/octet-stream"),
        (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"hello", "text/plain"),
        (b"\x00", "application/dicom"),
    ],
)
def test_what_may_be_so_gets_none(rehearse: Rehearse, tmp_path: Path, content: bytes, mime_type: str) -> None:
    """Types that cannot be told by the first bytes are believed."""
    path = tmp_path / "document"
    path.write_bytes(content)
    assert warnings(rehearse(*MADE, "--document", str(path), "--mime-type", mime_type)) == []


def test_documents_that_their_metadata_do_not_fit(rehearse: Rehearse, tmp_path: Path) -> None:
    """Size and hash of the metadata file are held against the document that goes with it."""
    path = tmp_path / "other.xml"
    path.write_bytes((EXAMPLES / "sample-ccd.xml").read_bytes() + b"\n")
    metadata = ("--metadata", str(EXAMPLES / "iti41-metadata.xml"), "--document")
    size, digest = warnings(rehearse(*metadata, str(path)))
    assert re.fullmatch(r"its size is given as \d+, but it has \d+ bytes", size)
    assert re.fullmatch(r"its hash is given as [0-9a-f]{40}, but it is [0-9a-f]{40}", digest)
    assert warnings(rehearse(*metadata, str(EXAMPLES / "sample-ccd.xml"))) == []
