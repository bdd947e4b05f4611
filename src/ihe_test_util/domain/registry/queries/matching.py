"""Whether an object meets the criteria of a stored query; nothing here asks the registry."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar

from ihe_test_util.domain.registry.queries import names
from ihe_test_util.domain.registry.queries.criteria import Criteria, Groups
from ihe_test_util.domain.xds.metadata import Code, DocumentEntry, Folder, SubmissionSet, View
from ihe_test_util.xml.ebrim import urns

V = TypeVar("V", bound=View)
Condition: TypeAlias = Callable[[V], bool]

#: Texts that are written one way in XML.
_PLAIN: Final = re.compile(r"[A-Za-z0-9 .,:;_/()+*^-]+")
#: The lowest moment that a DTM of fewer digits may mean.
_LOWEST: Final = "00000101000000"

_ENTRY_CODES: Final[Mapping[str, str]] = {
    names.ENTRY_CLASS_CODE: urns.ENTRY_CLASS_CODE,
    names.ENTRY_TYPE_CODE: urns.ENTRY_TYPE_CODE,
    names.ENTRY_PRACTICE_SETTING_CODE: urns.ENTRY_PRACTICE_SETTING_CODE,
    names.ENTRY_FACILITY_TYPE_CODE: urns.ENTRY_FACILITY_TYPE_CODE,
    names.ENTRY_EVENT_CODE: urns.ENTRY_EVENT_CODE,
    names.ENTRY_CONFIDENTIALITY_CODE: urns.ENTRY_CONFIDENTIALITY_CODE,
    names.ENTRY_FORMAT_CODE: urns.ENTRY_FORMAT_CODE,
}
#: Slots by the names of their ranges, and whether an entry without the slot is outside of every range: the two
#: service times say nothing of an entry that has none (ITI TF-2: 3.18.4.1.2.3.3.1).
_ENTRY_TIMES: Final = (
    (names.ENTRY_CREATION_TIME, "creationTime", True),
    (names.ENTRY_SERVICE_START_TIME, "serviceStartTime", False),
    (names.ENTRY_SERVICE_STOP_TIME, "serviceStopTime", False),
)


def document_matcher(criteria: Criteria) -> Condition[DocumentEntry] | None:
    """Whether a document entry meets every criterion that can be told from it alone; None where there is none."""
    wanted = _document_conditions(criteria, "")
    unwanted = _document_conditions(criteria, names.EXCLUDE)
    if unwanted:
        return lambda entry: all(one(entry) for one in wanted) and not any(one(entry) for one in unwanted)
    return _all(wanted)


def document_words(criteria: Criteria) -> Groups[str]:
    """Words that stand in every document entry that meets the criteria, of each group at least one.

    They spare reading entries that cannot fit; codes that XML may write in several ways are no such words.
    """
    groups = [[code.code for code in group] for name in _ENTRY_CODES for group in criteria.codes.get(name, ())]
    return tuple(tuple(group) for group in groups if all(_PLAIN.fullmatch(word) for word in group))


def submission_set_matcher(criteria: Criteria) -> Condition[SubmissionSet] | None:
    """Whether a submission set meets the criteria of FindSubmissionSets; None where there is none."""
    conditions: list[Condition[SubmissionSet]] = []
    sources = frozenset(criteria.any_of(names.SET_SOURCE_ID))
    if sources:
        conditions.append(lambda one: one.source_id in sources)
    pattern = criteria.texts.get(names.SET_AUTHOR_PERSON)
    if pattern:
        conditions.append(_author(pattern, urns.SET_AUTHOR))
    codes = criteria.codes.get(names.SET_CONTENT_TYPE)
    if codes:
        conditions.append(_coded(codes, urns.SET_CONTENT_TYPE_CODE))
    conditions += _between(criteria, names.SET_SUBMISSION_TIME, "submissionTime")
    return _all(conditions)


def folder_matcher(criteria: Criteria) -> Condition[Folder] | None:
    """Whether a folder meets the criteria of FindFolders; None where there is none."""
    conditions: list[Condition[Folder]] = []
    codes = criteria.codes.get(names.FOLDER_CODE)
    if codes:
        conditions.append(_coded(codes, urns.FOLDER_CODE))
    conditions += _between(criteria, names.FOLDER_LAST_UPDATE_TIME, "lastUpdateTime")
    return _all(conditions)


def like(pattern: str, text: str) -> bool:
    """Whether a text is as an SQL LIKE pattern says: ``%`` is any characters, ``_`` is one.

    Costs at most the product of both lengths, whatever the pattern.
    """
    here = there = 0
    star, resume = -1, 0
    while there < len(text):
        if here < len(pattern) and pattern[here] == "%":
            star, resume = here, there
            here += 1
        elif here < len(pattern) and pattern[here] in ("_", text[there]):
            here += 1
            there += 1
        elif star >= 0:
            resume += 1
            here, there = star + 1, resume
        else:
            return False
    return not pattern[here:].strip("%")


def composed(text: str) -> str:
    """The text in the form in which texts are compared (ITI TF-2: Appendix F)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def padded(time: str) -> str:
    """A DTM as the first moment that it may mean, to the second."""
    return time + _LOWEST[len(time) :]


