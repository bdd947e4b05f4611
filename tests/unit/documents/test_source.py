"""Templates as bytes: found, decoded, and refused with a reason."""

from pathlib import Path

import pytest

from ihe_test_util.documents.source import MAX_TEMPLATE_BYTES, SHIPPED, read_source, shipped_text, source_of
from ihe_test_util.documents.template import Template
from ihe_test_util.errors import BadInput
from ihe_test_util.exchange import Severity

TEXT = '<?xml version="1.0" encoding="{}"?>\n<a>Müller {{{{ first_name }}}}</a>'


@pytest.mark.parametrize(
    ("declared", "codec", "bom"),
    [
        ("UTF-8", "utf-8", b""),
        ("utf-8", "utf-8", b"\xef\xbb\xbf"),
        ("ISO-8859-1", "latin-1", b""),
        ("windows-1252", "cp1252", b""),
        ("UTF-16", "utf-16-le", b"\xff\xfe"),
        ("UTF-16", "utf-16-be", b"\xfe\xff"),
        ("UTF-16LE", "utf-16-le", b""),
        ("UTF-16BE", "utf-16-be", b""),
        ("UTF-32", "utf-32-le", b"\xff\xfe\0\0"),
    ],
)
def test_every_encoding_of_xml_is_read(declared: str, codec: str, bom: bytes) -> None:
    """By byte order mark or declaration; the template goes on as UTF-8, and says so."""
    source = source_of(bom + TEXT.format(declared).encode(codec), "mine.xml")
    assert source.text == TEXT.format("UTF-8")
    assert [problem.severity for problem in source.problems] == ([] if codec == "utf-8" else [Severity.INFO])


def test_without_declaration_a_template_is_utf8() -> None:
    """As XML has it."""
    assert source_of("<a>é</a>".encode(), "mine.xml").text == "<a>é</a>"


def test_a_declaration_that_contradicts_the_mark_is_a_warning() -> None:
    """The mark is believed, and the template's owner is told."""
    source = source_of(b"\xef\xbb\xbf" + TEXT.format("ISO-8859-1").encode(), "mine.xml")
    assert "Müller" in source.text
    assert [(problem.rule, problem.severity) for problem in source.problems] == [
        ("encoding-contradiction", Severity.WARNING)
    ]


@pytest.mark.parametrize(
    ("data", "says", "where"),
    [
        (b"<a>\nM\xfcller</a>", "not UTF-8", "mine.xml, line 2"),
        (TEXT.format("x-nobody").encode(), "nobody knows", "mine.xml, line 1"),
        (TEXT.format("hex").encode(), "nobody knows", "mine.xml, line 1"),
        (b"", "empty", "mine.xml"),
        (b"\xef\xbb\xbf \n", "empty", "mine.xml"),
        (b"x" * (MAX_TEMPLATE_BYTES + 1), "too large", "mine.xml"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, says: str, where: str) -> None:
    """With the line, and what was found there."""
    with pytest.raises(BadInput) as refused:
        source_of(data, "mine.xml")
    assert says in refused.value.message
    assert refused.value.where == where


def test_a_file_that_is_not_there_is_named_with_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The absolute path, and the templates that come along."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput) as refused:
        read_source("ccd-minmal")
    assert refused.value.where == str(tmp_path / "ccd-minmal")
    assert refused.value.hint == "did you mean ccd-minimal?"
    with pytest.raises(BadInput, match="a directory"):
        read_source(str(tmp_path))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_templates_are_known_by_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name does it, and a copy in a file is the same template."""
    monkeypatch.chdir(tmp_path)
    Path("copy.xml").write_bytes(shipped_text(name).encode())
    assert Template.load("copy.xml").digest == Template.load(Path("copy.xml")).digest == Template.load(name).digest
