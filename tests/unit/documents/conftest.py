"""Patients, and templates in a few words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ihe_test_util.documents.check import TemplateReport, check_source
from ihe_test_util.documents.ids import Ids
from ihe_test_util.documents.schema import Schema
from ihe_test_util.documents.source import source_of
from ihe_test_util.documents.template import Template
from ihe_test_util.patients.model import PatientRow

ROOT = Path(__file__).parents[3]
XSD = ROOT.parent / "shared/schemas/cda/infrastructure/cda/CDA_SDTC.xsd"
NOW = datetime(2026, 1, 12, 9, 30, tzinfo=UTC)
IDS = Ids("5f0c4f7e-8a39-4e0c-8a53-1f8a7f3a1f01")
ROW = PatientRow(
    line=2,
    row=2,
    first_name="Anna",
    last_name="O'Neill",
    dob=date(1980, 2, 29),
    gender="F",
    patient_id_oid="2.999.10.1",
    patient_id="PAT-1001",
)

Render = Callable[..., str]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def ids() -> Ids:
    return IDS


@pytest.fixture
def row() -> PatientRow:
    return ROW


@pytest.fixture(scope="session")
def render() -> Render:
    """Render a template's text for a patient who differs from the usual one as said."""

    def rendered(text: str, **changes: Any) -> str:
        template = Template.from_bytes(text.encode())
        return template.render(replace(ROW, **changes), now=NOW, ids=IDS).decode()

    return rendered


@pytest.fixture(scope="session")
def check() -> Callable[..., TemplateReport]:
    """Try out a template's text."""

    def checked(text: str | bytes, schema: Schema | None = None) -> TemplateReport:
        return check_source(source_of(text.encode() if isinstance(text, str) else text, "mine.xml"), schema=schema)

    return checked


@pytest.fixture(scope="session")
def schema() -> Schema:
    if not XSD.is_file():
        pytest.skip("the schemas are not beside the project (../shared/schemas)")
    return Schema.load(XSD)
