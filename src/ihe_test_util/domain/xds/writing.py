"""Attributes as the ebRIM objects that hold them (ITI TF-3: 4.2.3.1): what views read, written."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from ihe_test_util.domain.xds.views import Author, Code
from ihe_test_util.xml.ebrim import (
    Classification,
    ExternalIdentifier,
    InternationalString,
    LocalizedString,
    RegistryPackage,
    Slot,
    urns,
)

_SET_ID: Final = "SubmissionSet01"

#: What a submission set with a C-CDA summary contains.
EPISODE_SUMMARY: Final = Code("34133-9", "2.16.840.1.113883.6.1", "Summary of episode note")


def submission_set(
    *,
    patient_id: str,
    source_id: str,
    unique_id: str,
    submission_time: str,
    title: str = "",
    content_type: Code = EPISODE_SUMMARY,
    authors: Sequence[Author] = (),
) -> RegistryPackage:
    """A submission set with a symbolic id."""
    return RegistryPackage(
        id=_SET_ID,
        slots=(written_slot("submissionTime", submission_time),),
        name=written_name(title),
        classifications=(
            Classification(
                f"{_SET_ID}.kind",
                classified_object=_SET_ID,
                node=urns.SUBMISSION_SET,
                object_type=urns.TYPE_CLASSIFICATION,
            ),
            *written_classifications(_SET_ID, ((urns.SET_CONTENT_TYPE_CODE, content_type),), urns.SET_AUTHOR, authors),
        ),
        external_identifiers=written_identifiers(
            _SET_ID,
            (urns.SET_PATIENT_ID, "XDSSubmissionSet.patientId", patient_id),
            (urns.SET_SOURCE_ID, "XDSSubmissionSet.sourceId", source_id),
            (urns.SET_UNIQUE_ID, "XDSSubmissionSet.uniqueId", unique_id),
        ),
        object_type=urns.TYPE_REGISTRY_PACKAGE,
    )


def written_classifications(
    owner: str, codes: Iterable[tuple[str, Code]], author_scheme: str, authors: Iterable[Author]
) -> tuple[Classification, ...]:
    """Codes with their classification schemes, and authors, as the classifications of an object."""
    return _classifications(owner, tuple(codes), author_scheme, tuple(authors))


# All documents of a run have the same codes and authors, or nearly so.
@lru_cache(maxsize=64)
def _classifications(
    owner: str, codes: tuple[tuple[str, Code], ...], author_scheme: str, authors: tuple[Author, ...]
) -> tuple[Classification, ...]:
    coded = (
        (scheme, code.code, (written_slot("codingScheme", code.scheme),), written_name(code.display))
        for scheme, code in codes
    )
    written = ((author_scheme, "", _author_slots(author), ()) for author in authors)
    return tuple(
        Classification(
            f"{owner}.c{number}",
            scheme,
            owner,
            representation,
            slots=slots,
            name=name,
            object_type=urns.TYPE_CLASSIFICATION,
        )
        for number, (scheme, representation, slots, name) in enumerate((*coded, *written), start=1)
    )


def _author_slots(author: Author) -> tuple[Slot, ...]:
    slots = (
        Slot("authorPerson", (author.person,) if author.person else ()),
        Slot("authorInstitution", author.institutions),
        Slot("authorRole", author.roles),
        Slot("authorSpecialty", author.specialties),
        Slot("authorTelecommunication", author.telecoms),
    )
    return tuple(slot for slot in slots if slot.values)


def written_identifiers(owner: str, *values: tuple[str, str, str]) -> tuple[ExternalIdentifier, ...]:
    """The external identifiers of an object: scheme, name and value of each."""
    return tuple(
        ExternalIdentifier(
            f"{owner}.i{number}",
            scheme,
            owner,
            value,
            name=written_name(name),
            object_type=urns.TYPE_EXTERNAL_IDENTIFIER,
        )
        for number, (scheme, name, value) in enumerate(values, start=1)
    )


def written_slot(name: str, *values: str) -> Slot:
    """A slot of a name and its values."""
    return Slot(name, values)


def written_name(text: str) -> InternationalString:
    """A title or comments in one language, empty where there are none."""
    return (LocalizedString(text),) if text else ()
