"""Submitted documents as files for people, under names that are safe everywhere and can be traced back."""

import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

from ihe_test_util.content import Content
from ihe_test_util.domain.documents import StoredDocument, Submission
from ihe_test_util.file_names import safe_stem
from ihe_test_util.store.database import translated
from ihe_test_util.store.locks import directory_lock

INDEX: Final = "index.jsonl"
_DIRECTORY: Final = "documents"
_EXTENSIONS: Final = {
    "application/dicom": ".dcm",
    "application/json": ".json",
    "application/msword": ".doc",
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "multipart/related": ".mht",
    "text/css": ".css",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/rtf": ".rtf",
    "text/xml": ".xml",
}


def safe_name(unique_id: str, sha1: str, mime_type: str) -> str:
    """A file name for a document: the readable part of its uniqueId, a hash of uniqueId and bytes, an extension.

    It is a plain name on every system; equal names mean equal ids and equal bytes, also where case does not count.
    """
    return safe_stem(unique_id, unique_id, sha1, default="document") + _extension(mime_type)


class SavedCopies:
    """``<data_dir>/documents``: one file a document, and an index with one JSON object a line. Everything blocks.

    They are written before the submission is acknowledged, but without waiting for the disk: what is durable is the
    store. Resetting the store leaves them.
    """

    def __init__(self, data_dir: Path, own_directory: Path) -> None:
        self._data_dir = data_dir
        self._directory = data_dir / _DIRECTORY
        self._own_directory = own_directory

    def save(self, submission: Submission, document: StoredDocument, content: Content, at: datetime) -> str:
        """Write a copy and its line in the index; the name of the file.

        A large ``content`` is linked to where that is possible.

        Raises:
            StorageError: the copy or its line could not be written.
        """
        name = safe_name(document.unique_id, content.sha1, document.mime_type)
        with translated(self._directory):
            self._directory.mkdir(exist_ok=True)
            with directory_lock(self._data_dir):
                name = self._write(name, content)
                self._note(name, submission, document, content, at)
        return name

    def _write(self, name: str, content: Content) -> str:
        target = self._directory / name
        number = 1
        while target.exists():
            if Content.of_file(target).sha1 == content.sha1:
                return target.name
            number += 1
            stem, dot, extension = name.rpartition(".")
            target = self._directory / f"{stem}-{number}{dot}{extension}"
        if content.path is not None:
            try:
                os.link(content.path, target)
            except OSError:  # this file system has no links, or not that many to one file
                pass
            else:
                return target.name
        # Complete or not there at all, whenever this process is killed.
        partial = self._own_directory / f"copy-{target.name}"
        with content.open() as source, partial.open("wb") as stream:
            shutil.copyfileobj(source, stream)
        partial.replace(target)
        return target.name

    def _note(
        self, name: str, submission: Submission, document: StoredDocument, content: Content, at: datetime
    ) -> None:
        line = {
            "file": name,
            "unique_id": document.unique_id,
            "entry_id": document.entry_id,
            "submission_set_unique_id": submission.submission_set_unique_id,
            "mime_type": document.mime_type,
            "size": content.size,
            "sha1": content.sha1,
            "provided_at": at.isoformat(),
        }
        with (self._directory / INDEX).open("ab", buffering=0) as stream:
            stream.write(json.dumps(line).encode() + b"\n")


def _extension(mime_type: str) -> str:
    bare = mime_type.partition(";")[0].strip().lower()
    if bare in _EXTENSIONS:
        return _EXTENSIONS[bare]
    if bare.endswith("+xml"):
        return ".xml"
    return ".json" if bare.endswith("+json") else ".bin"
