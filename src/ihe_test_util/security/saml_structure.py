"""Where the one assertion of a document stands, and that its one signature can only be about it.

These checks come before any cryptography. A wrapping attack (XSW) needs a second assertion, or a signature that is
about something else than what is read; so there may be one assertion, whose signature is its own child after the
Issuer, and which refers to nothing but it.
"""

from dataclasses import dataclass
from typing import Final, NoReturn

from lxml import etree

from ihe_test_util.security.refusals import Reason, Refused
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, line_of

_ASSERTION: Final = f"{{{ns.SAML}}}Assertion"
_SIGNATURE: Final = f"{{{ns.DS}}}Signature"
#: Where an assertion may stand, beside being the document itself.
_PARENTS: Final = frozenset(
    {f"{{{ns.WSSE}}}Security", f"{{{ns.SAMLP}}}Response", f"{{{ns.WST}}}RequestedSecurityToken"}
)
_ENCLOSING: Final = frozenset({ns.SOAP11, ns.SOAP12, ns.WST, ns.WSSE, ns.SAMLP})
_ID_NAMES: Final = frozenset({"ID", "Id", "id"})
_SIGNATURE_CHILDREN: Final = (("SignedInfo", "SignatureValue"), ("SignedInfo", "SignatureValue", "KeyInfo"))
_ENVELOPED: Final = f"{ns.DS}enveloped-signature"
_EXCLUSIVE: Final = frozenset({ns.EXC_C14N, f"{ns.EXC_C14N}WithComments"})
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_XMLENC: Final = "http://www.w3.org/2001/04/xmlenc#"
RSA_METHODS: Final = frozenset(f"{_MORE}rsa-sha{bits}" for bits in (256, 384, 512))
ECDSA_METHODS: Final = frozenset(f"{_MORE}ecdsa-sha{bits}" for bits in (256, 384, 512))
DIGEST_METHODS: Final = frozenset({f"{_XMLENC}sha256", f"{_MORE}sha384", f"{_XMLENC}sha512"})
_WEAK: Final = ("sha1", "md5", "ripemd160", "sha224")
_CORE: Final = "SAML Core, 5.4"


@dataclass(frozen=True, slots=True)
class Located:
    """The assertion of a document and the parts of its signature, which are checked for form and not yet for truth."""

    assertion: Element
    signature: Element
    method: str


def locate(document: Element) -> Located:
    """Find the one assertion and its own signature.

    Raises:
        Refused: there is none or more than one, it stands in an odd place, holds comments, or its signature is
            missing, misplaced, about something else, or made with what nobody should accept.
    """
    assertion = _only_assertion(document)
    _check_place(assertion)
    _check_nodes(assertion)
    _check_id(document, assertion)
    signature = _own_signature(assertion)
    return Located(assertion, signature, _check_signed_info(assertion, signature))


def place(element: Element) -> str:
    """An XPath for people: local names from the root, with the line."""
    path = "/".join(etree.QName(each).localname for each in (*reversed(list(element.iterancestors())), element))
    line = line_of(element)
    return f"/{path}" + (f" (line {line})" if line else "")


def _only_assertion(document: Element) -> Element:
    found = list(document.iter(_ASSERTION))
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(
            Reason.SEVERAL_ASSERTIONS,
            _CORE,
            f"the document holds {len(found)} assertions, which is how signatures are wrapped",
            where=", ".join(place(each) for each in found[:3]),
            got=", ".join(repr(each.get("ID")) for each in found[:3]),
            expected="one",
            hint="send one assertion; cut it out of the document to verify it alone",
        )
    for name in (f"{{{ns.SAML}}}EncryptedAssertion", f"{{{ns.SAML11}}}Assertion"):
        other = next(document.iter(name), None)
        if other is not None:
            encrypted = "Encrypted" in name
            raise Refused(
                Reason.ENCRYPTED if encrypted else Reason.NO_ASSERTION,
                "ITI TF-2: 3.40.4.1.2",
                "the assertion is encrypted" if encrypted else "the assertion is of SAML 1.1",
                where=place(other),
                expected=f"an Assertion in namespace {ns.SAML!r}",
                hint="have it issued without encryption" if encrypted else "have it issued as SAML 2.0",
            )
    raise Refused(
        Reason.NO_ASSERTION,
        "ITI TF-2: 3.40.4.1.2",
        "the document holds no SAML 2.0 assertion",
        got=f"root element {document.tag}",
        expected=f"an Assertion in namespace {ns.SAML!r}, alone or in a wsse:Security header",
    )


