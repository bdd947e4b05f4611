"""A WSDL 1.1 description of the operations of one path, for clients that want to be generated from one.

The message schemas are open (``xs:any``): the standards' own XSDs are large and belong to their publishers. Only
what a stub generator must see is spelled out: the documents of XDS.b messages, so that they travel by MTOM.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from lxml import etree

from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, serialize

_TARGET: Final = "urn:ihe-test-util:wsdl:1"
_WSDL: Final = f"{{{ns.WSDL}}}"
_XSD: Final = f"{{{ns.XSD}}}"
_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
#: MTOM-aware generators map base64 with this attribute to a data handler instead of a byte array.
_CONTENT_TYPES: Final = f"{{{ns.XMLMIME}}}expectedContentTypes"
_ANY_CONTENT: Final = "application/octet-stream"
_PROVIDE: Final = f"{{{ns.XDSB}}}ProvideAndRegisterDocumentSetRequest"
_RETRIEVE: Final = f"{{{ns.XDSB}}}RetrieveDocumentSetRequest"
_RETRIEVE_RESPONSE: Final = f"{{{ns.XDSB}}}RetrieveDocumentSetResponse"


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
    names = [root.text for root in roots]
    referred = [_REFERENCES[name] for name in names if name in _REFERENCES]
    by_namespace: dict[str, list[etree.QName]] = {}
    # What is referred to comes before the schema that does so: wsimport reads them in order.
    for root in dict.fromkeys((*referred, *names)):
        name = etree.QName(root)
        by_namespace.setdefault(name.namespace or "", []).append(name)
    for namespace, elements in by_namespace.items():
        imported = _imports(namespace, elements)
        prefixes = {f"i{number}": other for number, other in enumerate(imported, start=1)}
        schema = etree.SubElement(types, f"{_XSD}schema", nsmap=prefixes)
        schema.set("targetNamespace", namespace)
        schema.set("elementFormDefault", "qualified")
        for other in imported:
            etree.SubElement(schema, f"{_XSD}import").set("namespace", other)
        for element in elements:
            _element(schema, element)


def _imports(namespace: str, elements: Sequence[etree.QName]) -> list[str]:
    referred = [etree.QName(_REFERENCES[one.text]) for one in elements if one.text in _REFERENCES]
    return list(dict.fromkeys(one.namespace for one in referred if one.namespace and one.namespace != namespace))


def _element(schema: Element, name: etree.QName) -> None:
    content = _declared(schema, name.localname)
    sequence = etree.SubElement(content, f"{_XSD}sequence")
    if name.text in _REFERENCES:
        referred = etree.QName(_REFERENCES[name.text])
        prefix = next(prefix for prefix, uri in schema.nsmap.items() if uri == referred.namespace)
        etree.SubElement(sequence, f"{_XSD}element").set("ref", f"{prefix}:{referred.localname}")
    spell = _SPELLED.get(name.text, _open)
    spell(sequence)
    any_attribute = etree.SubElement(content, f"{_XSD}anyAttribute")
    any_attribute.set("processContents", "skip")


def _declared(parent: Element, name: str) -> Element:
    """A new element declaration; what is returned is its complex type."""
    element = etree.SubElement(parent, f"{_XSD}element")
    element.set("name", name)
    return etree.SubElement(element, f"{_XSD}complexType")


def _repeated(parent: Element, name: str) -> Element:
    content = _declared(parent, name)
    element = parent[-1]
    element.set("minOccurs", "0")
    element.set("maxOccurs", "unbounded")
    return content


def _open(sequence: Element) -> None:
    anything = etree.SubElement(sequence, f"{_XSD}any")
    anything.set("minOccurs", "0")
    anything.set("maxOccurs", "unbounded")
    anything.set("processContents", "skip")


def _provided_documents(sequence: Element) -> None:
    content = etree.SubElement(_repeated(sequence, "Document"), f"{_XSD}simpleContent")
    extension = etree.SubElement(content, f"{_XSD}extension")
    extension.set("base", "xs:base64Binary")
    extension.set(_CONTENT_TYPES, _ANY_CONTENT)
    attribute = etree.SubElement(extension, f"{_XSD}attribute")
    attribute.set("name", "id")
    attribute.set("type", "xs:anyURI")
    attribute.set("use", "required")


def _document_requests(sequence: Element) -> None:
    _texts(etree.SubElement(_repeated(sequence, "DocumentRequest"), f"{_XSD}sequence"), _ASKED_FOR)


def _document_responses(sequence: Element) -> None:
    fields = etree.SubElement(_repeated(sequence, "DocumentResponse"), f"{_XSD}sequence")
    _texts(fields, _RETRIEVED)
    document = etree.SubElement(fields, f"{_XSD}element")
    document.set("name", "Document")
    document.set("type", "xs:base64Binary")
    document.set(_CONTENT_TYPES, _ANY_CONTENT)


def _texts(sequence: Element, names: Mapping[str, bool]) -> None:
    for name, required in names.items():
        field = etree.SubElement(sequence, f"{_XSD}element")
        field.set("name", name)
        field.set("type", "xs:string")
        if not required:
            field.set("minOccurs", "0")


#: The element of another schema that a message begins with.
_REFERENCES: Final[Mapping[str, str]] = MappingProxyType(
    {_PROVIDE: f"{{{ns.LCM}}}SubmitObjectsRequest", _RETRIEVE_RESPONSE: f"{{{ns.RS}}}RegistryResponse"}
)
_SPELLED: Final[Mapping[str, Callable[[Element], None]]] = MappingProxyType(
    {_PROVIDE: _provided_documents, _RETRIEVE: _document_requests, _RETRIEVE_RESPONSE: _document_responses}
)
#: Whether a field is required (ITI TF-2: 3.43.4.1.2, 3.43.4.2.2).
_ASKED_FOR: Final[Mapping[str, bool]] = MappingProxyType(
    {"HomeCommunityId": False, "RepositoryUniqueId": True, "DocumentUniqueId": True}
)
_RETRIEVED: Final[Mapping[str, bool]] = MappingProxyType(
    {**_ASKED_FOR, "NewRepositoryUniqueId": False, "NewDocumentUniqueId": False, "mimeType": True}
)
