"""Assertions that may be used once: a file remembers them, for several processes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ihe_test_util.errors import StorageError
from ihe_test_util.security.refusals import Reason
from ihe_test_util.security.replay import ReplayCache
from ihe_test_util.security.saml import Assertion, AssertionSettings
from ihe_test_util.security.saml_verify import Expectations, Verification, verify_bytes
from ihe_test_util.security.signers import Trust
from ihe_test_util.xml.io import serialize
from tests.support import forge

NOW_S = forge.NOW.timestamp()


def judged(cache: ReplayCache, *, says_so: bool, one_time: bool = False, number: str = "1") -> Verification:
    """An assertion, issued and presented at ``forge.NOW``."""
    signer = forge.identity("Example signer")
    settings = AssertionSettings(one_time_use=says_so)
    data = serialize(Assertion.issue(settings, signer, forge.NOW, lambda: number))
    expect = Expectations(replay_cache=cache, one_time=one_time)
    return verify_bytes(data, trust=Trust(pinned=(signer.certificate,)), expect=expect, now=forge.NOW)


def test_one_time_use_is_once(tmp_path: Path) -> None:
    """The second time it is refused, and its sisters are not."""
    cache = ReplayCache(tmp_path / "used.db")
    assert judged(cache, says_so=True).valid
    assert [each.reason for each in judged(cache, says_so=True).refusals] == [Reason.REPLAYED]
    assert judged(cache, says_so=True, number="2").valid


def test_others_may_be_used_again_unless_asked_for(tmp_path: Path) -> None:
    """One assertion for a whole run is legitimate."""
    cache = ReplayCache(tmp_path / "used.db")
    assert judged(cache, says_so=False).valid
    assert judged(cache, says_so=False).valid
    assert judged(cache, says_so=False, one_time=True).valid
    assert not judged(cache, says_so=False, one_time=True).valid


def test_what_is_refused_is_not_used_up(tmp_path: Path) -> None:
    """Nobody can make an assertion useless by presenting it in the wrong place."""
    cache = ReplayCache(tmp_path / "used.db")
    signer = forge.identity("Example signer")
    data = serialize(Assertion.issue(AssertionSettings(one_time_use=True), signer, forge.NOW, lambda: "1"))
    trust, expect = Trust(pinned=(signer.certificate,)), Expectations(replay_cache=cache)

    assert not verify_bytes(data, trust=trust, expect=replace(expect, audience="urn:x:y"), now=forge.NOW).valid
    assert verify_bytes(data, trust=trust, expect=expect, now=forge.NOW).valid


def test_the_same_id_of_another_issuer_is_another_assertion(tmp_path: Path) -> None:
    """IDs are unique for an issuer."""
    cache = ReplayCache(tmp_path / "used.db")
    assert cache.use("a", "1", expires_s=NOW_S + 60, now=forge.NOW)
    assert cache.use("b", "1", expires_s=NOW_S + 60, now=forge.NOW)


def test_what_nobody_would_take_any_more_is_forgotten(tmp_path: Path) -> None:
    """So the file does not grow for ever."""
    cache = ReplayCache(tmp_path / "used.db")
    assert cache.use("a", "1", expires_s=NOW_S + 60, now=forge.NOW)
    assert not cache.use("a", "1", expires_s=NOW_S + 60, now=forge.NOW + timedelta(seconds=60))
    assert cache.use("a", "1", expires_s=NOW_S + 60, now=forge.NOW + timedelta(seconds=61))


def test_of_many_at_once_one_is_the_first(tmp_path: Path) -> None:
    """Each opens the file for itself."""
    cache = ReplayCache(tmp_path / "used.db")
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: cache.use("a", "1", expires_s=NOW_S + 60, now=forge.NOW), range(40)))
    assert sorted(outcomes) == [False] * 39 + [True]


@pytest.mark.parametrize("content", [b"no database, but a text that is long enough to be taken for one" * 20, None])
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, content: bytes | None) -> None:
    """A text, a directory; it is left as it is."""
    path = tmp_path / "used.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(StorageError, match="the file of used assertions cannot be used") as refused:
        ReplayCache(path).use("a", "1", expires_s=NOW_S, now=forge.NOW)
    assert refused.value.where == str(path)
    assert content is None or path.read_bytes() == content
