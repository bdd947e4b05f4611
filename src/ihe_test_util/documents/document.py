"""A clinical document that was made, with what its metadata need to know of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.domain.xds import datatypes
from ihe_test_util.domain.xds.metadata import Code
from ihe_test_util.errors import BadInput, XmlMalformed
from ihe_test_util.xml import ns
from ihe_test_util.xml.hl7v3 import is_uuid
from ihe_test_util.xml.io import Element, parse

MIME_TYPE: Final = "text/xml"  # of a CDA document: ITI TF-3: 5.8
CLINICAL_DOCUMENT: Final = f"{{{ns.HL7}}}ClinicalDocument"

_FORMATS: Final = "1.3.6.1.4.1.19376.1.2.3"
#: The US Realm Header of C-CDA: the extension of its templateId tells the releases apart.
_US_REALM_HEADER: Final = "2.16.840.1.113883.10.20.22.1.1"
_CCDA_RELEASES: Final = {"": "1.1", "2014-06-09": "2.0", "2015-08-01": "2.1"}
_LONGEST_ID: Final = 128


@dataclass(frozen=True, slots=True)
class Document:
    """A CDA document and the attributes of its XDS document entry that stand in it (IHE PCC TF-2: 4.1.1).

    ``unique_id`` is the document's own ``id`` where a registry can take it (an OID, or OID^extension), otherwise an OID
    made for it. ``creation_time`` is aware. ``format_code`` is None for what is no C-CDA. ``type_code``,
    ``confidentiality_code`` and ``language`` are those of the header, empty where it has none. ``replaced`` are the
    columns of the patient in which characters that XML cannot carry were replaced by U+FFFD.
    """

    content: Content
    unique_id: str
    creation_time: datetime
    title: str = ""
    language: str = ""
    type_code: Code | None = None
    format_code: Code | None = None
    confidentiality_code: Code | None = None
    mime_type: str = MIME_TYPE
    replaced: tuple[str, ...] = ()


def document_from(
    data: bytes, *, creation_time: datetime, fallback_id: str, what: str, replaced: tuple[str, ...] = ()
) -> Document:
    """The document that bytes are; ``what`` names them in errors.

    Raises:
        BadInput: they are no well-formed CDA document.
    """
    root = clinical_document(data, what)
    return Document(
        content=Content.of(data),
        unique_id=unique_id_of(root) or fallback_id,
        creation_time=creation_time,
        title=" ".join((root.findtext(_tag("title")) or "").split()),
        language=_attribute(root, "languageCode", "code"),
        type_code=_code(root, "code"),
        format_code=_format_of(root),
        confidentiality_code=_code(root, "confidentialityCode"),
        replaced=replaced,
    )


def clinical_document(data: bytes, what: str) -> Element:
    """The root of a CDA document.

    Raises:
        BadInput: not well-formed, or with another root.
    """
    try:
        root = parse(data, what=what)
    except XmlMalformed as error:
        raise BadInput(error.message, where=error.where, got=error.got, hint=error.hint) from None
    if root.tag != CLINICAL_DOCUMENT:
        raise BadInput(
            f"the {what} is no CDA document",
            got=f"root element {root.tag}",
            expected=f"root element {CLINICAL_DOCUMENT}",
        )
    return root


def unique_id_of(root: Element) -> str:
    """The XDS uniqueId that a document's ``id`` stands for; empty where a registry would refuse it."""
    identifier = root.find(_tag("id"))
    if identifier is None or identifier.get("nullFlavor"):
        return ""
    base, extension = identifier.get("root", ""), identifier.get("extension", "")
    if is_uuid(base) and not extension:
        return f"2.25.{int(base.replace('-', ''), 16)}"
    found = f"{base}^{extension}" if extension else base
    valid = datatypes.is_oid_with_extension(found) and datatypes.is_document_unique_id(found)
    return found if valid and len(found) <= _LONGEST_ID else ""


def _format_of(root: Element) -> Code | None:
    extensions = {
        one.get("extension", "") for one in root.iterchildren(_tag("templateId")) if one.get("root") == _US_REALM_HEADER
    }
    releases = sorted(_CCDA_RELEASES[extension] for extension in extensions if extension in _CCDA_RELEASES)
    if not releases or releases[-1] == "2.0":
        return None  # HL7 published no format code for R2.0
    structured = root.find(f"{_tag('component')}/{_tag('structuredBody')}") is not None
    body = "structuredBody" if structured else "nonXMLBody"
    return Code(f"urn:hl7-org:sdwg:ccda-{body}:{releases[-1]}", _FORMATS, f"C-CDA R{releases[-1]} {_BODIES[body]}")


_BODIES: Final = {"structuredBody": "structured body", "nonXMLBody": "unstructured body"}


def _code(root: Element, name: str) -> Code | None:
    code = _attribute(root, name, "code")
    system = _attribute(root, name, "codeSystem")
    return Code(code, system, _attribute(root, name, "displayName")) if code and system else None


def _attribute(root: Element, name: str, attribute: str) -> str:
    element = root.find(_tag(name))
    return "" if element is None else element.get(attribute, "")


def _tag(name: str) -> str:
    return f"{{{ns.HL7}}}{name}"
