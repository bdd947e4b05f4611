import importlib.util
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
import pytest_asyncio

from ihe_test_util.content import Content
from ihe_test_util.domain.documents import StoredDocument, Submission
from ihe_test_util.domain.patients import Patient
from ihe_test_util.exchange import Exchange, Finding, Message, Outcome, PartRecord, new_exchange_id
from ihe_test_util.store.opening import Store
from ihe_test_util.xml.hl7v3 import AD, II, PN, TEL
from tests.support.postgres import own_schema

AT = datetime(2026, 1, 31, 13, 45, 6, 789012, tzinfo=UTC)


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Each test that opens a store by it runs on both databases."""
    if request.param == "sqlite":
        return ""
    return own_schema(request.getfixturevalue("postgres"), f"t{secrets.token_hex(8)}")


@pytest_asyncio.fixture
async def store(data_dir: Path, store_url: str) -> AsyncIterator[Store]:
    opened = Store.open(data_dir, url=store_url)
    yield opened
    await opened.close()


@pytest.fixture
def patient() -> Callable[..., Patient]:
    def make(extension: str = "P-1", family: str = "Muster", *further: II) -> Patient:
        return Patient(
            identifiers=(II("2.999.1.1", extension, "Example"), *further),
            names=(PN.of(family, "Erika", "Maria", prefix="Dr.", use="L"), PN.of("Künstler", "E.", use="P")),
            gender="F",
            birth_time="19800229",
            addresses=(AD.of("Am Weg 1", "Hof", city="Musterstadt", postal_code="01234", country="DE", use="HP"),),
            telecoms=(TEL("tel:+49-30-5550100", "HP"), TEL("mailto:erika@example.org")),
            other_ids=(II("2.999.7", "123-45"),),
            deceased=True,
            deceased_time="20250101",
        )

    return make


@pytest.fixture
def submission() -> Callable[..., Submission]:
    def make(*contents: Content, unique_id: str = "2.999.5", mime_type: str = "text/xml") -> Submission:
        return Submission(
            submission_set_unique_id="2.999.4.1",
            patient_id="P-1^^^&2.999.1.1&ISO",
            source_id="2.999.3",
            metadata=b"<SubmitObjectsRequest/>",
            documents=tuple(
                StoredDocument(
                    f"Document{number}", unique_id if number == 1 else f"{unique_id}.{number}", mime_type, one
                )
                for number, one in enumerate(contents, 1)
            ),
        )

    return make


@pytest.fixture
def exchange() -> Callable[..., Exchange]:
    def make(
        body: bytes = b"<request/>",
        *,
        outcome: Outcome = Outcome.SUCCESS,
        transaction: str = "ITI-44",
        summary: str = "CA",
        parts: tuple[PartRecord, ...] = (),
        findings: tuple[Finding, ...] = (),
        target: str = "/pix/add",
    ) -> Exchange:
        return Exchange(
            id=new_exchange_id(),
            started=AT,
            duration_s=0.0042,
            peer="127.0.0.1",
            method="POST",
            target=target,
            transaction=transaction,
            interaction="pix-add",
            outcome=outcome,
            http_status=200,
            summary=summary,
            request=Message((("Content-Type", "application/soap+xml"), ("X-Name", "ü")), body, parts),
            response=Message((("Content-Type", "application/soap+xml"),), b"<response/>"),
            findings=findings,
        )

    return make


@pytest.fixture(scope="session")
def child_script() -> Path:
    return Path(__file__).with_name("child.py")


@pytest.fixture(scope="session")
def child(child_script: Path) -> ModuleType:
    """The module that children run, for what it says of the data they write."""
    spec = importlib.util.spec_from_file_location("store_test_child", child_script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
