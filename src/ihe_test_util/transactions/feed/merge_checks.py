"""What only a merge says: which registration it replaces (ITI TF-2: 3.44.4.2.2)."""

from collections.abc import Sequence
from typing import Final

from ihe_test_util.transactions.card import Miss
from ihe_test_util.transactions.feed.model import EVENT_PATH, FeedRequest
from ihe_test_util.transactions.wrapper_rules import positioned
from ihe_test_util.xml.hl7v3 import shown

ID_WANTED: Final = "an id with a root (the assigning authority's OID) and an extension"


def one_replaced(request: FeedRequest) -> Sequence[Miss]:
    """A merge replaces one registration."""
    event = request.event
    if event is None or (len(event.replacements) == 1 and event.replacements[0].has_registration):
        return ()
    path = f"/{request.interaction}{EVENT_PATH}/replacementOf"
    if len(event.replacements) == 1:
        return (Miss(f"{path}/priorRegistration", want="the registration that ends"),)
    got = f"{len(event.replacements)} of them" if event.replacements else "nothing"
    return (Miss(path, got, "exactly one; send a message for each identifier that ends"),)


def replaced_obsolete(request: FeedRequest) -> Sequence[Miss]:
    """The registration that it replaces is obsolete."""
    event = request.event
    for one in event.replacements if event is not None else ():
        if one.has_registration and one.status_code != "obsolete":
            break
    else:
        return ()
    return [
        Miss(f"{_prior_path(request, n)}/statusCode/@code", shown(one.status_code), "obsolete")
        for n, one in enumerate(event.replacements if event is not None else ())
        if one.has_registration and one.status_code != "obsolete"
    ]


def replaced_identified(request: FeedRequest) -> Sequence[Miss]:
    """The registration that it replaces names its patient."""
    event = request.event
    misses: list[Miss] = []
    for n, one in enumerate(event.replacements if event is not None else ()):
        complete = [each for each in one.patient_ids if each.root and each.extension]
        if one.has_registration and (len(complete) != 1 or len(one.patient_ids) != 1):
            path = f"{_prior_path(request, n)}/subject1/priorRegisteredRole/id"
            got = f"{len(one.patient_ids)} ids" if len(one.patient_ids) > 1 else "nothing"
            if len(one.patient_ids) == 1:
                got = f"root {shown(one.patient_ids[0].root)}, extension {shown(one.patient_ids[0].extension)}"
            misses.append(Miss(path, got, ID_WANTED))
    return misses


def _prior_path(request: FeedRequest, position: int) -> str:
    return f"{positioned(f'/{request.interaction}{EVENT_PATH}/replacementOf', position)}/priorRegistration"
