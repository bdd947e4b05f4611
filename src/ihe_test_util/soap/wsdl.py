"""A WSDL 1.1 description of the operations of one path, for clients that want to be generated from one.

The message schemas are open (``xs:any``): the standards' own XSDs are large and belong to their publishers. Only
what a stub generator must see is spelled out: the documents of an XDS.b request, so that it sends them by MTOM.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, serialize

_TARGET: Final = "urn:ihe-test-util:wsdl:1"
_WSDL: Final = f"{{{ns.WSDL}}}"
_XSD: Final = f"{{{ns.XSD}}}"
_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
_WITH_DOCUMENTS: Final = f"{{{ns.XDSB}}}ProvideAndRegisterDocumentSetRequest"


@dataclass(frozen=True, slots=True)
class Operation:
    """What a WSDL says of one request and its answer; roots in Clark notation."""

    name: str
    documentation: str
    action: str
    response_action: str
    request_root: str
    response_root: str


def wsdl(operations: Sequence[Operation], url: str) -> bytes:
    """The description of the operations that are answered at ``url``, in SOAP 1.2 and SOAP 1.1."""
    names = dict.fromkeys(name for one in operations for name in (one.request_root, one.response_root))
    roots = [etree.QName(name) for name in names]
    prefixes = {
        "wsdl": ns.WSDL,
        "soap": ns.WSDL_SOAP11,
        "soap12": ns.WSDL_SOAP12,
        "wsam": ns.WSAM,
        "xs": ns.XSD,
        "tns": _TARGET,
    }
    for number, namespace in enumerate(dict.fromkeys(root.namespace or "" for root in roots), start=1):
        prefixes[f"m{number}"] = namespace
    known = {namespace: prefix for prefix, namespace in prefixes.items()}
    root = etree.Element(f"{_WSDL}definitions", nsmap=prefixes)
    root.set("targetNamespace", _TARGET)
    name = operations[0].name
    root.set("name", name)
    etree.SubElement(root, f"{_WSDL}documentation").text = "; ".join(one.documentation for one in operations)
    _types(etree.SubElement(root, f"{_WSDL}types"), roots)
    for each in roots:
        message = _named(root, "message", each.localname)
        _named(message, "part", "body").set("element", f"{known[each.namespace or '']}:{each.localname}")
    _port_type(root, name, operations)
    for version in ("soap12", "soap"):
        _binding(root, name, operations, version)
    service = _named(root, "service", f"{name}_Service")
    for version, space in (("soap12", ns.WSDL_SOAP12), ("soap", ns.WSDL_SOAP11)):
        port = _named(service, "port", f"{name}_{version}_Port")
        port.set("binding", f"tns:{name}_{version}_Binding")
        etree.SubElement(port, f"{{{space}}}address").set("location", url)
    return serialize(root)


def _named(parent: Element, tag: str, name: str) -> Element:
    element = etree.SubElement(parent, f"{_WSDL}{tag}")
    element.set("name", name)
    return element


def _port_type(root: Element, name: str, operations: Sequence[Operation]) -> None:
    port_type = _named(root, "portType", f"{name}_PortType")
    for operation in operations:
        described = _named(port_type, "operation", operation.name)
        for tag, message, action in (
            ("input", operation.request_root, operation.action),
            ("output", operation.response_root, operation.response_action),
        ):
            direction = etree.SubElement(described, f"{_WSDL}{tag}")
            direction.set("message", f"tns:{etree.QName(message).localname}")
            direction.set(f"{{{ns.WSAM}}}Action", action)


def _binding(root: Element, name: str, operations: Sequence[Operation], version: str) -> None:
    space = ns.WSDL_SOAP12 if version == "soap12" else ns.WSDL_SOAP11
    binding = _named(root, "binding", f"{name}_{version}_Binding")
    binding.set("type", f"tns:{name}_PortType")
    transport = etree.SubElement(binding, f"{{{space}}}binding")
    transport.set("style", "document")
    transport.set("transport", _HTTP)
    for operation in operations:
        bound = _named(binding, "operation", operation.name)
        etree.SubElement(bound, f"{{{space}}}operation").set("soapAction", operation.action)
        for tag in ("input", "output"):
            etree.SubElement(etree.SubElement(bound, f"{_WSDL}{tag}"), f"{{{space}}}body").set("use", "literal")


def _types(types: Element, roots: Sequence[etree.QName]) -> None:
    names: dict[str, list[str]] = {}
    with_documents = any(root.text == _WITH_DOCUMENTS for root in roots)
    if with_documents:
        # Before the schema that refers to it: wsimport reads them in order.
        names[ns.LCM] = ["SubmitObjectsRequest"]
    for root in roots:
        of_namespace = names.setdefault(root.namespace or "", [])
        if root.localname not in of_namespace:
            of_namespace.append(root.localname)
    for namespace, local_names in names.items():
        refers = with_documents and namespace == ns.XDSB
        schema = etree.SubElement(types, f"{_XSD}schema", nsmap={"lcm": ns.LCM} if refers else None)
        schema.set("targetNamespace", namespace)
        schema.set("elementFormDefault", "qualified")
        if refers:
            etree.SubElement(schema, f"{_XSD}import").set("namespace", ns.LCM)
        for name in local_names:
            element = etree.SubElement(schema, f"{_XSD}element")
            element.set("name", name)
            content = etree.SubElement(element, f"{_XSD}complexType")
            sequence = etree.SubElement(content, f"{_XSD}sequence")
            if f"{{{namespace}}}{name}" == _WITH_DOCUMENTS:
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
