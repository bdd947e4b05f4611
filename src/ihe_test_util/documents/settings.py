"""What documents say of their origin: who wrote them, where, who keeps them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization as a CDA header names it; the default is invented, under the example arc 2.999."""

    oid: str = "2.999.10"
    name: str = "Example Family Medicine"
    phone: str = "+1-555-555-0100"
    address: str = "200 Sample Street"
    city: str = "Portland"
    state: str = "OR"
    zip: str = "97201"
    country: str = "US"


@dataclass(frozen=True, slots=True)
class DocumentAuthor:
    """The person who wrote a document (CDA R2, 4.2.2.2); ``id`` was assigned under ``id_oid``."""

    id_oid: str = "2.999.10.2"
    id: str = "DR-7"
    prefix: str = "Dr."
    first_name: str = "Tomás"
    last_name: str = "Quill"


@dataclass(frozen=True, slots=True)
class DocumentSettings:
    """What every document of a run has in common; ``custodian`` is the organization where it is None.

    ``country`` is that of the patients' addresses, ``confidentiality`` a code of HL7 Confidentiality
    (2.16.840.1.113883.5.25): N, R or V. ``mrn_oid`` is who assigned medical record numbers; where it is empty, it is
    arc 1 below the organization.
    """

    title: str = "Continuity of Care Document"
    language: str = "en-US"
    confidentiality: str = "N"
    country: str = "US"
    author: DocumentAuthor = field(default_factory=DocumentAuthor)
    organization: Organization = field(default_factory=Organization)
    custodian: Organization | None = None
    mrn_oid: str = ""
