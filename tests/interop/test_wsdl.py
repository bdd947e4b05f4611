"""The WSDL that the mock server gives out, in the hands of the generators that read it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ihe_test_util.transactions.table import TRANSACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.interop.conftest import Client, Mock, Submission

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

#: As configured by default.
REPOSITORY = "2.999.1.2"
PATHS = tuple(dict.fromkeys(card.path for card in TRANSACTIONS))
CROWDED_PATHS = ("/registry", "/repository", "/patients")


def test_wsimport_makes_java_of_it(
    wsimport: "Callable[[Path, Sequence[str]], None]", mock: "Mock", crowded_mock: "Mock", tmp_path: Path
) -> None:
    """JAX-WS RI generates and compiles a client for every path; for those that transactions share, too."""
    urls = [f"{mock.url}{path}?wsdl" for path in PATHS]
    urls += [f"{crowded_mock.url}{path}?wsdl" for path in CROWDED_PATHS]

    wsimport(tmp_path, urls)

    assert all(list((tmp_path / str(number)).rglob("*.class")) for number in range(len(urls)))
    # What goes out as an MTOM part, and what comes as one, is a DataHandler.
    for name in ("ProvideAndRegisterDocumentSetRequest", "RetrieveDocumentSetResponse"):
        sources = list(tmp_path.rglob(f"{name}.java"))
        assert len(sources) == 2
        assert all("protected DataHandler" in source.read_text() for source in sources)


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


@pytest.mark.parametrize("path", PATHS)
def test_gsoap_makes_c_of_it(wsdl2h: "Callable[[str, Path], None]", mock: "Mock", tmp_path: Path, path: str) -> None:
    """The tools wsdl2h and soapcpp2 generate a client."""
    wsdl2h(f"{mock.url}{path}?wsdl", tmp_path)
    assert (tmp_path / "soapClient.c").is_file()


@pytest.mark.parametrize("path", CROWDED_PATHS)
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
