"""Samples of ITI-44, its readers, and the schemas of HL7."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ihe_test_util.content import Content
from ihe_test_util.transactions.pix_add import SPEC, PixAddRequest, PixAddResponse
from ihe_test_util.xml.io import Element, parse
from tests.support.schemas import CHECK, Problems, schema_check

ROOT = Path(__file__).parents[4]
SAMPLES = ROOT / "tests/data/ITI-44"


class NoAttachments:
    """ITI-44 has none."""

    def content_of(self, element: Element) -> Content:
        """Fail: no reader of ITI-44 asks."""
        raise AssertionError(f"ITI-44 has no attachments, asked for that of {element.tag}")


@pytest.fixture(scope="session")
def sample() -> Callable[[str], Element]:
    return lambda name: parse((SAMPLES / f"{name}.xml").read_bytes())


@pytest.fixture(scope="session")
def read() -> Callable[[Element], PixAddRequest]:
    return lambda element: SPEC.parse_request(element, NoAttachments())


@pytest.fixture(scope="session")
def read_answer() -> Callable[[Element], PixAddResponse]:
    return lambda element: SPEC.parse_response(element, NoAttachments())


@pytest.fixture(scope="session")
def request_of(
    sample: Callable[[str], Element], read: Callable[[Element], PixAddRequest]
) -> Callable[[str], PixAddRequest]:
    return lambda name: read(sample(name))


@pytest.fixture(scope="session")
def schema_problems() -> Problems:
    check = schema_check()
    if check is None:
        pytest.skip(f"the schemas of HL7 are not at {CHECK.parent}")
    return check
