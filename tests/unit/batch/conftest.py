from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ihe_test_util.batch.checkpoint import RunHeader
from ihe_test_util.batch.results import Mode
from ihe_test_util.patients.model import PatientRow


@pytest.fixture
def header() -> RunHeader:
    """What a run is."""
    return RunHeader(
        run_id="6f1c2a3e-0000-4000-8000-000000000001",
        mode=Mode.ALL,
        started=datetime(2026, 3, 1, 12, tzinfo=UTC),
        seed=7,
        seeded=False,
        csv="/patients.csv",
        csv_sha256="ab",
        template="ccd-minimal",
        content="cd",
        pix_add_url="http://127.0.0.1/pix",
        iti41_url="http://127.0.0.1/xds",
    )


@pytest.fixture
def patient() -> Callable[..., PatientRow]:
    """Makes rows: ``patient(city="Basel")``."""

    def make(**values: Any) -> PatientRow:
        usual: dict[str, Any] = {
            "line": 2,
            "row": 2,
            "first_name": "Anna",
            "last_name": "Müller",
            "dob": date(1980, 2, 29),
            "gender": "F",
            "patient_id_oid": "2.999.1.2",
            "patient_id": "PAT-1",
        }
        return PatientRow(**(usual | values))

    return make
