"""The two versions of SOAP, and what differs between them by name."""

from enum import Enum
from typing import Final

from ihe_test_util.errors import FaultCode
from ihe_test_util.xml import ns


class SoapVersion(Enum):
    """SOAP 1.1 (W3C Note 2000) or SOAP 1.2 (W3C Recommendation 2007)."""

    V11 = "1.1"
    V12 = "1.2"

    __hash__ = object.__hash__  # every message looks several things up by its version

    @property
    def namespace(self) -> str:
        """Namespace of the envelope."""
        return ns.SOAP11 if self is SoapVersion.V11 else ns.SOAP12

    @property
    def media_type(self) -> str:
        """Media type of a message without attachments."""
        return "text/xml" if self is SoapVersion.V11 else "application/soap+xml"

    @property
    def next_role(self) -> str:
        """The role (1.2) or actor (1.1) that every node plays."""
        return f"{ns.SOAP12}/role/next" if self is SoapVersion.V12 else "http://schemas.xmlsoap.org/soap/actor/next"

    @classmethod
    def of_media_type(cls, media_type: str) -> "SoapVersion | None":
        """The version that a media type announces; None for one that announces neither."""
        return _BY_MEDIA_TYPE.get(media_type)

    @classmethod
    def of_namespace(cls, namespace: str) -> "SoapVersion | None":
        """The version whose envelope has this namespace; None for neither."""
        return {ns.SOAP11: cls.V11, ns.SOAP12: cls.V12}.get(namespace)

    def fault_name(self, code: FaultCode) -> str:
        """Local name of a fault code: SOAP 1.1 says Client and Server where 1.2 says Sender and Receiver."""
        if self is SoapVersion.V11:
            return {FaultCode.SENDER: "Client", FaultCode.RECEIVER: "Server"}.get(code, code.value)
        return code.value


_BY_MEDIA_TYPE: Final = {version.media_type: version for version in SoapVersion}
