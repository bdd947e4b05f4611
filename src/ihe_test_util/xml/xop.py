"""xop:Include, which stands where base64 content was taken out of the XML (XOP 1.0, 2.1)."""

from typing import Final
from urllib.parse import quote

from lxml import etree

from ihe_test_util.xml import ns
from ihe_test_util.xml.io import Element

INCLUDE: Final = f"{{{ns.XOP}}}Include"
_PREFIX: Final = {"xop": ns.XOP}


def include(parent: Element, content_id: str) -> None:
    """Refer from ``parent`` to the part with this bare Content-ID, by a ``cid:`` URL (RFC 2392, 2).

    Everything that is not unreserved (RFC 3986, 2.3) or ``@`` is percent-encoded, "+" too: peers that decode with
    Java's URLDecoder read a bare one as a blank.
    """
    etree.SubElement(parent, INCLUDE, nsmap=_PREFIX, href=_url(content_id))


def include_as_xml(content_id: str) -> str:
    """What ``include`` writes, as text."""
    return f'<xop:Include xmlns:xop="{ns.XOP}" href="{_url(content_id)}"/>'


def _url(content_id: str) -> str:
    return f"cid:{quote(content_id, safe='@')}"
