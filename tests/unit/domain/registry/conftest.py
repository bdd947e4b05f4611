"""A registry that knows two patients."""

from collections.abc import Iterator

import pytest

from tests.support.registries import Registry
from tests.support.submissions import OTHER_PATIENT, PATIENT
from tests.support.worlds import MemoryRegistry


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry that knows two patients."""
    store = MemoryRegistry()
    for patient_id in (PATIENT, OTHER_PATIENT):
        store.feed(patient_id)
    yield Registry(store)
    store.close()
