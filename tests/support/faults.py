"""What every fault must be: a SOAP message of the right version and HTTP status that says what was wrong, no more."""

from lxml import etree

from ihe_test_util.soap.version import SoapVersion
from tests.support.peer import Answer

#: Nothing of these may ever reach a peer.
SECRETS = ("Traceback", 'File "', "root:x:0:0", "site-packages", "src/ihe_test_util", "top secret")


def assert_fault(
    answer: Answer, code: str, *words: str, status: int | None = None, version: SoapVersion = SoapVersion.V12
) -> None:
    """It is a fault with this code (by its SOAP 1.2 name) and these words in its reason; nothing leaks.

    ``status`` is that of HTTP where it is not the one of the version's HTTP binding for this code.
    """
    text = answer.body.decode()
    root = answer.xml
    assert etree.QName(root).namespace == version.namespace, text
    assert answer.content_type == f"{version.media_type}; charset=UTF-8"
    expected_code = {"Sender": "Client", "Receiver": "Server"}.get(code, code) if version is SoapVersion.V11 else code
    assert answer.fault.startswith(f"{expected_code}: "), text
    bound = 400 if version is SoapVersion.V12 and code == "Sender" else 500
    assert answer.status == (bound if status is None else status), text
    for word in words:
        assert word in answer.fault, answer.fault
    for secret in SECRETS:
        assert secret not in text
