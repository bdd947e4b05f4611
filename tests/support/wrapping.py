"""The eight known ways to wrap a signature (XSW1 to XSW8; Somorovsky and others, USENIX Security 2012).

Each takes a signed document apart and returns one in which the signature still verifies, while a reader that looks
in the usual place finds what the attacker wrote.
"""

import copy
from collections.abc import Callable
from typing import Final

from lxml import etree

from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element

EVIL: Final = "attacker"
_ASSERTION: Final = f"{{{ns.SAML}}}Assertion"
_SIGNATURE: Final = f"{{{ns.DS}}}Signature"


def response(*children: Element, response_id: str = "_response") -> Element:
    """A samlp:Response around copies of elements."""
    root = etree.Element(f"{{{ns.SAMLP}}}Response", {"ID": response_id, "Version": "2.0"}, nsmap={"samlp": ns.SAMLP})
    etree.SubElement(root, f"{{{ns.SAML}}}Issuer", nsmap={"saml2": ns.SAML}).text = "urn:oid:2.999.40"
    root.extend(copy.deepcopy(child) for child in children)
    return root


def evil(signed: Element, *, keep_signature: bool = False) -> Element:
    """A copy of an assertion that names the attacker, under another ID."""
    copied = copy.deepcopy(signed)
    copied.set("ID", "_evil")
    name = copied.find(f".//{{{ns.SAML}}}NameID")
    assert name is not None
    name.text = EVIL
    if not keep_signature:
        copied.remove(_child(copied, _SIGNATURE))
    return copied


def _bare(signed: Element) -> Element:
    copied = copy.deepcopy(signed)
    copied.remove(_child(copied, _SIGNATURE))
    return copied


def _child(element: Element, tag: str) -> Element:
    found = element.find(tag)
    assert found is not None
    return found


def _evil_response(signed_response: Element) -> tuple[Element, Element]:
    """A response of the attacker's with the signature of the good one, and the good one without it."""
    forged = copy.deepcopy(signed_response)
    forged.set("ID", "_evil-response")
    forged.replace(_child(forged, _ASSERTION), evil(_child(forged, _ASSERTION), keep_signature=True))
    return forged, _bare(signed_response)


def xsw1(signed_response: Element) -> Element:
    """The good response lies in the signature of the forged one."""
    forged, good = _evil_response(signed_response)
    _child(forged, _SIGNATURE).append(good)
    return forged


def xsw2(signed_response: Element) -> Element:
    """The good response lies before the signature of the forged one."""
    forged, good = _evil_response(signed_response)
    _child(forged, _SIGNATURE).addprevious(good)
    return forged


def xsw3(signed: Element) -> Element:
    """The forged assertion stands before the good one."""
    return response(evil(signed), signed)


def xsw4(signed: Element) -> Element:
    """The good assertion lies in the forged one."""
    forged = evil(signed)
    forged.append(copy.deepcopy(signed))
    return response(forged)


def xsw5(signed: Element) -> Element:
    """The forged assertion bears the signature, the good one follows without it."""
    return response(evil(signed, keep_signature=True), _bare(signed))


def xsw6(signed: Element) -> Element:
    """The forged assertion bears the signature, in which the good one lies."""
    forged = evil(signed, keep_signature=True)
    _child(forged, _SIGNATURE).append(_bare(signed))
    return response(forged)


def xsw7(signed: Element) -> Element:
    """The forged assertion lies in an extension, under the same ID."""
    root = response(signed)
    extension = etree.Element(f"{{{ns.SAMLP}}}Extensions")
    forged = evil(signed)
    forged.set("ID", signed.get("ID", ""))
    extension.append(forged)
    root.insert(1, extension)
    return root


def xsw8(signed: Element) -> Element:
    """The forged assertion bears the signature, in an Object of which the good one lies."""
    forged = evil(signed, keep_signature=True)
    etree.SubElement(_child(forged, _SIGNATURE), f"{{{ns.DS}}}Object").append(_bare(signed))
    return response(forged)


OF_RESPONSES: Final[tuple[Callable[[Element], Element], ...]] = (xsw1, xsw2)
OF_ASSERTIONS: Final[tuple[Callable[[Element], Element], ...]] = (xsw3, xsw4, xsw5, xsw6, xsw7, xsw8)