def _check_place(assertion: Element) -> None:
    above = list(assertion.iterancestors())
    if not above:
        return
    enclosing = all(etree.QName(each).namespace in _ENCLOSING for each in above)
    header = "Header" in {etree.QName(each).localname for each in above[1:]} or len(above) == 1
    if above[0].tag in _PARENTS and enclosing and (header or above[0].tag != f"{{{ns.WSSE}}}Security"):
        return
    raise Refused(
        Reason.MISPLACED,
        "WSS SAML Token Profile, 3.2",
        "the assertion stands where nobody would look for it",
        where=place(assertion),
        expected="the document itself, a child of wsse:Security in the SOAP Header, of samlp:Response,"
        " or of wst:RequestedSecurityToken",
        hint="cut the assertion out of the document to verify it alone",
    )


def _check_nodes(assertion: Element) -> None:
    for node in assertion.iter(etree.Comment, etree.PI, etree.Entity):
        around = node.getparent()
        raise Refused(
            Reason.COMMENT,
            "XML Signature Best Practices, 3.1",
            "there is a comment or processing instruction in the assertion, which may split a signed text",
            where=place(assertion if around is None else around),
            got=str(node)[:60],
            hint="have it issued without",
        )


def _check_id(document: Element, assertion: Element) -> None:
    own = assertion.get("ID")
    if not own:
        raise Refused(
            Reason.MALFORMED, "SAML Core, 2.3.3", "the assertion has no ID", where=place(assertion), expected="ID"
        )
    for element in document.iter(etree.Element):
        names = [name for name, value in element.attrib.items() if value == own and _is_id(str(name))]
        if names and (element is not assertion or len(names) > 1):
            raise Refused(
                Reason.DUPLICATE_ID,
                "SAML Core, 1.3.4",
                "the assertion's ID is given twice, so that a reference to it is ambiguous",
                where=place(element),
                got=repr(own),
                expected="an ID of its own for each element",
            )


def _is_id(name: str) -> bool:
    return name.rpartition("}")[2] in _ID_NAMES


def _own_signature(assertion: Element) -> Element:
    found = list(assertion.iter(_SIGNATURE))
    if not found:
        raise Refused(
            Reason.UNSIGNED,
            _CORE,
            "the assertion is not signed",
            where=place(assertion),
            expected="a ds:Signature after its Issuer; that of a Response around it does not count",
        )
    if len(found) > 1:
        raise Refused(
            Reason.SEVERAL_SIGNATURES,
            _CORE,
            "the assertion holds several signatures",
            where=", ".join(place(each) for each in found[:3]),
            expected="one",
        )
    signature = found[0]
    before = signature.getprevious()
    if signature.getparent() is not assertion or before is None or before.tag != f"{{{ns.SAML}}}Issuer":
        raise Refused(
            Reason.SIGNATURE_MISPLACED,
            "SAML Core, 2.3.3",
            "the signature is not the assertion's own",
            where=place(signature),
            expected="a child of the Assertion, right after its Issuer",
        )
    names = tuple(etree.QName(child).localname for child in signature)
    if names not in _SIGNATURE_CHILDREN or any(etree.QName(child).namespace != ns.DS for child in signature):
        raise Refused(
            Reason.SIGNATURE_MALFORMED,
            "XML Signature, 4.2",
            "the signature holds other things than a signature needs",
            where=place(signature),
            got=", ".join(names),
            expected="SignedInfo, SignatureValue, KeyInfo",
        )
    return signature


