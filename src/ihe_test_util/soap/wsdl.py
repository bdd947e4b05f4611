"""A WSDL 1.1 description of one operation, for clients that want to be generated from one.

The message schemas are open (``xs:any``): the standards' own XSDs are large and belong to their publishers. Only
what a stub generator must see is spelled out: the documents of an XDS.b request, so that it sends them by MTOM.
"""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, serialize

_TARGET: Final = "urn:ihe-test-util:wsdl:1"
_WSDL: Final = f"{{{ns.WSDL}}}"
_XSD: Final = f"{{{ns.XSD}}}"
_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"


@dataclass(frozen=True, slots=True)
class Operation:
    """What a WSDL says of one request and its answer; roots in Clark notation."""

    name: str
    documentation: str
    action: str
    response_action: str
    request_root: str
    response_root: str


def wsdl(operation: Operation, url: str) -> bytes:
    """The description of an operation that is answered at ``url``, in SOAP 1.2 and SOAP 1.1."""
    request, response = etree.QName(operation.request_root), etree.QName(operation.response_root)
    prefixes = {
        "wsdl": ns.WSDL,
        "soap": ns.WSDL_SOAP11,
        "soap12": ns.WSDL_SOAP12,
        "wsam": ns.WSAM,
        "xs": ns.XSD,
        "tns": _TARGET,
        "req": request.namespace or "",
        "res": response.namespace or "",
    }
    root = etree.Element(f"{_WSDL}definitions", nsmap=prefixes)
    root.set("targetNamespace", _TARGET)
    root.set("name", operation.name)
    etree.SubElement(root, f"{_WSDL}documentation").text = operation.documentation
    _types(etree.SubElement(root, f"{_WSDL}types"), request, response)
    for name, element in (("Request", f"req:{request.localname}"), ("Response", f"res:{response.localname}")):
        message = _named(root, "message", name)
        _named(message, "part", "body").set("element", element)
    _port_type(root, operation)
    for version in ("soap12", "soap"):
        _binding(root, operation, version)
    service = _named(root, "service", f"{operation.name}_Service")
    for version, space in (("soap12", ns.WSDL_SOAP12), ("soap", ns.WSDL_SOAP11)):
        port = _named(service, "port", f"{operation.name}_{version}_Port")
        port.set("binding", f"tns:{operation.name}_{version}_Binding")
        etree.SubElement(port, f"{{{space}}}address").set("location", url)
    return serialize(root)


def _named(parent: Element, tag: str, name: str) -> Element:
    element = etree.SubElement(parent, f"{_WSDL}{tag}")
    element.set("name", name)
    return element


def _port_type(root: Element, operation: Operation) -> None:
    port_type = _named(root, "portType", f"{operation.name}_PortType")
    described = _named(port_type, "operation", operation.name)
    for tag, message, action in (
        ("input", "Request", operation.action),
        ("output", "Response", operation.response_action),
    ):
        direction = etree.SubElement(described, f"{_WSDL}{tag}")
        direction.set("message", f"tns:{message}")
        direction.set(f"{{{ns.WSAM}}}Action", action)


def _binding(root: Element, operation: Operation, version: str) -> None:
    space = ns.WSDL_SOAP12 if version == "soap12" else ns.WSDL_SOAP11
    binding = _named(root, "binding", f"{operation.name}_{version}_Binding")
    binding.set("type", f"tns:{operation.name}_PortType")
    transport = etree.SubElement(binding, f"{{{space}}}binding")
    transport.set("style", "document")
    transport.set("transport", _HTTP)
    bound = _named(binding, "operation", operation.name)
    etree.SubElement(bound, f"{{{space}}}operation").set("soapAction", operation.action)
    for tag in ("input", "output"):
        etree.SubElement(etree.SubElement(bound, f"{_WSDL}{tag}"), f"{{{space}}}body").set("use", "literal")


def _types(types: Element, *roots: etree.QName) -> None:
    names: dict[str, list[str]] = {}
    if any(root.namespace == ns.XDSB for root in roots):
        # Before the schema that refers to it: wsimport reads them in order.
        names[ns.LCM] = ["SubmitObjectsRequest"]
    for root in roots:
        names.setdefault(root.namespace or "", []).append(root.localname)
    for namespace, local_names in names.items():
        schema = etree.SubElement(types, f"{_XSD}schema", nsmap={"lcm": ns.LCM} if namespace == ns.XDSB else None)
        schema.set("targetNamespace", namespace)
        schema.set("elementFormDefault", "qualified")
        if namespace == ns.XDSB:
            etree.SubElement(schema, f"{_XSD}import").set("namespace", ns.LCM)
        for name in local_names:
            element = etree.SubElement(schema, f"{_XSD}element")
            element.set("name", name)
            content = etree.SubElement(element, f"{_XSD}complexType")
            sequence = etree.SubElement(content, f"{_XSD}sequence")
            if namespace == ns.XDSB:
                etree.SubElement(sequence, f"{_XSD}element").set("ref", "lcm:SubmitObjectsRequest")
                _documents(sequence)
            else:
                _open(sequence)
            any_attribute = etree.SubElement(content, f"{_XSD}anyAttribute")
            any_attribute.set("processContents", "skip")


def _open(sequence: Element) -> None:
    anything = etree.SubElement(sequence, f"{_XSD}any")
    anything.set("minOccurs", "0")
    anything.set("maxOccurs", "unbounded")
    anything.set("processContents", "skip")


def _documents(sequence: Element) -> None:
    document = etree.SubElement(sequence, f"{_XSD}element")
    document.set("name", "Document")
    document.set("minOccurs", "0")
    document.set("maxOccurs", "unbounded")
    content = etree.SubElement(etree.SubElement(document, f"{_XSD}complexType"), f"{_XSD}simpleContent")
    extension = etree.SubElement(content, f"{_XSD}extension")
    extension.set("base", "xs:base64Binary")
    # MTOM-aware generators map this to a data handler instead of a byte array.
    extension.set(f"{{{ns.XMLMIME}}}expectedContentTypes", "application/octet-stream")
    attribute = etree.SubElement(extension, f"{_XSD}attribute")
    attribute.set("name", "id")
    attribute.set("type", "xs:anyURI")
    attribute.set("use", "required")
