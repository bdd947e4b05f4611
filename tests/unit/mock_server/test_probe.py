"""Where a server is reached, and what its answer says."""

import pytest

from ihe_test_util.mock_server.probe import Address, Health
from ihe_test_util.mock_server.serving import Endpoint


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("::1", "http://[::1]:8080"),
        ("localhost", "http://localhost:8080"),
        ("192.0.2.7", "http://192.0.2.7:8080"),
    ],
)
def test_a_server_on_every_interface_is_reached_by_loopback(host: str, url: str) -> None:
    """Windows cannot connect to 0.0.0.0; an IPv6 address stands in brackets."""
    assert Address("http", host, 8080).url == url


def test_health_is_read_as_far_as_it_goes() -> None:
    """What is missing or odd is empty, never an error."""
    health = Health({"instance_id": "x", "uptime_seconds": "long", "transactions": [{"code": "ITI-44"}, 7]})

    assert (health.instance_id, health.uptime_s, health.request_count) == ("x", 0.0, 0)
    assert health.endpoints == (Endpoint("ITI-44", "", ""),)
    assert health.config == {}
