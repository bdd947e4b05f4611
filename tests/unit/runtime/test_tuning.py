"""The interpreter is settled for a while, and then as it was."""

import gc
import logging

import pytest

from ihe_test_util.runtime.tuning import tuned


def test_everything_is_put_back() -> None:
    """Also when what was done meanwhile failed: whoever shares the process keeps their log records whole."""
    before = _settings()
    inside = []

    def fail() -> None:
        with tuned():
            inside.append(_settings())
            raise ValueError("meant")

    with pytest.raises(ValueError, match="meant"):
        fail()

    assert inside != [before]
    assert _settings() == before


def _settings() -> tuple[object, ...]:
    return gc.get_threshold(), logging.logThreads, logging.logProcesses, logging.logMultiprocessing
