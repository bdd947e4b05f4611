"""Requests to update metadata, in few words."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from ihe_test_util.domain.registry.entry import Entry
from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.transactions.iti57 import UpdateRequest
from ihe_test_util.transactions.xds.response import RegistryResponse
from ihe_test_util.xml.ebrim import (
    AnyObject,
    Association,
    Classification,
    ExtrinsicObject,
    LocalizedString,
    ObjectList,
    RegistryPackage,
    Slot,
    urns,
)
from tests.support.registry_objects import PATIENT, submission_set

Registered = Callable[..., Awaitable[None]]
Updated = Callable[[UpdateRequest], Awaitable[RegistryResponse]]
Refused = Callable[[UpdateRequest], Awaitable[list[tuple[str, str]]]]
Held = Callable[[], Awaitable[list[Entry]]]

#: What the submission set of every request is called.
SET = "SubmissionSet01"
_PATIENT_IDS = (urns.ENTRY_PATIENT_ID, urns.FOLDER_PATIENT_ID)
_UNIQUE_IDS = (urns.ENTRY_UNIQUE_ID, urns.FOLDER_UNIQUE_ID)


def request(*parts: Iterable[AnyObject], patient: str = PATIENT, set_number: int = 900) -> UpdateRequest:
    """A request with a submission set of its own."""
    package = submission_set(set_number, patient=patient).source
    own = replace(
        package,
        id=SET,
        lid="",
        version=None,
        status="",
        classifications=(Classification(id="set", node=urns.SUBMISSION_SET, classified_object=SET),),
    )
    return UpdateRequest(Metadata(ObjectList((own, *(one for part in parts for one in part)))))


def version(
    of: Entry,
    name: str = "New01",
    *,
    lid: str = "",
    previous: str | None = None,
    propagation: str | None = None,
    patient: str = "",
    unique_id: str = "",
    title: str = "Changed",
    object_type: str = "",
) -> list[AnyObject]:
    """A new version of an object, and the membership that says so; by default of its present version."""
    source = of.source
    assert isinstance(source, ExtrinsicObject | RegistryPackage)
    changes = dict.fromkeys(_PATIENT_IDS, patient) | dict.fromkeys(_UNIQUE_IDS, unique_id)
    identifiers = tuple(
        one._replace(registry_object=name, value=changes.get(one.scheme) or one.value)
        for one in source.external_identifiers
    )
    node = Classification(id=f"{name}.kind", node=urns.FOLDER, classified_object=name)
    changed = replace(
        source,
        id=name,
        lid=lid or of.lid,
        version=None,
        status="",
        name=(LocalizedString(title),),
        external_identifiers=identifiers,
        classifications=(node,) if isinstance(source, RegistryPackage) else source.classifications,
        object_type=object_type or source.object_type,
    )
    slots = [Slot("SubmissionSetStatus", ("Original",))]
    slots += [Slot("PreviousVersion", (str(of.version) if previous is None else previous,))]
    slots += [Slot("AssociationPropagation", (propagation,))] if propagation is not None else []
    return [changed, association(urns.HAS_MEMBER, SET, name, *slots, name=f"{name}.membership")]


def status(target: str, original: str, new: str, name: str = "Status01") -> list[AnyObject]:
    """A change of status."""
    slots = (Slot("OriginalStatus", (original,)), Slot("NewStatus", (new,)))
    return [association(urns.UPDATE_AVAILABILITY_STATUS, SET, target, *slots, name=name)]


def deprecation(target: str, name: str = "Status01") -> list[AnyObject]:
    """A change from Approved to Deprecated."""
    return status(target, urns.APPROVED, urns.DEPRECATED, name)


def approval(target: str, name: str = "Status01") -> list[AnyObject]:
    """A change from Deprecated to Approved."""
    return status(target, urns.DEPRECATED, urns.APPROVED, name)


def submitted(kind: str, source: str, target: str, name: str = "New02") -> list[AnyObject]:
    """A new association, and what asks for it."""
    asking = association(urns.SUBMIT_ASSOCIATION, SET, name, name=f"{name}.asking")
    return [asking, association(kind, source, target, name=name)]


def association(kind: str, source: str, target: str, *slots: Slot, name: str) -> Association:
    """An association."""
    return Association(
        id=name, association_type=kind, source=source, target=target, slots=slots, object_type=urns.TYPE_ASSOCIATION
    )
