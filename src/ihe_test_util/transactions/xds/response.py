"""The answer of a registry or repository (ebRS 3.0: RegistryResponse; ITI TF-3: 4.2.4): model, writing, reading."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lxml import etree

from ihe_test_util.errors import MessageMalformed
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.transactions.card import Attachments, Payload, Verdict
from ihe_test_util.xml import markup, ns
from ihe_test_util.xml.ebrim import Slot, read_slots, urns, write_slots
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.markup import utf8

REGISTRY_RESPONSE: Final = f"{{{ns.RS}}}RegistryResponse"
RESPONSE_SLOT_LIST: Final = f"{{{ns.RS}}}ResponseSlotList"
ERROR_LIST: Final = f"{{{ns.RS}}}RegistryErrorList"
_ERROR: Final = f"{{{ns.RS}}}RegistryError"
_PREFIXES: Final = {"rs": ns.RS}
_PREFIXES_WITH_SLOTS: Final = {"rs": ns.RS, "rim": ns.RIM}
_UNKNOWN_ERROR: Final = "XDSRepositoryError"


@dataclass(frozen=True, slots=True)
class RegistryError:
    """One error or warning of a registry or repository (ITI TF-3: 4.2.4.1); ``text`` is the element's own."""

    code: str
    context: str = ""
    severity: str = urns.SEVERITY_ERROR
    location: str = ""
    text: str = ""

    def __str__(self) -> str:
        origin = ", ".join(part for part in (self.severity.rpartition(":")[2], self.location) if part)
        return f"{self.code}: {self.context or self.text}" + (f" ({origin})" if origin else "")


@dataclass(frozen=True, slots=True)
class RegistryResponse:
    """How a request to a registry or repository ended; ``status`` is a URN of ITI TF-3: 4.2.4."""

    status: str
    request_id: str = ""
    slots: tuple[Slot, ...] = ()
    errors: tuple[RegistryError, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether all was done; warnings do not matter."""
        return self.status == urns.SUCCESS

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a response slot."""
        return next((slot.values for slot in self.slots if slot.name == name), ())


def build_response(response: RegistryResponse) -> Payload:
    """An rs:RegistryResponse, valid against its schema: slots before errors.

    Raises:
        ValueError: a text that XML cannot carry.
    """
    if not (response.slots or response.errors):
        head = {"xmlns:rs": ns.RS, "status": response.status, "requestId": response.request_id}
        return Payload.of_xml(utf8(markup.element("rs:RegistryResponse", **head)))
    element = etree.Element(
        REGISTRY_RESPONSE, nsmap=_PREFIXES_WITH_SLOTS if response.slots else _PREFIXES, status=response.status
    )
    if response.request_id:
        element.set("requestId", response.request_id)
    if response.slots:
        write_slots(etree.SubElement(element, RESPONSE_SLOT_LIST), response.slots)
    write_errors(element, response.errors)
    return Payload(element)


def parse_response(element: Element, attachments: Attachments) -> RegistryResponse:  # noqa: ARG001 - the card's form
    """Read an rs:RegistryResponse; what is missing is empty.

    Raises:
        MessageMalformed: another root element.
    """
    if element.tag != REGISTRY_RESPONSE:
        raise MessageMalformed(
            "the answer is not that of a registry or repository",
            where="the child of the SOAP Body",
            got=str(element.tag),
            expected=REGISTRY_RESPONSE,
            hint="is this the endpoint of a document repository?",
        )
    slots: list[Slot] = []
    errors: list[RegistryError] = []
    for child in element:
        if child.tag == RESPONSE_SLOT_LIST:
            slots += read_slots(child)
        elif child.tag == ERROR_LIST:
            errors += read_errors(child)
    return RegistryResponse(element.get("status", ""), element.get("requestId", ""), tuple(slots), tuple(errors))


def write_errors(parent: Element, errors: Sequence[RegistryError]) -> None:
    """Append an rs:RegistryErrorList, where there are errors."""
    if not errors:
        return
    error_list = etree.SubElement(parent, ERROR_LIST, highestSeverity=_highest(errors))
    for error in errors:
        item = etree.SubElement(error_list, _ERROR, errorCode=error.code, codeContext=error.context)
        item.set("severity", error.severity)
        if error.location:
            item.set("location", error.location)
        item.text = error.text or None


def read_errors(error_list: Element) -> list[RegistryError]:
    """The errors of an rs:RegistryErrorList."""
    return [_read_error(item) for item in error_list if item.tag == _ERROR]


def error_of(finding: Finding, *, location: str = "") -> RegistryError:
    """A finding in the words of a RegistryError; its context names the object and the attribute."""
    severity = urns.SEVERITY_ERROR if finding.severity is Severity.ERROR else urns.SEVERITY_WARNING
    context = f"{finding.path}: {finding.sentence}; found {finding.got}"
    if finding.want:
        context += f", expected {finding.want}"
    return RegistryError(finding.code or _UNKNOWN_ERROR, f"{context} [{finding.rule}]", severity, location)


def verdict_of(response: RegistryResponse, identifiers: Sequence[tuple[str, str]]) -> Verdict:
    """Success is accepted, Failure and PartialSuccess are not; each error is a detail."""
    return Verdict(
        accepted=response.succeeded,
        status=response.status.rpartition(":")[2],
        details=tuple(str(error) for error in response.errors),
        identifiers=tuple(identifiers),
        codes=tuple(error.code for error in response.errors if error.severity != urns.SEVERITY_WARNING),
    )


def with_slot(response: RegistryResponse, name: str, values: tuple[str, ...]) -> RegistryResponse:
    """The response with other values in one of its slots."""
    slots = tuple(slot._replace(values=values) if slot.name == name else slot for slot in response.slots)
    return replace(response, slots=slots)


def _read_error(element: Element) -> RegistryError:
    get = element.get
    return RegistryError(
        get("errorCode", ""),
        get("codeContext", ""),
        get("severity", urns.SEVERITY_ERROR),
        get("location", ""),
        (element.text or "").strip(),
    )


def _highest(errors: Iterable[RegistryError]) -> str:
    return urns.SEVERITY_ERROR if any(e.severity != urns.SEVERITY_WARNING for e in errors) else urns.SEVERITY_WARNING
