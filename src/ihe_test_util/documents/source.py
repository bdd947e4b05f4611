"""Templates as files: found by name or path, decoded as XML says, and written on as UTF-8."""

import codecs
import difflib
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from ihe_test_util.documents.problems import TemplateProblem
from ihe_test_util.errors import BadInput
from ihe_test_util.exchange import Severity

#: Templates that come with this package, under the names by which commands know them.
SHIPPED: Final = ("ccd-minimal", "ccd-full")
MAX_TEMPLATE_BYTES: Final = 16 * 1024 * 1024

# A BOM of UTF-32 begins with one of UTF-16.
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED: Final = re.compile(r"""(\s*<\?xml\b[^>]*?\bencoding\s*=\s*)(["'])([^"'>]*)(["'])""")
_DECLARATION_BYTES: Final = 1024
_UTF8_NAMES: Final = frozenset({"utf-8", "ascii"})


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """The text of a template, without byte order mark; its XML declaration says UTF-8, as every document will be.

    ``name`` is how messages call it: the shipped name, or the path as it was given.
    """

    name: str
    text: str
    problems: tuple[TemplateProblem, ...] = ()


def read_source(template: str | Path) -> TemplateSource:
    """The text of a shipped template, or of a file.

    Raises:
        BadInput: there is no such template, or its bytes are not the text that they claim to be.
    """
    name = str(template)
    if isinstance(template, str) and template in SHIPPED:
        return TemplateSource(name, shipped_text(name))
    return source_of(_bytes_of(Path(template), name), name)


def shipped_text(name: str) -> str:
    """The text of a shipped template, one of ``SHIPPED``."""
    return (resources.files("ihe_test_util.documents") / "templates" / f"{name}.xml").read_text("utf-8")


def source_of(data: bytes, name: str) -> TemplateSource:
    """The text that bytes stand for, by their byte order mark or XML declaration, else UTF-8 (XML 1.0, appendix F).

    Raises:
        BadInput: nothing but white space, too much, or not in that encoding.
    """
    if len(data) > MAX_TEMPLATE_BYTES:
        raise BadInput("the template is too large", where=name, expected=f"at most {MAX_TEMPLATE_BYTES:,} bytes")
    bom, by_bom = next(((bom, encoding) for bom, encoding in _BOMS if data.startswith(bom)), (b"", ""))
    declared = _declared_in(data[len(bom) :], by_bom)
    encoding = by_bom or declared or "utf-8"
    text = _decoded(data[len(bom) :], encoding, name)
    if not text.strip():
        raise BadInput("the template is empty", where=name, hint="ihe-test-util template show ccd-minimal is one")
    return TemplateSource(name, _DECLARED.sub(r"\1\2UTF-8\4", text, count=1), _doubts(by_bom, declared))


def _bytes_of(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise BadInput("a template is a file, this is a directory", where=name)
        with path.open("rb") as stream:
            return stream.read(MAX_TEMPLATE_BYTES + 1)
    except FileNotFoundError:
        near = difflib.get_close_matches(path.name.removesuffix(".xml"), SHIPPED, n=1)
        raise BadInput(
            "there is no such template",
            where=str(path.absolute()) if path.parts else name,
            expected=f"a file, or the name of a template that comes along: {', '.join(SHIPPED)}",
            hint=f"did you mean {near[0]}?" if near else "",
        ) from None
    except OSError as error:
        raise BadInput("the template cannot be read", where=name, got=error.strerror or str(error)) from None


def _declared_in(data: bytes, by_bom: str) -> str:
    beginning = data[:_DECLARATION_BYTES]
    if by_bom:
        readable = beginning.decode(by_bom, "ignore")
    elif beginning.startswith(b"<\x00"):
        return "utf-16-le"
    elif beginning.startswith(b"\x00<"):
        return "utf-16-be"
    else:
        readable = beginning.decode("latin-1")
    found = _DECLARED.match(readable)
    return found[3] if found else ""


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"the template is not {encoding.upper()}",
            where=f"{name}, line {line}",
            got=f"byte 0x{data[error.start]:02X}, the {error.start + 1:,}th of the file",
            hint='save it as UTF-8, or declare what it is: <?xml version="1.0" encoding="windows-1252"?>',
        ) from None
    except (LookupError, ValueError):
        raise BadInput(
            "the XML declaration names an encoding that nobody knows",
            where=f"{name}, line 1",
            got=encoding,
            expected="UTF-8, UTF-16, ISO-8859-1, windows-1252 …",
        ) from None


def _doubts(by_bom: str, declared: str) -> tuple[TemplateProblem, ...]:
    def canonical(encoding: str) -> str:
        try:
            return codecs.lookup(encoding).name
        except LookupError:
            return encoding

    if by_bom and declared and not canonical(by_bom).startswith(canonical(declared)):
        sentence = f"the byte order mark says {by_bom.upper()}, the XML declaration {declared}; the mark was believed"
        return (
            TemplateProblem("encoding-contradiction", sentence, 1, severity=Severity.WARNING, hint="declare UTF-8"),
        )
    used = canonical(by_bom or declared or "utf-8")
    if used not in _UTF8_NAMES:
        sentence = f"it is written in {(declared or by_bom).upper()}; documents made from it are UTF-8"
        return (TemplateProblem("encoding", sentence, 1, severity=Severity.INFO),)
    return ()
