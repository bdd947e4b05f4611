"""The open pack of test plans: every step passes that is not doubtful, or has its reason in docs/conformance.md."""

import asyncio
from pathlib import Path

import pytest

from ihe_test_util.transactions.table import TRANSACTIONS
from tests.support.peer import StartMock
from tests.support.testplans import CODES, OPTIONS, ROOT, RUNNER, Step, run_pack

pytestmark = pytest.mark.skipif(not RUNNER.exists(), reason=f"the test plans are not at {RUNNER.parent}")
_PAGE = ROOT / "docs" / "conformance.md"


@pytest.mark.timeout(300)
async def test_the_open_pack_passes(start_mock: StartMock, tmp_path: Path) -> None:
    """Against a strict affinity domain with the codes of the plans; answers are schema-valid.

    A step that fails is to be named in the page, with a reason that a reader of the Technical Framework accepts.
    """
    offered = {card.code for card in TRANSACTIONS} & set(OPTIONS)
    strict = {code: {"validation_mode": "strict"} for code in offered - {"ITI-44"}}
    mock = await start_mock(codes_path=str(CODES), endpoint_behaviors=strict)
    urls = {card.code: mock.url + card.path for card in TRANSACTIONS if card.code in OPTIONS}

    steps = await asyncio.to_thread(run_pack, urls, result=tmp_path / "result.json")

    explained = _PAGE.read_text(encoding="utf-8")
    failed = [step for step in steps if step.outcome == "failed" and not step.doubtful]
    assert [step for step in failed if f"`{step.name}`" not in explained] == []
    assert [step.name for step in steps if step.outcome == "skipped" and step.transaction in OPTIONS] == []
    for code in OPTIONS:
        assert f"| {code} | {_passed(steps, code)} | 0 |" in explained


def _passed(steps: list[Step], code: str) -> int:
    return sum(step.outcome == "passed" and step.counted_as == code and not step.doubtful for step in steps)
