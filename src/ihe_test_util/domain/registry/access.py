"""What the registry's logic needs of a store: objects found by what finds them, and changes that happen whole."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from ihe_test_util.domain.documents import Submission
from ihe_test_util.domain.registry.entry import Entry, Kind

T = TypeVar("T")


class RegistryView(Protocol):
    """The registry at one moment. Answers come in the order of registration; what is not there is left out."""

    def by_ids(self, ids: Collection[str]) -> list[Entry]:
        """The objects with these entryUUIDs."""

    def by_unique_ids(self, unique_ids: Collection[str], kinds: Collection[Kind] = ()) -> list[Entry]:
        """Every version of the objects with these uniqueIds; of any kind where none is named."""

    def by_lids(self, lids: Collection[str]) -> list[Entry]:
        """Every version of the objects with these logical ids."""

    def latest_versions(self, lids: Collection[str]) -> dict[str, int]:
        """The highest version that there is under each of these logical ids."""

    def of_patients(
        self, patient_ids: Collection[str], kinds: Collection[Kind], statuses: Collection[str] = ()
    ) -> list[Entry]:
        """What belongs to patients (CX); in any state where none is named."""

    def of_any_patient(self, kinds: Collection[Kind], statuses: Collection[str]) -> list[Entry]:
        """What there is of some kinds in some states, whoever it belongs to."""

    def associations_from(self, sources: Collection[str]) -> list[Entry]:
        """Associations whose sourceObject is one of these ids."""

    def associations_to(self, targets: Collection[str]) -> list[Entry]:
        """Associations whose targetObject is one of these ids."""

    def knows_patient(self, patient_id: str) -> bool:
        """Whether an identifier (CX) was fed and is still in force."""

    def kept_documents(self, unique_ids: Collection[str]) -> dict[str, tuple[str, int]]:
        """SHA-1 and size of what the repository beside the registry has under these uniqueIds, provided last."""


class RegistryChange(RegistryView, Protocol):
    """The registry while it is changed; nobody else changes it meanwhile, and nobody sees the change half done."""

    def add(self, entries: Iterable[Entry]) -> None:
        """Register new objects."""

    def replace(self, entries: Iterable[Entry]) -> None:
        """Put objects in the place of those with the same ids."""

    def remove(self, ids: Collection[str]) -> None:
        """Remove objects."""


class RegistryStore(Protocol):
    """Keeps the registry. Work is a plain function, run in a thread and perhaps twice: it uses only what it gets."""

    async def look(self, work: Callable[[RegistryView], T]) -> T:
        """What ``work`` makes of the registry as it is.

        Raises:
            StorageError: the registry cannot be read.
        """

    async def change(self, work: Callable[[RegistryChange], T]) -> T:
        """Let ``work`` change the registry; returns when the change is durable.

        Raises:
            StorageError: nothing was changed.
            Exception: what ``work`` raised; nothing was changed.
        """

    async def provide(self, submission: Submission, work: Callable[[RegistryChange], T], *, at: datetime) -> T:
        """As ``change``, and keep the documents of a submission in the same stroke, taking over their files.

        Raises:
            StorageError: nothing was changed or kept.
            Exception: what ``work`` raised; nothing was changed or kept.
        """

    async def reset(self) -> None:
        """Forget every object."""
