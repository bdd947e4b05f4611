"""The WSDL that the mock server gives out, in the hands of the generators that read it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ihe_test_util.transactions import TRANSACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interop.conftest import Client, Mock, Submission

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

#: As configured by default.
REPOSITORY = "2.999.1.2"
EACH_PATH = pytest.mark.parametrize("path", list(dict.fromkeys(card.path for card in TRANSACTIONS)))
CROWDED_PATH = pytest.mark.parametrize("path", ["/registry", "/repository", "/patients"])


@EACH_PATH
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


@CROWDED_PATH
def test_wsimport_makes_java_of_a_path_that_transactions_share(
    wsimport: "Callable[[str, Path], None]", crowded_mock: "Mock", tmp_path: Path, path: str
) -> None:
    """All of a registry, a repository or a patient manager at one path: one service with their operations."""
    wsimport(f"{crowded_mock.url}{path}?wsdl", tmp_path)
    assert list(tmp_path.rglob("*.class"))


@pytest.mark.parametrize("binding", ["soap12", "soap"])
def test_java_made_of_it_retrieves_a_document(
    stub_client: "Callable[[str], Client]", java_client: "Client", mock: "Mock", submission: "Submission", binding: str
) -> None:
    """Nothing but generated classes, and the document arrives as a DataHandler, whichever version of SOAP."""
    assert java_client("submit", f"{mock.url}/iti41/submit", *submission.operands).accepted
    url, file = f"{mock.url}/iti43/retrieve", submission.document.with_name("retrieved")

    outcome = stub_client(url)(url, binding, REPOSITORY, submission.unique_id, file)

    assert outcome.accepted, outcome.output
    assert file.read_bytes() == submission.document.read_bytes()


@EACH_PATH
def test_gsoap_makes_c_of_it(wsdl2h: "Callable[[str, Path], None]", mock: "Mock", tmp_path: Path, path: str) -> None:
    """The tools wsdl2h and soapcpp2 generate a client."""
    wsdl2h(f"{mock.url}{path}?wsdl", tmp_path)
    assert (tmp_path / "soapClient.c").is_file()


@CROWDED_PATH
def test_gsoap_makes_c_of_a_path_that_transactions_share(
    wsdl2h: "Callable[[str, Path], None]", crowded_mock: "Mock", tmp_path: Path, path: str
) -> None:
    """All of a registry, a repository or a patient manager at one path."""
    wsdl2h(f"{crowded_mock.url}{path}?wsdl", tmp_path)
    assert (tmp_path / "soapClient.c").is_file()


def test_gsoap_gets_documents_by_mtom(wsdl2h: "Callable[[str, Path], None]", mock: "Mock", tmp_path: Path) -> None:
    """The type made for a retrieved document is the one that takes what comes as a part."""
    wsdl2h(f"{mock.url}/iti43/retrieve?wsdl", tmp_path)
    assert re.search(r"struct xsd__base64Binary +Document ", (tmp_path / "service.h").read_text())
