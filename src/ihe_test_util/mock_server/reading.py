"""From the XML of a request to its message: by its elements, or by its shape where that is known."""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ihe_test_util.errors import IheTestUtilError, SoapMalformed
from ihe_test_util.exchange import Finding
from ihe_test_util.mock_server.diagnosis import placed
from ihe_test_util.mock_server.dispatch import action_findings
from ihe_test_util.mock_server.receive import Received
from ihe_test_util.mock_server.routing import Route, Routes
from ihe_test_util.soap.addressing import Addressing
from ihe_test_util.soap.envelope import Envelope, read_envelope
from ihe_test_util.soap.mtom import InlineAttachments, XopAttachments
from ihe_test_util.soap.version import SoapVersion
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.table import BY_ACTION
from ihe_test_util.xml.io import Element
from ihe_test_util.xml.shape import Shape, bare, cut, learn

_SMALL_BYTES: Final = 16 * 1024
#: So many lengths are known, and so many shapes of each; of samples so much, which takes thirty times the memory.
_LENGTHS, _ALIKE = 64, 8
_KNOWN_BYTES: Final = 1024 * 1024
_SIGHTINGS: Final = 4096
#: A shape is learned when it comes again, and no more than so often where a value that nobody reads keeps changing.
_FIRST, _LAST = 2, 5


@dataclass(frozen=True, slots=True)
class Reading:
    """A message, and what its envelope says; ``message`` is its card's own request."""

    version: SoapVersion
    addressing: Addressing
    message: Any


#: What the messages of a shape are, and how many bytes its sample has.
_Known: TypeAlias = tuple[AnyTransaction, SoapVersion | None, Shape[Reading], int]


class Reader:
    """Knows the shapes of the requests that came before; for one event loop."""

    def __init__(self) -> None:
        self._shapes: dict[int, list[_Known]] = {}  # by the number of their pieces
        self._sightings: dict[int, int] = {}

    def recognized(
        self, received: Received, http_action: str, path: str, routes: Routes
    ) -> tuple[Route, Reading] | None:
        """A message of a known shape at the right place, with which nothing is wrong; None for every other one."""
        if received.package is not None or len(received.xml) > _SMALL_BYTES:
            return None
        pieces = cut(received.xml)
        known = self._shapes.get(len(pieces), ())
        for at, (card, announced, shape, _) in enumerate(known):
            reading = shape.read(pieces) if announced is received.announced else None
            if reading is None:
                continue
            if at:
                self._shapes[len(pieces)].insert(0, self._shapes[len(pieces)].pop(at))
            action = reading.addressing.action
            route = routes.of(card)
            usual = (
                route is not None
                and route.path == path
                and BY_ACTION.get(action or http_action) is card
                and (action == http_action or not action or not http_action)
                and not reading.addressing.expects_answer_elsewhere
                and not card.judge(reading.message)
            )
            return (route, reading) if usual and route is not None else None
        return None

    def remember(self, received: Received, card: AnyTransaction) -> None:
        """Learn the shape of a message with which nothing is wrong, when it comes again."""
        if not card.as_it_stands or received.package is not None or len(received.xml) > _SMALL_BYTES:
            return
        pieces = cut(received.xml)
        key = hash((card.name, received.announced, bare(pieces)))
        if len(self._sightings) >= _SIGHTINGS:
            self._sightings.clear()
        seen = self._sightings[key] = self._sightings.get(key, 0) + 1
        if not _FIRST <= seen <= _LAST:
            return

        def read(root: Element) -> Reading:
            envelope = read_envelope(root, announced=received.announced)
            return Reading(envelope.version, envelope.addressing, _message_of(card, envelope))

        try:
            shape = learn(received.xml, read)
        except IheTestUtilError:
            return  # with another value somewhere it is another message
        if shape is not None:
            known = self._shapes.pop(len(pieces), [])[: _ALIKE - 1]
            self._shapes[len(pieces)] = [(card, received.announced, shape, len(received.xml)), *known]
            while len(self._shapes) > _LENGTHS or self._known_bytes() > _KNOWN_BYTES:
                del self._shapes[next(iter(self._shapes))]

    def _known_bytes(self) -> int:
        return sum(size for known in self._shapes.values() for *_, size in known)


def read_message(
    card: AnyTransaction, envelope: Envelope, attachments: XopAttachments | InlineAttachments, http_action: str
) -> tuple[Any, list[Finding]]:
    """The request, and everything that is wrong with it.

    Raises:
        IheTestUtilError: it cannot be read.
    """
    payload = envelope.payload
    assert payload is not None  # noqa: S101 - select() has refused an empty Body
    message = card.parse_request(payload, attachments)
    found = action_findings(envelope, http_action)
    if isinstance(attachments, XopAttachments):
        found += attachments.findings()
    found += card.judge(message)
    return message, placed(found, payload) if found else found


def _message_of(card: AnyTransaction, envelope: Envelope) -> object:
    if envelope.payload is None:
        raise SoapMalformed("the SOAP Body is empty")
    return card.parse_request(envelope.payload, InlineAttachments())
