"""The description that client generators start from."""

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
