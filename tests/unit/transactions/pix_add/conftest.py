"""Samples of ITI-44, its readers, and the schemas of HL7."""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest

from ihe_test_util.content import Content
from ihe_test_util.transactions.pix_add import SPEC, PixAddRequest, PixAddResponse
from ihe_test_util.xml.io import Element, parse

ROOT = Path(__file__).parents[4]
SAMPLES = ROOT / "tests/data/ITI-44"

Problems = Callable[[Element], Sequence[tuple[int, str]]]


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
    path = ROOT.parent / "shared/schemas/check.py"
    if not path.is_file():
        pytest.skip(f"the schemas of HL7 are not at {path.parent}")
    spec = importlib.util.spec_from_file_location("schema_check", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("Problems", module.problems)
