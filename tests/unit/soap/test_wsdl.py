"""The description that client generators start from."""

import pytest
from lxml import etree

from ihe_test_util.soap.wsdl import Operation, wsdl
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import parse

OPERATION = Operation(
    name="iti_41",
    documentation="ITI-41",
    action="urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
    response_action="urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse",
    request_root=f"{{{ns.XDSB}}}ProvideAndRegisterDocumentSetRequest",
    response_root=f"{{{ns.RS}}}RegistryResponse",
)
RETRIEVE = Operation(
    name="iti_43",
    documentation="ITI-43",
    action="urn:ihe:iti:2007:RetrieveDocumentSet",
    response_action="urn:ihe:iti:2007:RetrieveDocumentSetResponse",
    request_root=f"{{{ns.XDSB}}}RetrieveDocumentSetRequest",
    response_root=f"{{{ns.XDSB}}}RetrieveDocumentSetResponse",
)


def test_both_versions_of_soap_are_offered_at_the_url() -> None:
    """A client of either version finds a port with the address and the action."""
    root = parse(wsdl([OPERATION], "http://127.0.0.1:8080/iti41/submit?x=1&y=2"))

    for space in (ns.WSDL_SOAP12, ns.WSDL_SOAP11):
        addresses = root.findall(f".//{{{space}}}address")
        assert [each.get("location") for each in addresses] == ["http://127.0.0.1:8080/iti41/submit?x=1&y=2"]
        operations = root.findall(f".//{{{space}}}operation")
        assert [each.get("soapAction") for each in operations] == [OPERATION.action]


def test_every_reference_resolves() -> None:
    """Each message, port type, binding and element that is named is defined."""
    root = parse(wsdl([OPERATION], "http://x/"))
    names = {f"tns:{each.get('name')}" for each in root if each.get("name")}

    used = {each.get(key) for key in ("message", "binding", "type") for each in root.iter() if each.get(key)}

    assert {name for name in used if str(name).startswith("tns:")} <= names
    elements = {
        f"{{{schema.get('targetNamespace')}}}{each.get('name')}"
        for schema in root.iter(f"{{{ns.XSD}}}schema")
        for each in schema
        if each.get("name")
    }
    assert {OPERATION.request_root, OPERATION.response_root, f"{{{ns.LCM}}}SubmitObjectsRequest"} <= elements


def test_the_schemas_are_schemas() -> None:
    """Each inline schema compiles once those it imports stand beside it."""
    root = parse(wsdl([OPERATION], "http://x/"))
    schemas = list(root.iter(f"{{{ns.XSD}}}schema"))

    independent = [schema for schema in schemas if schema.get("targetNamespace") != ns.XDSB]

    assert len(schemas) == 3
    for schema in independent:
        etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


@pytest.mark.parametrize(
    ("operation", "message"),
    [(OPERATION, "ProvideAndRegisterDocumentSetRequest"), (RETRIEVE, "RetrieveDocumentSetResponse")],
    ids=["iti-41", "iti-43"],
)
def test_documents_are_declared_as_attachments(operation: Operation, message: str) -> None:
    """What a generator needs for a data handler instead of a byte array, wherever a document is."""
    schema = next(
        each
        for each in parse(wsdl([operation], "http://x/")).iter(f"{{{ns.XSD}}}schema")
        if each.get("targetNamespace") == ns.XDSB
    )
    declared = next(each for each in schema if each.get("name") == message)

    document = next(each for each in declared.iter(f"{{{ns.XSD}}}element") if each.get("name") == "Document")

    (typed,) = [each for each in document.iter() if each.get(f"{{{ns.XMLMIME}}}expectedContentTypes")]
    assert "xs:base64Binary" in {typed.get("type"), typed.get("base")}


def test_operations_that_share_a_path_share_what_they_declare() -> None:
    """Each message and each element once, though two operations have the same response or refer to it."""
    root = parse(wsdl([OPERATION, RETRIEVE], "http://x/"))

    messages = [each.get("name") for each in root.iter(f"{{{ns.WSDL}}}message")]
    schemas = [each.get("targetNamespace") for each in root.iter(f"{{{ns.XSD}}}schema")]
    assert len(messages) == len(set(messages)) == 4
    assert len(schemas) == len(set(schemas))
    assert schemas[-1] == ns.XDSB
