"""What an earlier run registered, for a run that only submits documents (``--iti41-only --pix-results FILE``)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ihe_test_util.batch.checkpoint import Checkpoint, RunHeader
from ihe_test_util.errors import BadInput

_MAX_LINE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CheckpointRegistrations:
    """The registrations in the checkpoint of a run; only places of lines are held in memory."""

    checkpoint: Checkpoint
    seed: int

    def find(self, row: int, patient_id: str) -> str:
        """The identifier that the registration of a patient gave; empty where there was none."""
        known = self.checkpoint.last(row)
        return known.registered_id if known is not None and known.patient_id == patient_id else ""


@dataclass(frozen=True, slots=True)
class SummaryRegistrations:
    """The registrations in the summary of a run, by the identifier of the file."""

    identifiers: Mapping[str, str]
    seed: int

    def find(self, row: int, patient_id: str) -> str:
        """The identifier that the registration of a patient gave; empty where there was none."""
        del row
        return self.identifiers.get(patient_id, "")


AnyRegistrations = CheckpointRegistrations | SummaryRegistrations


def load_registrations(path: Path) -> AnyRegistrations:
    """The registrations in a file that a run left: results.jsonl, or a summary.

    Raises:
        BadInput: the file cannot be read, or is neither.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(_MAX_LINE_BYTES)
    except OSError as error:
        raise BadInput("the results cannot be read", where=str(path), got=error.strerror or str(error)) from None
    if first.strip() != b"{":
        RunHeader.of_line(first, f"{path}, line 1")
        checkpoint = Checkpoint.read(path)
        return CheckpointRegistrations(checkpoint, checkpoint.header.seed)
    if not path.is_file():
        raise BadInput("these are no results of a run", where=str(path), expected="a file")
    try:
        found: Any = json.loads(path.read_bytes())
        identifiers = {one["patient_id"]: one["registered_id"] for one in found["patients"] if "registered_id" in one}
        return SummaryRegistrations(identifiers, int(found["seed"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        expected = "results.jsonl or summary.json of a run"
        raise BadInput("these are no results of a run", where=str(path), got=str(error), expected=expected) from None
