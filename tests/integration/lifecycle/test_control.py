"""The paths by which our own commands control a running server."""

import pytest

from ihe_test_util.mock_server.app import is_loopback
from tests.support.peer import Peer


async def test_a_reload_tells_the_state_of_the_configuration(mock: Peer) -> None:
    """POST /-/reload gives the state, and where each value came from."""
    answer = await mock.session.post(mock.url + "/-/reload")

    state = await answer.json()
    assert (answer.status, state["state"], state["error"]) == (200, "ok", "")


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::1%lo", True),
        ("10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_only_this_machine_may_control(address: str, own: bool) -> None:  # noqa: FBT001 - a column
    """A server that listens on every interface is stopped and reloaded only from its own machine."""
    assert is_loopback(address) is own
