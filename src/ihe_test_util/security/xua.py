"""The attributes of Cross-Enterprise User Assertion (ITI TF-2: 3.40.4.1.2): names, forms, coded values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from ihe_test_util.domain.xds.datatypes import is_oid
from ihe_test_util.errors import BadInput

UNSPECIFIED_NAME: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
UNSPECIFIED_CONTEXT: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
DEFAULT_ISSUER: Final = "https://idp.ihe-test-util.example"
DEFAULT_SUBJECT: Final = "test-user"
DEFAULT_AUDIENCE: Final = "https://mock.ihe-test-util.example"
DEFAULT_VALID_FOR_S: Final = 300
MAX_VALID_FOR_S: Final = 366 * 24 * 3600
#: How far the clocks of issuer and receiver may differ.
DEFAULT_SKEW_S: Final = 60
_CODE_PARTS: Final = 4


class AttributeName(StrEnum):
    """``Name`` of each SAML attribute; the two coded ones carry a CE of HL7 V3, the others text."""

    SUBJECT_ID = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
    ORGANIZATION = "urn:oasis:names:tc:xspa:1.0:subject:organization"
    ORGANIZATION_ID = "urn:oasis:names:tc:xspa:1.0:subject:organization-id"
    HOME_COMMUNITY_ID = "urn:ihe:iti:xca:2010:homeCommunityId"
    ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
    PURPOSE_OF_USE = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
    RESOURCE_ID = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"


class Confirmation(StrEnum):
    """How the bearer of an assertion shows that it is about them (SAML Profiles, 3)."""

    BEARER = "bearer"
    HOLDER_OF_KEY = "holder-of-key"

    @property
    def method(self) -> str:
        """The URI of the method."""
        return f"urn:oasis:names:tc:SAML:2.0:cm:{self.value}"


@dataclass(frozen=True, slots=True)
class CodedValue:
    """A coded value (CE of HL7 V3): a code, the OID of its system, and names of both for people."""

    code: str
    system: str
    display: str = ""
    system_name: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """A code as options and configuration write it: ``CODE^DISPLAY NAME^SYSTEM OID[^SYSTEM NAME]``.

        Raises:
            BadInput: fewer or more parts, no code, or a system that is no OID.
        """
        parts = [part.strip() for part in text.split("^")]
        if not _CODE_PARTS - 1 <= len(parts) <= _CODE_PARTS or not parts[0] or not is_oid(parts[2]):
            raise BadInput(
                "a coded value cannot be read",
                got=repr(text),
                expected="CODE^DISPLAY NAME^SYSTEM OID, for example 'TREATMENT^Treatment^2.16.840.1.113883.3.18.7.1'",
            )
        return cls(parts[0], parts[2], parts[1], *parts[3:])

    def __str__(self) -> str:
        return "^".join([self.code, self.display, self.system, *([self.system_name] if self.system_name else [])])
