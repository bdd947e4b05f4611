"""Samples of ITI-41, their readers, and the schemas of XDS.b."""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ihe_test_util.content import Attachment, Content
from ihe_test_util.transactions.card import Payload
from ihe_test_util.transactions.iti41 import SPEC, ProvideAndRegisterRequest
from ihe_test_util.xml.io import Element, parse
from ihe_test_util.xml.xop import INCLUDE
from tests.support.schemas import CHECK, Problems, schema_check

ROOT = Path(__file__).parents[4]
SAMPLES = ROOT / "tests/data/ITI-41"


class Parts:
    """Contents that stand in the XML as base64, or beside it as attachments."""

    def __init__(self, attachments: Sequence[Attachment] = ()) -> None:
        self._by_href = {f"cid:{each.content_id}": each.content for each in attachments}

    def content_of(self, element: Element) -> Content:
        """The attachment that an xop:Include points to, else the decoded text."""
        include = element.find(INCLUDE)
        if include is not None:
            return self._by_href[include.get("href", "")]
        return Content.of(base64.b64decode(element.text or ""))


@pytest.fixture(scope="session")
def sample() -> Callable[[str], Element]:
    return lambda name: parse((SAMPLES / f"{name}.xml").read_bytes())


@pytest.fixture(scope="session")
def parts() -> Parts:
    return Parts()


@pytest.fixture(scope="session")
def read() -> Callable[[Element], ProvideAndRegisterRequest]:
    return lambda element: SPEC.parse_request(element, Parts())


@pytest.fixture(scope="session")
def read_back() -> Callable[[Payload], ProvideAndRegisterRequest]:
    return lambda payload: SPEC.parse_request(payload.element, Parts(payload.attachments))


@pytest.fixture(scope="session")
def request_of(
    sample: Callable[[str], Element], read: Callable[[Element], ProvideAndRegisterRequest]
) -> Callable[[str], ProvideAndRegisterRequest]:
    return lambda name: read(sample(name))


@pytest.fixture(scope="session")
def schema_problems() -> Problems:
    check = schema_check()
    if check is None:
        pytest.skip(f"the schemas of XDS.b are not at {CHECK.parent}")
    return check
