"""The SOAP envelope, both versions: what is in it, and how it is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ihe_test_util.errors import NotUnderstood, SoapMalformed, VersionMismatch
from ihe_test_util.exchange import Finding
from ihe_test_util.soap.addressing import NAMESPACES, NONE, Addressing, read_addressing, write_addressing
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, serialize

#: Header namespaces that this package reads or may pass over knowingly: a security header is journalled.
UNDERSTOOD: Final = NAMESPACES | {ns.WSSE, ns.XDR}
_TRUE: Final = frozenset({"1", "true"})
_FRAMES: Final = {
    (version, space): (
        (
            f"<?xml version='1.0' encoding='UTF-8'?>\n<soap:Envelope xmlns:soap=\"{version.namespace}\""
            + (f' xmlns:wsa="{space}">' if space else ">")
        ).encode(),
        b"</soap:Body></soap:Envelope>",
    )
    for version in SoapVersion
    for space in ("", *NAMESPACES)
}
_ROLES_OF_OURS: Final = {
    SoapVersion.V11: frozenset({"", SoapVersion.V11.next_role}),
    SoapVersion.V12: frozenset({"", SoapVersion.V12.next_role, f"{ns.SOAP12}/role/ultimateReceiver"}),
}
_NAMES: Final = {
    version: tuple(f"{{{version.namespace}}}{name}" for name in ("Header", "Body", "mustUnderstand"))
    for version in SoapVersion
}
_ENVELOPES: Final = {f"{{{version.namespace}}}Envelope": version for version in SoapVersion}
_ROLE: Final = {SoapVersion.V11: f"{{{ns.SOAP11}}}actor", SoapVersion.V12: f"{{{ns.SOAP12}}}role"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a SOAP message says: its version, header blocks, addressing, and the one child of its Body.

    ``payload`` is None for an empty Body. ``findings`` are what is wrong without making it unreadable.
    """

    version: SoapVersion
    header_blocks: tuple[Element, ...]
    addressing: Addressing
    payload: Element | None
    findings: tuple[Finding, ...] = ()


def read_envelope(root: Element, *, announced: SoapVersion | None = None) -> Envelope:
    """Read an envelope; ``announced`` is the version that the content type names.

    Raises:
        VersionMismatch: an envelope of neither version, or not of the one announced.
        SoapMalformed: no envelope, no Body, two of them, or a Body with more than one child.
        NotUnderstood: a header block for us, marked mustUnderstand, that we do not know.
    """
    version = _version(root, announced)
    header, body = _sections(root, version)
    blocks = tuple(header) if header is not None else ()
    _check_must_understand(blocks, version)
    addressing, findings = read_addressing(blocks) if blocks else (NONE, [])
    if len(body) > 1:
        raise SoapMalformed(
            "the SOAP Body has more than one child",
            where=f"/Envelope/Body (line {body.sourceline})",
            got=", ".join(etree.QName(child).localname for child in body),
            expected="the message as its only child",
        )
    return Envelope(version, blocks, addressing, body[0] if len(body) else None, tuple(findings))


def addressing_of(root: Element) -> Addressing:
    """The addressing properties of a message that cannot be read otherwise, for the fault that says so."""
    blocks = [block for header in root if etree.QName(header).localname == "Header" for block in header]
    return read_addressing(blocks)[0] if blocks else NONE


def write_envelope(
    payload: Element | bytes | None,
    *,
    version: SoapVersion,
    addressing: Addressing = NONE,
    header_blocks: Iterable[Element] = (),
) -> bytes:
    """The bytes (UTF-8) of an envelope around a payload, which may be bytes itself.

    The payload is serialised by itself and put between the tags: moving it into a tree of another document costs
    several times as much.
    """
    begin, end = _FRAMES[version, addressing.namespace if addressing.present else ""]
    headers = write_addressing(addressing) if addressing.present else ""
    blocks = b"".join([serialize(block, declaration=False) for block in header_blocks])
    head = b"<soap:Header>%b%b</soap:Header>" % (headers.encode(), blocks) if headers or blocks else b""
    if isinstance(payload, bytes):
        body = payload
    else:
        body = serialize(payload, declaration=False) if payload is not None else b""
    return b"%b%b<soap:Body>%b%b" % (begin, head, body, end)


def _version(root: Element, announced: SoapVersion | None) -> SoapVersion:
    known = _ENVELOPES.get(root.tag)
    if known is not None and announced in {None, known}:
        return known
    name = etree.QName(root)
    version = SoapVersion.of_namespace(name.namespace or "")
    if name.localname != "Envelope":
        raise SoapMalformed(
            "the message is not a SOAP envelope",
            where="/",
            got=f"root element <{name.localname}> in namespace {name.namespace!r}",
            expected=f"<Envelope> in namespace {ns.SOAP12!r}",
            hint="wrap the message in a SOAP envelope",
        )
    if version is None:
        raise VersionMismatch(
            "the envelope's namespace is that of no SOAP version",
            where="/Envelope",
            got=repr(name.namespace),
            expected=f"{ns.SOAP12!r} (SOAP 1.2) or {ns.SOAP11!r} (SOAP 1.1)",
        )
    if announced is not None and announced is not version:
        raise VersionMismatch(
            f"the content type announces SOAP {announced.value}, the envelope is SOAP {version.value}",
            where="Content-Type",
            got=announced.media_type,
            expected=f"{version.media_type} for an envelope in {version.namespace!r}",
        )
    return version


def _sections(root: Element, version: SoapVersion) -> tuple[Element | None, Element]:
    header_name, body_name, _ = _NAMES[version]
    header = body = None
    for child in root:
        if child.tag == header_name and header is None and body is None:
            header = child
        elif child.tag == body_name and body is None:
            body = child
        else:
            raise SoapMalformed(
                "the SOAP Envelope holds more than an optional Header and then one Body",
                where=f"/Envelope/{etree.QName(child).localname} (line {child.sourceline})",
                got=", ".join(etree.QName(each).localname for each in root),
                expected="Header (optional), Body",
            )
    if body is None:
        raise SoapMalformed(
            "the SOAP Envelope has no Body",
            where=f"/Envelope (line {root.sourceline})",
            got=", ".join(etree.QName(each).localname for each in root) or "no child",
            expected=f"a Body in namespace {version.namespace!r}",
        )
    return header, body


def _check_must_understand(blocks: tuple[Element, ...], version: SoapVersion) -> None:
    must_understand = _NAMES[version][2]
    mandatory = [block for block in blocks if block.get(must_understand) in _TRUE]
    unknown = tuple(
        (etree.QName(block).namespace or "", etree.QName(block).localname)
        for block in mandatory
        if block.get(_ROLE[version], "") in _ROLES_OF_OURS[version] and etree.QName(block).namespace not in UNDERSTOOD
    )
    if unknown:
        listed = ", ".join(f"{{{space}}}{name}" for space, name in unknown)
        raise NotUnderstood(
            f"mandatory header blocks are not understood: {listed}",
            blocks=unknown,
            hint="send them without mustUnderstand, or leave them out",
        )
