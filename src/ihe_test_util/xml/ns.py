"""Every namespace and URN of the messages, spelled once."""

from typing import Final

# SOAP, WS-Addressing, XOP, WS-Security
SOAP11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12: Final = "http://www.w3.org/2003/05/soap-envelope"
WSA: Final = "http://www.w3.org/2005/08/addressing"
WSA_2004: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSA_ANONYMOUS: Final = "http://www.w3.org/2005/08/addressing/anonymous"
WSA_FAULT_ACTION: Final = "http://www.w3.org/2005/08/addressing/fault"
WSA_SOAP_FAULT_ACTION: Final = "http://www.w3.org/2005/08/addressing/soap/fault"
XOP: Final = "http://www.w3.org/2004/08/xop/include"
XMLMIME: Final = "http://www.w3.org/2005/05/xmlmime"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
WSDL_SOAP11: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
WSDL_SOAP12: Final = "http://schemas.xmlsoap.org/wsdl/soap12/"
WSAM: Final = "http://www.w3.org/2007/05/addressing/metadata"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML: Final = "http://www.w3.org/XML/1998/namespace"

# SAML 2.0, XML Signature, WS-Trust
SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAML11: Final = "urn:oasis:names:tc:SAML:1.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
WST: Final = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"

# HL7 V3, CDA
HL7: Final = "urn:hl7-org:v3"

# ebXML RegRep 3.0
RIM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
RS: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
LCM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
QUERY: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"

# IHE
XDSB: Final = "urn:ihe:iti:xds-b:2007"
PIXV3: Final = "urn:ihe:iti:pixv3:2007"
XDR: Final = "urn:ihe:iti:xdr:2014"
RMD: Final = "urn:ihe:iti:rmd:2017"
