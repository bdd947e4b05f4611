"""Documents as files: one for each patient, complete or not there at all."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

from ihe_test_util.documents.document import Document, clinical_document
from ihe_test_util.documents.schema import Schema
from ihe_test_util.documents.settings import DocumentSettings
from ihe_test_util.documents.template import Template
from ihe_test_util.errors import BadInput, StorageError
from ihe_test_util.file_names import safe_stem
from ihe_test_util.patients.model import PatientRow

#: When documents were written that a seed makes the same each time.
SEEDED_TIME: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_SETTINGS: Final = DocumentSettings()


def writing_time(
    row: PatientRow, *, seed: int | None, given: datetime | None, clock: Callable[[], datetime]
) -> datetime:
    """The moment a document says it was written: the one given; with a seed a fixed one; else now.

    The fixed one is the day after the birth for those who were born later.
    """
    if given is not None:
        return given
    if seed is None:
        return clock()
    return max(SEEDED_TIME, datetime.combine(row.dob, time(12), UTC) + timedelta(days=1))


def file_name(row: PatientRow) -> str:
    """The name of a patient's document: readable where the identifier is, its own for each row, safe everywhere."""
    return safe_stem(row.patient_id, row.patient_id_oid, row.patient_id, str(row.line), default="patient") + ".xml"


@dataclass(frozen=True, slots=True)
class DocumentWriter:
    """Makes documents from one template and writes them into one directory. Everything blocks.

    Raises:
        StorageError: from ``write``, where a file could not be written; there is none then, or the one from before.
    """

    template: Template
    directory: Path
    clock: Callable[[], datetime]
    new_uuid: Callable[[], str]
    seed: int | None = None
    at: datetime | None = None
    settings: DocumentSettings = _SETTINGS
    schema: Schema | None = None

    def write(self, row: PatientRow) -> tuple[Path, Document]:
        """Make a patient's document and write it; a file of that name is replaced.

        Raises:
            BadInput: the template fails for this patient, or the document is not well-formed, no CDA, or not valid.
            StorageError: the file could not be written.
        """
        document = self.template.document(
            row,
            now=writing_time(row, seed=self.seed, given=self.at, clock=self.clock),
            ids=self.template.ids(row, seed=self.seed, new_uuid=self.new_uuid),
            settings=self.settings,
        )
        data = document.content.read()
        if self.schema is not None:
            _validate(data, self.schema, self.template.name)
        path = self.directory / file_name(row)
        try:
            _write(path, data)
        except OSError as error:
            raise StorageError(
                "the document could not be written", where=str(path), got=error.strerror or str(error)
            ) from error
        return path, document


def _validate(data: bytes, schema: Schema, name: str) -> None:
    errors = schema.errors(clinical_document(data, f"document from {name}"))
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        where = f"line {first.line} of the document" if first.line else ""
        raise BadInput(f"the document is not valid: {first.sentence}{more}", where=where)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.tmp")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
