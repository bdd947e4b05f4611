"""What a stored query and its answer say (ebRS 3.0: 6.1, 6.3; ITI TF-2: 3.18.4.1.2, 3.18.4.1.3)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ihe_test_util.domain.registry.entry import Entry
from ihe_test_util.domain.registry.queries.catalogue import BY_ID, StoredQuery
from ihe_test_util.domain.registry.queries.parameters import Parameter
from ihe_test_util.domain.xds.metadata import DocumentEntry, Folder, SubmissionSet, is_folder
from ihe_test_util.transactions.iti18.reading import Reading, read_criteria
from ihe_test_util.transactions.iti18.syntax import written
from ihe_test_util.transactions.xds.response import RegistryError
from ihe_test_util.xml import ns
from ihe_test_util.xml.ebrim import (
    AnyObject,
    Association,
    ExtrinsicObject,
    ObjectRef,
    RegistryPackage,
    Slot,
    urns,
)

REQUEST_ROOT: Final = f"{{{ns.QUERY}}}AdhocQueryRequest"
RESPONSE_ROOT: Final = f"{{{ns.QUERY}}}AdhocQueryResponse"

LEAF_CLASS: Final = "LeafClass"
OBJECT_REF: Final = "ObjectRef"
#: maxResults where it is not limited (ebRS 3.0: 6.2.1).
UNLIMITED: Final = -1


@dataclass(frozen=True, slots=True)
class StoredQueryRequest:
    """A stored query: its id, its parameters as they were written, and what shall come back.

    ``composed`` is returnComposedObjects. ``query`` is the one in the catalogue, None where the id is not known;
    ``reading`` is what its parameters mean.
    """

    query_id: str
    slots: tuple[Slot, ...] = ()
    return_type: str = LEAF_CLASS
    home: str = ""
    composed: bool = True
    start_index: int = 0
    max_results: int = UNLIMITED
    request_id: str = ""
    comment: str = ""
    query: StoredQuery | None = field(init=False, compare=False, repr=False)
    reading: Reading = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        query = BY_ID.get(self.query_id.lower())
        put = object.__setattr__  # the only way to fill the fields of a frozen instance
        put(self, "query", query)
        put(self, "reading", read_criteria(query, self.slots) if query else Reading())

    @property
    def patient_id(self) -> str:
        """The patient (CX) that the query is about, where it names one."""
        return self.reading.criteria.text(self.query.patient) if self.query else ""


def request_for(
    query: StoredQuery,
    arguments: Iterable[tuple[Parameter, tuple[str, ...]]],
    *,
    return_type: str = LEAF_CLASS,
    home: str = "",
) -> StoredQueryRequest:
    """The request that asks a query with arguments: parameters with their values, any of which will do.

    A parameter that is given twice shall be met twice, where it allows that. Codes are written ``code^^scheme``.
    """
    slots = tuple(Slot(parameter.name, written(parameter.form, values)) for parameter, values in arguments)
    return StoredQueryRequest(query.id, slots, return_type, home)


@dataclass(frozen=True, slots=True)
class StoredQueryResponse:
    """How a query ended, and what it found: whole objects, or references to them.

    ``found`` are objects as a registry holds them, which it writes as they are; who receives them has ``objects``.
    ``total`` is totalResultCount, None where it is not said.
    """

    status: str
    objects: tuple[AnyObject, ...] = ()
    errors: tuple[RegistryError, ...] = ()
    start_index: int = 0
    total: int | None = None
    request_id: str = ""
    slots: tuple[Slot, ...] = ()
    found: tuple[Entry, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether all was found that could be; warnings do not matter."""
        return self.status == urns.SUCCESS

    @property
    def everything(self) -> tuple[AnyObject, ...]:
        """The objects, from whichever side they are looked at."""
        return (*(entry.source for entry in self.found), *self.objects) if self.found else self.objects

    @property
    def documents(self) -> tuple[ExtrinsicObject, ...]:
        """The document entries."""
        return tuple(one for one in self.everything if isinstance(one, ExtrinsicObject))

    @property
    def packages(self) -> tuple[RegistryPackage, ...]:
        """Submission sets and folders."""
        return tuple(one for one in self.everything if isinstance(one, RegistryPackage))

    @property
    def document_entries(self) -> tuple[DocumentEntry, ...]:
        """The document entries with their attributes."""
        return tuple(DocumentEntry.of(source, n) for n, source in enumerate(self.documents, start=1))

    @property
    def submission_sets(self) -> tuple[SubmissionSet, ...]:
        """The submission sets with their attributes."""
        return tuple(SubmissionSet.of(one, n) for n, one in enumerate(self.packages, start=1) if not is_folder(one))

    @property
    def folders(self) -> tuple[Folder, ...]:
        """The folders with their attributes."""
        return tuple(Folder.of(one, n) for n, one in enumerate(self.packages, start=1) if is_folder(one))

    @property
    def associations(self) -> tuple[Association, ...]:
        """The associations."""
        return tuple(one for one in self.everything if isinstance(one, Association))

    @property
    def references(self) -> tuple[ObjectRef, ...]:
        """The references to objects."""
        return tuple(one for one in self.objects if isinstance(one, ObjectRef))
