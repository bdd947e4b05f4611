"""Submissions as the repository keeps them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from ihe_test_util.content import Content


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document with the attributes that find it again; ids as the submission gave them."""

    entry_id: str
    unique_id: str
    mime_type: str
    content: Content


@dataclass(frozen=True, slots=True)
class Submission:
    """One provided submission set: the metadata as XML (UTF-8), and the documents."""

    submission_set_unique_id: str
    patient_id: str
    source_id: str
    metadata: bytes
    documents: tuple[StoredDocument, ...]


class DocumentStore(Protocol):
    """The documents of the repository; ``domain.registry.access.RegistryStore.provide`` puts them there."""

    async def get(self, unique_id: str) -> StoredDocument | None:
        """The document that was provided last under a uniqueId.

        Raises:
            StorageError: the repository cannot be read.
        """

    async def remove(self, unique_ids: Collection[str]) -> None:
        """Forget documents; what is not there does not matter.

        Raises:
            StorageError: none was removed.
        """

    async def reset(self) -> None:
        """Forget every submission."""
