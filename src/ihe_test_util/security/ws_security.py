"""The WS-Security header (WSS SOAP Message Security 1.1.1) that carries an assertion (SAML Token Profile 1.1.1)."""

import copy
from datetime import datetime, timedelta

from lxml import etree

from ihe_test_util.security.saml_elements import saml_time
from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element, parse, serialize

DEFAULT_TTL_S = 300


class SecurityHeader:
    """``wsse:Security`` as a SOAP header block."""

    @staticmethod
    def build(
        assertion: Element, now: datetime, ttl_s: float = DEFAULT_TTL_S, *, soap_namespace: str = ns.SOAP12
    ) -> Element:
        """A header with a Timestamp that expires ``ttl_s`` seconds from now, and a copy of the assertion.

        It must be understood; ``soap_namespace`` is that of the envelope that it goes into. The assertion may be used
        for further headers.
        """
        prefixes = {"wsse": ns.WSSE, "wsu": ns.WSU, "soap": soap_namespace}
        # 1 means the same in both versions of SOAP, and "true" is for 1.2 alone.
        header = etree.Element(f"{{{ns.WSSE}}}Security", {f"{{{soap_namespace}}}mustUnderstand": "1"}, nsmap=prefixes)
        timestamp = etree.SubElement(header, f"{{{ns.WSU}}}Timestamp")
        etree.SubElement(timestamp, f"{{{ns.WSU}}}Created").text = saml_time(now)
        etree.SubElement(timestamp, f"{{{ns.WSU}}}Expires").text = saml_time(now + timedelta(seconds=ttl_s))
        return _with_assertion(header, assertion, tuple(prefixes.values()))


def _with_assertion(header: Element, assertion: Element, namespaces: tuple[str, ...]) -> Element:
    data = serialize(assertion, declaration=False)
    if not any(namespace.encode() in data for namespace in namespaces):
        header.append(copy.deepcopy(assertion))
        return header
    # As text: libxml2 gives names in a namespace of the header the header's prefix, which would break the signature.
    around = serialize(header, declaration=False)
    end = around.rindex(b"</")
    return parse(around[:end] + data + around[end:], what="security header")
