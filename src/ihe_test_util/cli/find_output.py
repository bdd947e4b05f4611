"""What queries and retrievals bring, as tables for people and as values for JSON."""

import mimetypes
import os
import re
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ihe_test_util.cli.send_running import Result
from ihe_test_util.cli.tables import table
from ihe_test_util.content import Content
from ihe_test_util.domain.patients import Patient
from ihe_test_util.errors import BadInput
from ihe_test_util.transactions.iti43 import RetrievedDocument
from ihe_test_util.xml.hl7v3 import II

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")
_NAME_CHARACTERS: Final = 120
#: What the table of media types lacks, or calls otherwise.
_SUFFIXES: Final = {
    "text/xml": ".xml",
    "application/xml": ".xml",
    "application/hl7-v3+xml": ".xml",
    "text/plain": ".txt",
}


def identifiers_found(identifiers: Sequence[II]) -> Result:
    """The identifiers of one patient."""
    if not identifiers:
        return Result("The patient has no other identifier there.", {"identifiers": []})
    rows = [(one.extension, one.root, one.assigning_authority_name) for one in identifiers]
    return Result(table(("Identifier", "Domain", "Authority"), rows), {"identifiers": [one.cx for one in identifiers]})


def patients_found(patients: Sequence[Patient]) -> Result:
    """Patients with their demographics."""
    rows, data = [], []
    for patient in patients:
        name = str(patient.names[0]) if patient.names else ""
        address = patient.addresses[0] if patient.addresses else None
        city = address.text("city") if address is not None else ""
        rows.append(
            (patient.identifiers[0].cx if patient.identifiers else "", name, patient.birth_time, patient.gender, city)
        )
        data.append(
            {
                "identifiers": [one.cx for one in patient.identifiers],
                "family": patient.names[0].family if patient.names else "",
                "given": patient.names[0].given if patient.names else "",
                "birth_time": patient.birth_time,
                "gender": patient.gender,
                "city": city,
                "telecoms": [one.value for one in patient.telecoms],
            }
        )
    if not rows:
        return Result("Nobody fits.", {"patients": []})
    count = "1 patient" if len(rows) == 1 else f"{len(rows)} patients"
    text = f"{table(('Identifier', 'Name', 'Born', 'Gender', 'Town'), rows)}\n{count}"
    return Result(text, {"patients": data})


def documents_written(documents: Sequence[RetrievedDocument], directory: Path) -> Result:
    """Documents put into files of a directory.

    Raises:
        BadInput: a file is there already, or cannot be written.
    """
    files = list(zip(documents, _paths(documents, directory), strict=True))
    if there := [str(path) for _, path in files if path.exists()]:
        raise BadInput("the file is there already", where=there[0], hint="choose another --output, or remove it")
    rows, data = [], []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for one, path in files:
            _put(one.content, path)
            rows.append((str(path), one.mime_type, f"{one.content.size:,}"))
            data.append(
                {
                    "document_unique_id": one.document_unique_id,
                    "repository_unique_id": one.repository_unique_id,
                    "mime_type": one.mime_type,
                    "size": one.content.size,
                    "sha1": one.content.sha1,
                    "file": str(path),
                }
            )
    except OSError as error:
        raise BadInput(
            "a document cannot be written", where=error.filename or str(directory), got=error.strerror or str(error)
        ) from None
    return Result(table(("File", "Media type", "Bytes"), rows), {"documents": data})


def _put(content: Content, path: Path) -> None:
    """Content into a new file; what lies on the same file system already only gets another name."""
    with path.open("xb") as stream:
        if content.path is not None and _named(content.path, path, stat.S_IMODE(os.fstat(stream.fileno()).st_mode)):
            return
        stream.writelines(content.chunks())


def _named(source: Path, path: Path, mode: int) -> bool:
    """Put a file under another name as well, in the place of what is there; False where that cannot be."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        partial.hardlink_to(source)
        partial.chmod(mode)  # only its owner may read it so far
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        return False
    return True


def _paths(documents: Sequence[RetrievedDocument], directory: Path) -> list[Path]:
    """A file for each document; of names that some file system takes for the same, the later ones bear a number."""
    paths: list[Path] = []
    taken: set[str] = set()
    for document in documents:
        name = Path(_file_name(document))
        found, number = name.name, 1
        while found.lower() in taken:
            number += 1
            found = f"{name.stem}_{number}{name.suffix}"
        taken.add(found.lower())
        paths.append(directory / found)
    return paths


def _file_name(document: RetrievedDocument) -> str:
    """The uniqueId as a name that every file system takes, with the suffix of the media type."""
    stem = _NOT_IN_NAMES.sub("_", document.document_unique_id).strip("._")[:_NAME_CHARACTERS] or "document"
    media_type = document.mime_type.partition(";")[0].strip().lower()
    return stem + (_SUFFIXES.get(media_type) or mimetypes.guess_extension(media_type) or ".bin")
