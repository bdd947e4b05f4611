"""Metadata for tests of the registry: objects with little more than what finds and relates them."""

from collections.abc import Sequence

from ihe_test_util.domain.xds.metadata import Metadata
from ihe_test_util.xml.ebrim import (
    AnyObject,
    Association,
    Classification,
    ExternalIdentifier,
    ExtrinsicObject,
    ObjectList,
    RegistryPackage,
    Slot,
    urns,
)

PATIENT = "P1^^^&2.999.1&ISO"
OTHER_PATIENT = "P2^^^&2.999.1&ISO"
SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


def document(
    object_id: str,
    unique_id: str,
    *,
    patient: str = PATIENT,
    sha1: str = SHA1,
    size: str = "0",
    object_type: str = urns.STABLE_DOCUMENT,
    mime_type: str = "text/xml",
    codes: Sequence[tuple[str, str, str]] = (),
) -> ExtrinsicObject:
    """A document entry; ``codes`` are classification scheme, code and coding scheme."""
    return ExtrinsicObject(
        id=object_id,
        slots=(Slot("hash", (sha1,)), Slot("size", (size,)), Slot("urn:example:ward", ("7",))),
        classifications=tuple(
            Classification(f"{object_id}.{number}", kind, object_id, code, slots=(Slot("codingScheme", (scheme,)),))
            for number, (kind, code, scheme) in enumerate(codes)
        ),
        external_identifiers=_identifiers(
            object_id, (urns.ENTRY_PATIENT_ID, patient), (urns.ENTRY_UNIQUE_ID, unique_id)
        ),
        object_type=object_type,
        mime_type=mime_type,
        home="urn:oid:2.999.77",
    )


def submission_set(unique_id: str, *, object_id: str = "Set", patient: str = PATIENT) -> RegistryPackage:
    """A submission set."""
    return _package(object_id, urns.SUBMISSION_SET, (urns.SET_PATIENT_ID, patient), (urns.SET_UNIQUE_ID, unique_id))


def folder(object_id: str, unique_id: str, *, patient: str = PATIENT) -> RegistryPackage:
    """A folder."""
    return _package(object_id, urns.FOLDER, (urns.FOLDER_PATIENT_ID, patient), (urns.FOLDER_UNIQUE_ID, unique_id))


def link(kind: str, source: str, target: str, *, object_id: str = "", status: str = "") -> Association:
    """An association; its id is made of its ends where none is given."""
    return Association(
        id=object_id or f"{source} {kind.rpartition(':')[2]} {target}",
        slots=(Slot("SubmissionSetStatus", (status,)),) if status else (),
        object_type=urns.TYPE_ASSOCIATION,
        association_type=kind,
        source=source,
        target=target,
    )


def members(*targets: str, of: str = "Set", status: str = "Original") -> list[Association]:
    """What makes objects members of the submission set."""
    return [link(urns.HAS_MEMBER, of, target, status=status) for target in targets]


def metadata(*objects: AnyObject) -> Metadata:
    """The metadata of a submission."""
    return Metadata(ObjectList(tuple(objects)))


def _package(object_id: str, node: str, *identifiers: tuple[str, str]) -> RegistryPackage:
    mark = Classification(f"{object_id}.kind", classified_object=object_id, node=node)
    return RegistryPackage(
        id=object_id, classifications=(mark,), external_identifiers=_identifiers(object_id, *identifiers)
    )


def _identifiers(owner: str, *pairs: tuple[str, str]) -> tuple[ExternalIdentifier, ...]:
    return tuple(
        ExternalIdentifier(f"{owner}.i{number}", scheme, owner, value) for number, (scheme, value) in enumerate(pairs)
    )
