"""What a package does otherwise than XOP and MIME say, though it can be read."""

from collections.abc import Iterable, Iterator
from typing import Final

from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.soap.mime import XOP_XML
from ihe_test_util.soap.package import Package, Part
from ihe_test_util.soap.transfer import IDENTITY

_SHOWN_CHARACTERS: Final = 200


def package_findings(package: Package, unreferenced: Iterable[Part]) -> tuple[Finding, ...]:
    """Every such finding; ``unreferenced`` are the parts that no xop:Include pointed to."""
    found = [*_labels(package), *(_unreferenced(part) for part in unreferenced)]
    for part in (package.root, *package.parts):
        found += _length(part)
    return tuple(found)


def _labels(package: Package) -> Iterator[Finding]:
    stated = package.content_type.param("type")
    if (stated or "").strip().lower() != XOP_XML:
        yield Finding(
            "MIME-01",
            "XOP 1.0, 4.1",
            Severity.WARNING,
            "the type parameter of an MTOM package is application/xop+xml (this one was read as SOAP with attachments)",
            "Content-Type",
            "no type parameter" if stated is None else repr(stated[:_SHOWN_CHARACTERS]),
            XOP_XML,
        )
    label = package.root.content_type
    if label.partition(";")[0].strip().lower() != XOP_XML:
        yield Finding(
            "MIME-03",
            "XOP 1.0, 4.1",
            Severity.WARNING,
            "the content type of the root part of an MTOM package is application/xop+xml",
            f"part {package.root.number}",
            repr(label[:_SHOWN_CHARACTERS]) if label else "no Content-Type",
            XOP_XML,
        )


def _unreferenced(part: Part) -> Finding:
    label = f"Content-ID <{part.content_id}>" if part.content_id else "no Content-ID"
    return Finding(
        "MIME-02",
        "XOP 1.0, 3.1",
        Severity.WARNING,
        "every part of the package beside the root is one that an xop:Include points to",
        f"part {part.number}",
        f"{label[:_SHOWN_CHARACTERS]}, {part.content.size:,} bytes, which nothing points to",
        "an xop:Include with this cid, or no such part",
    )


def _length(part: Part) -> Iterator[Finding]:
    named = {name.lower(): value for name, value in part.headers}
    stated = named.get("content-length")
    encoding = named.get("content-transfer-encoding", "").strip().lower()
    if stated is None or encoding not in IDENTITY or stated.strip() == str(part.content.size):
        return
    yield Finding(
        "MIME-04",
        "RFC 2046, 5.1",
        Severity.WARNING,
        "a Content-Length of a part, if there is one, is its size (the boundary counts, this header is ignored)",
        f"part {part.number}",
        stated[:_SHOWN_CHARACTERS],
        f"{part.content.size}",
    )
