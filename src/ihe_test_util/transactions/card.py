"""What there is to know about a transaction, on one card; and the rules a profile makes."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, Self, TypeAlias, TypeVar

from ihe_test_util.content import Attachment, Content
from ihe_test_util.domain.world import World
from ihe_test_util.exchange import Finding, Severity
from ihe_test_util.xml.io import Element, parse

_MISSES_PER_RULE: Final = 1000

#: What a Miss got where something required is missing.
NOTHING: Final = "nothing"

Req = TypeVar("Req")
Resp = TypeVar("Resp")


class Mtom(StrEnum):
    """Whether the request travels as an MTOM/XOP package."""

    REQUIRED = "required"
    ALLOWED = "allowed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Payload:
    """The child of a SOAP Body, and what travels beside it.

    ``xml`` is the element in UTF-8, without a declaration, as long as nobody asked for the element; empty elsewhere.
    """

    element: Element
    attachments: tuple[Attachment, ...] = ()
    xml: bytes = field(default=b"", init=False, compare=False, repr=False)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Read the element when it is asked for first; most answers are sent on as text."""
            if name != "element":
                raise AttributeError(name)
            element = parse(self.xml)
            object.__setattr__(self, "element", element)
            object.__setattr__(self, "xml", b"")  # from now on the element counts, which may be changed
            return element

    @classmethod
    def of_xml(cls, xml: bytes, attachments: tuple[Attachment, ...] = ()) -> Self:
        """A payload that is at hand as text, well-formed and of our own making."""
        payload = object.__new__(cls)
        put = object.__setattr__  # the only way to fill the fields of a frozen instance
        put(payload, "attachments", attachments)
        put(payload, "xml", xml)
        return payload


class Attachments(Protocol):
    """How a reader gets at base64 content without knowing whether it was inline or an XOP part."""

    def content_of(self, element: Element) -> Content:
        """The content of an element that holds base64 text or a single xop:Include.

        Raises:
            MimeMalformed: an Include that points nowhere, or outside the package.
            MessageMalformed: text that is not base64.
        """


@dataclass(frozen=True, slots=True)
class Miss:
    """Where a message breaks a rule: XPath or attribute, what stands there, what should."""

    path: str
    got: str = NOTHING
    want: str = ""


@dataclass(frozen=True, slots=True)
class Rule(Generic[Req]):
    """One demand of a profile on a request.

    ``check`` yields a Miss for each place that breaks it. ``essential`` rules reject in lenient mode too:
    without what they demand there is nothing to process. ``error_code`` is the code by which the transaction's own
    error form names a breach, where the standard gives one.
    """

    id: str
    section: str
    severity: Severity
    sentence: str
    check: Callable[[Req], Iterable[Miss]]
    essential: bool = False
    error_code: str = ""

    def findings(self, request: Req) -> list[Finding]:
        """What this rule has to say about a request; nothing when it is kept."""
        return [self.finding(miss) for miss in self.check(request)]

    def finding(self, miss: Miss) -> Finding:
        """A breach of this rule, put on record."""
        return Finding(
            self.id,
            self.section,
            self.severity,
            self.sentence,
            miss.path,
            miss.got,
            miss.want,
            code=self.error_code,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer says in short: accepted or not, the ids it names, and the peer's reasons.

    ``codes`` are the codes of its errors, where it gives any.
    """

    accepted: bool
    status: str
    details: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()  # (label, value) in the order to print them
    codes: tuple[str, ...] = ()


def _nobody(_request: object) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Transaction(Generic[Req, Resp]):
    """One interaction of one IHE transaction: how it is written, read, judged and answered.

    ``request_root`` and ``response_root`` are names in Clark notation (``{namespace}local``), and so are
    ``other_roots``, under which some peers send the same request.
    ``config_field`` is the configuration field that holds its path. ``patient_ids`` are the identifiers, as CX, of the
    patients that a request is about. ``matches`` tells interactions with the same root apart.

    ``is_usual`` is a quick look that tells a request of which no rule has anything to say; others are for the rules.

    ``refuse`` writes a refusal in the transaction's own form, and may ask the domain what else is wrong, so that all
    errors are told at once; ``warn`` adds to an answer what was found and let pass. Without ``refuse``, and with
    ``missing_is_fault`` where something required is missing, a refusal is a SOAP fault.

    ``as_it_stands``: ``parse_request`` reads values as they stand. What a value says changes nothing else in its
    result, unless the value itself is not found there.
    """

    name: str
    code: str
    title: str
    section: str
    actors: tuple[str, str]
    action: str
    response_action: str
    request_root: str
    response_root: str
    path: str
    config_field: str
    mtom: Mtom
    build_request: Callable[[Req], Payload]
    parse_request: Callable[[Element, Attachments], Req]
    build_response: Callable[[Resp], Payload]
    parse_response: Callable[[Element, Attachments], Resp]
    rules: tuple[Rule[Req], ...]
    answer: Callable[[Req, World], Awaitable[Resp]]
    verdict: Callable[[Resp, Req], Verdict]
    log_ids: Callable[[Req], str]
    patient_ids: Callable[[Req], Iterable[str]] = _nobody
    matches: Callable[[Element], bool] | None = None
    is_usual: Callable[[Req], bool] | None = None
    refuse: "Refuse[Req, Resp] | None" = None
    warn: Callable[[Resp, Sequence[Finding]], Resp] | None = None
    missing_is_fault: bool = False
    other_roots: tuple[str, ...] = ()
    as_it_stands: bool = False

    def takes(self, payload: Element) -> bool:
        """Whether a message without an action may be this interaction, by its root element and what is in it."""
        return self.is_root(payload.tag) and (self.matches is None or self.matches(payload))

    def is_root(self, tag: str) -> bool:
        """Whether a request may have this root."""
        return tag == self.request_root or tag in self.other_roots

    def judge(self, request: Req) -> list[Finding]:
        """Every finding of every rule, in the order of the rules; of one rule a thousand at most."""
        if self.is_usual is not None and self.is_usual(request):
            return []
        # Whole messages of empty elements break each rule with each of them, which would take more memory than they do.
        return [rule.finding(miss) for rule in self.rules for miss in islice(rule.check(request), _MISSES_PER_RULE)]

    def rejecting(self, findings: Iterable[Finding], *, strict: bool) -> list[Finding]:
        """The findings for which a request is refused: in strict mode every error, else the essential ones."""
        if strict:
            return [finding for finding in findings if finding.severity is Severity.ERROR]
        essential = {rule.id for rule in self.rules if rule.essential}
        return [finding for finding in findings if finding.rule in essential]


#: The request, the findings for which it is refused, and the domain: the answer that says so.
Refuse: TypeAlias = Callable[[Req, Sequence[Finding], World], Awaitable[Resp]]
AnyTransaction: TypeAlias = Transaction[Any, Any]