def _document_conditions(criteria: Criteria, suffix: str) -> list[Condition[DocumentEntry]]:
    """The conditions that the parameters with a suffix make."""
    conditions: list[Condition[DocumentEntry]] = [
        _coded(criteria.codes[name + suffix], scheme)
        for name, scheme in _ENTRY_CODES.items()
        if name + suffix in criteria.codes
    ]
    if author := criteria.texts.get(names.ENTRY_AUTHOR_PERSON + suffix):
        conditions.append(_author(author, urns.ENTRY_AUTHOR))
    if references := criteria.texts.get(names.ENTRY_REFERENCE_ID + suffix):
        conditions.append(lambda entry: _all_like(references, entry.slots.get(urns.REFERENCE_ID_LIST, ())))
    if titles := criteria.texts.get(names.ENTRY_TITLE + suffix):
        conditions.append(lambda entry: _all_like(titles, [name.value for name in entry.source.name]))
    if available := frozenset(criteria.any_of(names.ENTRY_AVAILABILITY + suffix)):
        conditions.append(lambda entry: (entry.slot("documentAvailability") or urns.ONLINE) in available)
    if suffix and (types := frozenset(criteria.any_of(names.ENTRY_TYPE + suffix))):
        conditions.append(lambda entry: entry.source.object_type in types)
    if not suffix:
        for name, slot, needed in _ENTRY_TIMES:
            conditions += _between(criteria, name, slot, needed=needed)
    return conditions


def _all(conditions: Sequence[Condition[V]]) -> Condition[V] | None:
    if not conditions:
        return None
    return lambda one: all(condition(one) for condition in conditions)


def _coded(groups: Groups[Code], scheme: str) -> Condition[V]:
    wanted = [frozenset((code.code, code.scheme) for code in group) for group in groups]

    def has(one: V) -> bool:
        found = {(composed(code.code), composed(code.scheme)) for code in one.codes(scheme)}
        return all(not group.isdisjoint(found) for group in wanted)

    return has


def _author(groups: Groups[str], scheme: str) -> Condition[V]:
    def has(one: V) -> bool:
        persons = [
            person
            for author in one.classifications.get(scheme, ())
            for slot in author.slots
            if slot.name == "authorPerson"
            for person in slot.values
        ]
        return _all_like(groups, persons)

    return has


def _all_like(groups: Groups[str], texts: Iterable[str]) -> bool:
    candidates = [composed(text) for text in texts]
    return all(any(like(pattern, text) for pattern in group for text in candidates) for group in groups)


def _between(criteria: Criteria, name: str, slot: str, *, needed: bool = True) -> list[Condition[V]]:
    """From is inclusive, To exclusive (ITI TF-2: 3.18.4.1.2.3.3)."""
    lower, upper = criteria.text(name + names.FROM), criteria.text(name + names.TO)
    if not lower and not upper:
        return []
    least, beyond = padded(lower), padded(upper) if upper else "~"

    def within(one: V) -> bool:
        if name == names.ENTRY_CREATION_TIME and one.source.object_type == urns.ON_DEMAND_DOCUMENT:
            return True  # made when it is asked for (ITI TF-2: 3.18.4.1.2.3.7.1)
        time = one.slot(slot)
        return least <= padded(time) < beyond if time else not needed

    return [within]
