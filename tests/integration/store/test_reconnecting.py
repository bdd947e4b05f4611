"""A database that hung up, as one does that was restarted, is asked again; nobody notices."""

from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest

from ihe_test_util.domain.patients import Patient
from ihe_test_util.store.opening import Store

_HANG_UP = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE application_name = 'ihe-test-util' AND pid <> pg_backend_pid()
"""


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_connection_that_was_lost_is_made_again(
    store: Store, store_url: str, patient: Callable[..., Patient], at: datetime
) -> None:
    """What was stored before is found, and what comes after is stored, on new connections."""
    await store.patients.feed(patient("P-1"), at=at)
    assert await store.patients.count() == 1

    with psycopg.connect(store_url, autocommit=True) as administrator:
        ended = administrator.execute(_HANG_UP).fetchall()
    await store.patients.feed(patient("P-2"), at=at)

    assert len(ended) >= 2
    assert await store.patients.count() == 2
    assert await store.patients.get("2.999.1.1", "P-1") == patient("P-1")
