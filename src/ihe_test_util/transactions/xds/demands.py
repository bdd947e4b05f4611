"""The forms in which metadata attributes travel, and what may be demanded of each (ITI TF-3: 4.2.3.1).

A demand gives two answers: ``kept``, quick, for the many attributes that are as they should be; ``misses``, which
words what is wrong, for the few that are not.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ihe_test_util.domain.xds import datatypes as types
from ihe_test_util.domain.xds.metadata import DocumentEntry, View, slots_by_name
from ihe_test_util.transactions.card import NOTHING, Miss
from ihe_test_util.transactions.xds.base import NONE, shown
from ihe_test_util.xml.ebrim import Classification, urns

Valid = Callable[[str], bool]

DTM: Final = "a DTM: YYYY[MM[DD[hh[mm[ss]]]]] in UTC"
CX: Final = "an id with its assigning authority: id^^^&OID&ISO"
OID: Final = "an OID of at most 64 characters"
_CODE: Final = "one Classification with a code and its codingScheme"
_CODES: Final = "at least one Classification with a code and its codingScheme"
_HOME: Final = "urn:oid: and an OID"
_MAX_TITLE_BYTES: Final = 128


@dataclass(frozen=True, slots=True)
class Demand:
    """What is demanded of one attribute: ``kept`` is the quick answer for most, ``misses`` the full one."""

    kept: Callable[[View], bool]
    misses: Callable[[View], Iterable[Miss]]


def slot(name: str, valid: Valid, want: str, *, required: bool = False, many: bool = False) -> Demand:
    """An attribute in a slot: once if required, with one value unless ``many``, each of them valid."""

    def kept(view: View) -> bool:
        values = view.slots.get(name)
        if values is None:
            return not required
        return len(values) == 1 and valid(values[0])

    def misses(view: View) -> Iterable[Miss]:
        values = view.slots.get(name, ())
        path = f"{view.label}/{name}"
        if not values and required:
            yield Miss(path, want=want)
        if len(values) > 1 and not many:
            yield Miss(path, f"{len(values)} values", "one value")
        for value in values:
            if not valid(value):
                yield Miss(path, shown(value), want)

    return Demand(kept, misses)


def code(name: str, scheme: str, *, required: bool = True, many: bool = False) -> Demand:
    """An attribute in a classification; what stands in it is judged by the rule on all classifications."""

    def kept(view: View) -> bool:
        count = len(view.classifications.get(scheme, NONE))
        return count == 1 or (not required if count == 0 else many)

    def misses(view: View) -> Iterable[Miss]:
        count = len(view.classifications.get(scheme, NONE))
        got = f"{count} classifications" if count else NOTHING
        yield Miss(f"{view.label}/{name}", got, f"{_CODES if many else _CODE}, under {scheme}")

    return Demand(kept, misses)


def identifier(name: str, scheme: str, valid: Valid, want: str) -> Demand:
    """An attribute in an external identifier: exactly one, with a valid value."""

    def kept(view: View) -> bool:
        found = view.identifiers.get(scheme, ())
        return len(found) == 1 and valid(found[0].value)

    def misses(view: View) -> Iterable[Miss]:
        found = view.identifiers.get(scheme, ())
        path = f"{view.label}/{name}"
        if not found:
            yield Miss(path, want=f"{want}; an ExternalIdentifier under {scheme}")
        if len(found) > 1:
            yield Miss(path, f"{len(found)} external identifiers under {scheme}", "one")
        for value in [one.value for one in found]:
            if not valid(value):
                yield Miss(path, shown(value), want)

    return Demand(kept, misses)


def no_other_identifiers(*schemes: str) -> Demand:
    """The external identifiers of an object are those that have a rule of their own."""
    known = frozenset(schemes)

    def misses(view: View) -> Iterable[Miss]:
        for scheme, found in view.identifiers.items():
            if scheme not in known:
                for one in found:
                    path = f"{view.source.id}/{one.id or 'ExternalIdentifier'}/identificationScheme"
                    yield Miss(path, shown(scheme) if scheme else NOTHING, f"one of {', '.join(schemes)}")

    return Demand(lambda view: known.issuperset(view.identifiers), misses)


def plain(name: str, read: Callable[[View], str], valid: Valid, want: str) -> Demand:
    """An attribute in an XML attribute, or derived from several places."""

    def misses(view: View) -> Iterable[Miss]:
        yield Miss(f"{view.label}/{name}", shown(read(view)) if read(view) else NOTHING, want)

    return Demand(lambda view: valid(read(view)), misses)


def author(scheme: str) -> Demand:
    """Any number of authors (ITI TF-3: 4.2.3.1.4)."""

    def misses(view: View) -> Iterable[Miss]:
        for position, found in enumerate(view.classifications.get(scheme, ()), start=1):
            yield from _author_misses(f"{view.label}/author[{position}]", found)

    return Demand(lambda view: all(map(is_author, view.classifications.get(scheme, ()))), misses)


def is_author(author: Classification) -> bool:
    """Whether a classification names a person, an institution or an address, each in its form, and no code."""
    known = False
    for name, values, _ in author.slots:
        if name == "authorPerson":
            known = len(values) == 1 and types.is_xcn(values[0])
            if not known:
                return False
        elif name == "authorInstitution":
            known = bool(values) and all(map(types.is_xon, values))
            if not known:
                return False
        elif name == "authorTelecommunication":
            known = bool(values) and all(map(types.is_xtn, values))
            if not known:
                return False
    return known and not author.node_representation


def _author_misses(path: str, author: Classification) -> Iterable[Miss]:
    if author.node_representation:
        yield Miss(f"{path}/nodeRepresentation", shown(author.node_representation), "an empty value")
    slots = slots_by_name(author.slots)
    if not any(slots.get(name) for name in ("authorPerson", "authorInstitution", "authorTelecommunication")):
        yield Miss(path, want="authorPerson, authorInstitution or authorTelecommunication")
    if len(slots.get("authorPerson", ())) > 1:
        yield Miss(f"{path}/authorPerson", f"{len(slots['authorPerson'])} values", "one value; an author is one person")
    for name, valid, want in _AUTHOR_PARTS:
        for value in slots.get(name, ()):
            if not valid(value):
                yield Miss(f"{path}/{name}", shown(value), want)


_AUTHOR_PARTS: Final[tuple[tuple[str, Valid, str], ...]] = (
    ("authorPerson", types.is_xcn, "an XCN with an id or a name"),
    ("authorInstitution", types.is_xon, "an XON with a name, XON.10 being an OID or an id under the authority XON.6"),
    ("authorTelecommunication", types.is_xtn, "an XTN: ^^Internet^user@host, or a number and its type"),
)


def stop_time() -> Demand:
    """serviceStopTime: a time, and none before serviceStartTime as far as both are precise."""
    form = slot("serviceStopTime", types.is_dtm, DTM)

    def misses(view: View) -> Iterable[Miss]:
        yield from form.misses(view)
        if stops_early(view):
            start = view.slot("serviceStartTime")
            yield Miss(f"{view.label}/serviceStopTime", shown(view.slot("serviceStopTime")), f"no time before {start}")

    return Demand(lambda view: form.kept(view) and not stops_early(view), misses)


def stops_early(view: View) -> bool:
    """Whether serviceStopTime is before serviceStartTime, as far as both are precise."""
    start, stop = view.slot("serviceStartTime"), view.slot("serviceStopTime")
    shared = min(len(start), len(stop))
    return start[:shared] > stop[:shared] and types.is_dtm(start) and types.is_dtm(stop)


def optional(valid: Valid) -> Valid:
    """The check, passed by an empty text too."""
    return lambda text: not text or valid(text)


def fits_title(text: str) -> bool:
    """At most 128 bytes in UTF-8."""
    return len(text) * 4 <= _MAX_TITLE_BYTES or len(text.encode()) <= _MAX_TITLE_BYTES


def title(view: View) -> str:
    """The title in its first language."""
    return view.source.name[0].value if view.source.name else ""


def _status(view: View) -> str:
    return view.source.status


def _home(view: View) -> str:
    return view.source.home


def mime_type(entry: View) -> str:
    """The mimeType of a document entry."""
    return entry.source.mime_type if isinstance(entry, DocumentEntry) else ""


APPROVED: Final = plain("availabilityStatus", _status, lambda text: text in ("", urns.APPROVED), urns.APPROVED)
HOME_COMMUNITY: Final = plain("homeCommunityId", _home, optional(types.is_home_community_id), _HOME)
SHORT_TITLE: Final = plain("title", title, fits_title, f"at most {_MAX_TITLE_BYTES} bytes in UTF-8")
