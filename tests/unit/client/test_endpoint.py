"""An endpoint's URL is checked when it is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.client.endpoint import Endpoint
from ihe_test_util.errors import BadInput


@pytest.mark.parametrize(
    ("url", "host_port", "address", "target"),
    [
        ("http://localhost:8080/pix/add", "localhost:8080", "http://localhost:8080/pix/add", "/pix/add"),
        ("https://Pix.Example.org", "pix.example.org:443", "https://Pix.Example.org/", "/"),
        ("http://[::1]:9/a?b=c#d", "[::1]:9", "http://[::1]:9/a?b=c", "/a?b=c"),
        (" http://user:secret@h/p ", "h:80", "http://h/p", "/p"),
    ],
)
def test_an_endpoint_knows_its_parts(url: str, host_port: str, address: str, target: str) -> None:
    """Host and port for messages, an address that shows no password, a target for the record."""
    endpoint = Endpoint(url)
    assert (endpoint.host_port, endpoint.address, endpoint.target) == (host_port, address, target)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "does not begin with http"),
        ("localhost:8080/pix", "does not begin with http"),
        ("ftp://host/", "does not begin with http"),
        ("http:///pix", "names no host"),
        ("http://ho st/", "names no host"),
        ("http://host:0/", "port 0"),
        ("http://host:70000/", "cannot be read"),
        ("http://host:80a/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
    ],
)
def test_what_is_no_url_is_refused(url: str, sentence: str) -> None:
    """The message says what one looks like."""
    with pytest.raises(BadInput, match=sentence):
        Endpoint(url)


def test_a_forgotten_scheme_is_offered() -> None:
    """host:port/path is what people type."""
    with pytest.raises(BadInput) as caught:
        Endpoint("localhost:8080/pix/add")
    assert caught.value.hint == "http://localhost:8080/pix/add"


@given(st.text())
def test_any_text_is_an_endpoint_or_bad_input(text: str) -> None:
    """No text makes an error of another kind."""
    try:
        endpoint = Endpoint(text)
    except BadInput:
        return
    assert endpoint.address.startswith(("http://", "https://"))
    assert endpoint.host_port


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost:8080", True),
        ("LocalHost", True),
        ("mock.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9:1", True),
        ("[::1]:8443", True),
        ("127.0.0.1.example.org", False),
        ("localhost.example.org", False),
        ("10.0.0.1", False),
        ("[2001:db8::1]", False),
        ("pix.example.org", False),
    ],
)
def test_this_very_machine_is_known_by_name_or_address(host: str, local: bool) -> None:  # noqa: FBT001 - a parameter
    """RFC 6761, 6.3; names that only begin like it are others."""
    assert Endpoint(f"http://{host}/").local is local
