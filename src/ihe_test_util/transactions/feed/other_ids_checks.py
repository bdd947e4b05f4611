"""Identifiers of a patient that others assigned (OtherIDs, ITI TF-2: 3.44.4.1.2.2)."""

from collections.abc import Sequence
from typing import Final

from ihe_test_util.transactions.card import Miss
from ihe_test_util.transactions.feed.merge_checks import ID_WANTED
from ihe_test_util.transactions.feed.model import PERSON_PATH, FeedRequest, OtherIds
from ihe_test_util.transactions.wrapper_rules import bad, positioned
from ihe_test_util.xml.hl7v3 import oid_problem, shown
from ihe_test_util.xml.hl7v3.datatypes import OID_WANTED

_NOT_OTHER_IDS: Final = frozenset({"CIT", "EMP"})


def other_ids_class(request: FeedRequest) -> Sequence[Miss]:
    """AsOtherIDs is a role that bears an id."""
    person = request.person
    if person is None:
        return ()
    for other in person.other_ids:
        if not other.class_code or other.class_code in _NOT_OTHER_IDS:
            break
    else:
        return ()
    return [
        Miss(
            f"{positioned(f'/{request.interaction}{PERSON_PATH}/asOtherIDs', n)}/@classCode",
            shown(other.class_code),
            "a role that bears an id, such as PAT; citizenship is asCitizen, employment asEmployee",
        )
        for n, other in enumerate(person.other_ids)
        if not other.class_code or other.class_code in _NOT_OTHER_IDS
    ]


def other_ids_sound(request: FeedRequest) -> Sequence[Miss]:
    """AsOtherIDs says which ids, and who assigned them."""
    person = request.person
    if person is None:
        return ()
    for other in person.other_ids:
        if not _is_sound(other):
            break
    else:
        return ()
    misses: list[Miss] = []
    for n, other in enumerate(person.other_ids):
        path = positioned(f"/{request.interaction}{PERSON_PATH}/asOtherIDs", n)
        if not other.ids:
            misses.append(Miss(f"{path}/id", want=ID_WANTED))
        misses += [
            Miss(f"{positioned(f'{path}/id', m)}/@root", bad(one.root, problem), OID_WANTED)
            for m, one in enumerate(other.ids)
            if not one.null_flavor and (problem := oid_problem(one.root))
        ]
        if not any(one.root for one in other.scoping_ids):
            misses.append(Miss(f"{path}/scopingOrganization/id", want="an id of who assigned the identifier"))
    return misses


def is_sound_other(other: OtherIds) -> bool:
    """Whether neither of the two checks has anything to say of a role."""
    return bool(other.class_code) and other.class_code not in _NOT_OTHER_IDS and _is_sound(other)


def _is_sound(other: OtherIds) -> bool:
    for one in other.ids:
        if not one.null_flavor and oid_problem(one.root):
            return False
    for one in other.scoping_ids:
        if one.root:
            return bool(other.ids)
    return False
