"""Submissions as the repository keeps them."""

from dataclasses import dataclass
from datetime import datetime
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
    """Keeps submissions whole or not at all; a call returns when what it wrote is durable."""

    async def provide(self, submission: Submission, *, at: datetime) -> None:
        """Store a submission and take over the files of its contents.

        Raises:
            StorageError: nothing was stored.
        """

    async def reset(self) -> None:
        """Forget every submission."""