def _check_signed_info(assertion: Element, signature: Element) -> str:
    info = signature[0]
    references = info.findall(f"{{{ns.DS}}}Reference")
    if len(references) != 1:
        raise Refused(
            Reason.SEVERAL_REFERENCES if references else Reason.NO_REFERENCE,
            "SAML Core, 5.4.2",
            "the signature is about several things" if references else "the signature is about nothing",
            where=place(info),
            got=f"{len(references)} References",
            expected="one Reference, to the assertion",
        )
    reference = references[0]
    wanted = f"#{assertion.get('ID')}"
    if reference.get("URI") != wanted:
        raise Refused(
            Reason.OTHER_ELEMENT,
            "SAML Core, 5.4.2",
            "the signature is about another element",
            where=place(reference),
            got=f"URI={reference.get('URI')!r}",
            expected=f"URI={wanted!r}, the ID of the assertion",
        )
    _check_transforms(reference)
    canonicalization = _algorithm(info, "CanonicalizationMethod")
    if canonicalization not in _EXCLUSIVE:
        _refuse_canonicalization(info, canonicalization)
    _check_algorithm(_algorithm(reference, "DigestMethod"), DIGEST_METHODS, "digest", reference)
    method = _algorithm(info, "SignatureMethod")
    _check_algorithm(method, RSA_METHODS | ECDSA_METHODS, "signature", info)
    return method


def _check_transforms(reference: Element) -> None:
    listed = [each.get("Algorithm", "") for each in reference.iterfind(f"{{{ns.DS}}}Transforms/{{{ns.DS}}}Transform")]
    unknown = [each for each in listed if each != _ENVELOPED and each not in _EXCLUSIVE]
    if unknown and any("c14n" in each for each in unknown):
        _refuse_canonicalization(reference, unknown[0])
    if unknown or len(listed) != 2 or listed[0] != _ENVELOPED or listed[1] not in _EXCLUSIVE:  # noqa: PLR2004 - these two
        raise Refused(
            Reason.TRANSFORM,
            "SAML Core, 5.4.4",
            "the signature transforms what it signs in a way that SAML does not allow",
            where=place(reference),
            got=", ".join(listed) or "no Transform",
            expected=f"{_ENVELOPED}, {ns.EXC_C14N}",
        )


def _refuse_canonicalization(where: Element, got: str) -> NoReturn:
    raise Refused(
        Reason.CANONICALIZATION,
        "SAML Core, 5.4.3",
        "the signature does not use exclusive canonicalization, so it breaks when the assertion is moved",
        where=place(where),
        got=got,
        expected=ns.EXC_C14N,
    )


def _algorithm(parent: Element, name: str) -> str:
    found = parent.findall(f"{{{ns.DS}}}{name}")
    if len(found) != 1 or not found[0].get("Algorithm"):
        raise Refused(
            Reason.SIGNATURE_MALFORMED,
            "XML Signature, 4.4",
            f"the signature does not name its {name} once",
            where=place(parent),
            got=f"{len(found)} of them",
            expected=f"one ds:{name} with an Algorithm",
        )
    return found[0].get("Algorithm", "")


def _check_algorithm(algorithm: str, known: frozenset[str], what: str, where: Element) -> None:
    if algorithm in known:
        return
    fragment = algorithm.rpartition("#")[2].lower()
    if "hmac" in fragment:
        reason, message = Reason.HMAC, "the signature is an HMAC, which anybody can make who knows the public key"
    elif any(weak in fragment for weak in _WEAK) or "dsa-sha" in fragment.removeprefix("ecdsa"):
        reason, message = Reason.WEAK_ALGORITHM, f"the {what} is made with an algorithm that is too weak"
    else:
        reason, message = Reason.UNKNOWN_ALGORITHM, f"the {what} is made with an algorithm not known here"
    raise Refused(
        reason,
        "RFC 9231, 2",
        message,
        where=place(where),
        got=algorithm,
        expected="SHA-256 or longer" if what == "digest" else "RSA-SHA256 or longer, ECDSA-SHA256 or longer",
        hint="have it signed again with RSA-SHA256",
    )
