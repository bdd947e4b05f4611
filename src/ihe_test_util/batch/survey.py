"""A look at a whole file of patients before anything is sent: how many there are, and whether all can be used."""

import filecmp
import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ihe_test_util.errors import BadInput, StorageError
from ihe_test_util.patients.csv_reader import read_patients
from ihe_test_util.patients.model import PatientRow, Problem, RejectedRow
from ihe_test_util.patients.sources import Source, name_of, opened

_CHUNK_BYTES: Final = 1024 * 1024
_PROBLEMS_KEPT: Final = 20
_FIRST: Final = 2


class InvalidPatients(BadInput):
    """Rows of the file cannot be used; ``problems`` are the first of their errors."""

    def __init__(self, path: Path, survey: "Survey") -> None:
        rows = "1 row" if survey.rejected == 1 else f"{survey.rejected:,} rows"
        super().__init__(
            f"{rows} of {survey.total:,} cannot be used; nothing was sent",
            where=str(path),
            hint="mend them (ihe-test-util csv validate FILE shows all), or leave them out with --skip-invalid",
        )
        for problem in survey.problems:
            self.add_note(f"  {problem}")
        if survey.errors > len(survey.problems):
            self.add_note(f"  … and {survey.errors - len(survey.problems):,} more")


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file of patients holds, in rows that are not blank; ``problems`` are the first of ``errors``.

    ``first`` are the first two that can be used and are of different patients, as far as there are; ``last_row`` is
    the number of the last row.
    """

    total: int
    rejected: int
    errors: int
    warnings: int
    problems: tuple[Problem, ...]
    first: tuple[PatientRow, ...] = ()
    last_row: int = 0


def survey_of(path: Path, *, seed: int) -> Survey:
    """Read a whole file of patients.

    Raises:
        BadInput: it cannot be read to the end, or has no rows.
    """
    total = rejected = errors = warnings = last_row = 0
    kept: list[Problem] = []
    first: list[PatientRow] = []
    for item in read_patients(path, seed=seed):
        if isinstance(item, PatientRow):
            total += 1
            last_row = item.row
            if len(first) < _FIRST and all(_patient(item) != _patient(one) for one in first):
                first.append(item)
        elif isinstance(item, RejectedRow):
            total += 1
            last_row = item.row
            rejected += 1
            errors += len(item.problems)
            kept += item.problems[: _PROBLEMS_KEPT - len(kept)]
        else:
            warnings += 1
    return Survey(total, rejected, errors, warnings, tuple(kept), tuple(first), last_row)


def _patient(row: PatientRow) -> tuple[str, str]:
    return row.patient_id_oid, row.patient_id


def digest_of(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        BadInput: it cannot be read.
    """
    digest = hashlib.sha256()
    with opened(path) as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def is_stream(path: Path) -> bool:
    """Whether what lies there gives its bytes only once, as a pipe does (``<(…)`` of a shell).

    Raises:
        BadInput: it is a device, which may have no end.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # whoever opens it says what is wrong
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise BadInput("this is a device, not a file", where=str(path), hint="name a CSV file, or - for standard input")
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def kept(source: Source, path: Path) -> Path:
    """Write a stream to a file, so that it can be read again; where that is.

    A file that is there already may belong to a run that goes on, or is to go on; another one gets a number.

    Raises:
        BadInput: the stream cannot be opened.
        StorageError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with opened(source) as stream:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                shutil.copyfileobj(stream, file)
            return _placed(partial, path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise StorageError(
                f"{name_of(source)} cannot be kept", where=str(path), got=error.strerror or str(error)
            ) from error


def _placed(partial: Path, path: Path) -> Path:
    number, place = 0, path
    while place.exists():
        if filecmp.cmp(partial, place, shallow=False):
            partial.unlink()
            return place
        number += 1
        place = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return partial.replace(place)


@dataclass(slots=True)
class Unchanged:
    """Whether a file is still the one whose SHA-256 is known; its bytes are looked at only when its times are others.

    A file that was removed counts as unchanged: what has been opened can be read on.
    """

    path: Path
    digest: str
    _seen: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        now = self._look()
        if not now or now == self._seen:
            return True
        if digest_of(self.path) != self.digest:
            return False
        self._seen = now
        return True

    def _look(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
        except OSError:
            return ()
        return found.st_size, found.st_mtime_ns, found.st_ino
