"""The WSDL that the mock server gives out, in the hands of the generators that read it."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interop.conftest import Mock

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]


@pytest.mark.parametrize("path", ["/pix/add", "/iti41/submit"])
def test_wsimport_makes_java_of_it(
    wsimport: "Callable[[str, Path], None]", mock: "Mock", tmp_path: Path, path: str
) -> None:
    """JAX-WS RI generates and compiles a client."""
    wsimport(f"{mock.url}{path}?wsdl", tmp_path)
    assert list(tmp_path.rglob("*.class"))


def test_java_sends_documents_by_mtom(wsimport: "Callable[[str, Path], None]", mock: "Mock", tmp_path: Path) -> None:
    """The class made for a document of ITI-41 holds a DataHandler, which is what goes out as an MTOM part."""
    wsimport(f"{mock.url}/iti41/submit?wsdl", tmp_path)
    (request,) = tmp_path.rglob("ProvideAndRegisterDocumentSetRequest.java")
    assert "DataHandler value" in request.read_text()


@pytest.mark.parametrize("path", ["/pix/add", "/iti41/submit"])
def test_gsoap_makes_c_of_it(wsdl2h: "Callable[[str, Path], None]", mock: "Mock", tmp_path: Path, path: str) -> None:
    """The tools wsdl2h and soapcpp2 generate a client."""
    wsdl2h(f"{mock.url}{path}?wsdl", tmp_path)
    assert (tmp_path / "soapClient.c").is_file()
