"""What the framework demands of each attribute of a document entry, a submission set and a folder.

One row an attribute, each a rule of its own; together they are the "required XDS.b attributes" of strict mode
(ITI TF-3: 4.2.3.2, 4.2.3.3, 4.2.3.4, with the optionality of 4.3.1 for a document source). Not checked: whether a
code belongs to the value sets of an affinity domain; attributes that may hold anything (comments, eventCodeList,
URI).
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from ihe_test_util.domain.xds import datatypes as types
from ihe_test_util.domain.xds.metadata import Metadata, View
from ihe_test_util.exchange import Severity
from ihe_test_util.transactions.card import Miss
from ihe_test_util.transactions.xds.base import CarriesMetadata, MetadataRule
from ihe_test_util.transactions.xds.demands import (
    APPROVED,
    CX,
    DTM,
    HOME_COMMUNITY,
    OID,
    SHORT_TITLE,
    Demand,
    author,
    code,
    fits_title,
    identifier,
    mime_type,
    no_other_identifiers,
    optional,
    plain,
    slot,
    stop_time,
    title,
)
from ihe_test_util.xml.ebrim import urns


class _Row(NamedTuple):
    id: str
    section: str
    sentence: str
    demand: Demand
    severity: Severity = Severity.ERROR


_ENTRY: Final = (
    _Row("XDSM-11", "4.2.3.2.1", "an author is a person, an institution or an address", author(urns.ENTRY_AUTHOR)),
    _Row("XDSM-12", "4.2.3.2.2", "a submitted entry is Approved where it says so", APPROVED, Severity.WARNING),
    _Row("XDSM-13", "4.2.3.2.3", "an entry has one classCode", code("classCode", urns.ENTRY_CLASS_CODE)),
    _Row(
        "XDSM-14",
        "4.2.3.2.5",
        "an entry has one confidentialityCode or more",
        code("confidentialityCode", urns.ENTRY_CONFIDENTIALITY_CODE, many=True),
    ),
    _Row(
        "XDSM-15",
        "4.2.3.2.6",
        "an entry has one creationTime",
        slot("creationTime", types.is_dtm, DTM, required=True),
    ),
    _Row("XDSM-16", "4.2.3.2.9", "an entry has one formatCode", code("formatCode", urns.ENTRY_FORMAT_CODE)),
    _Row(
        "XDSM-17",
        "4.2.3.2.10",
        "hash, where given, is one SHA-1",
        slot("hash", types.is_hash, "40 hexadecimal digits"),
    ),
    _Row(
        "XDSM-18",
        "4.2.3.2.11",
        "an entry has one healthcareFacilityTypeCode",
        code("healthcareFacilityTypeCode", urns.ENTRY_FACILITY_TYPE_CODE),
    ),
    _Row("XDSM-19", "4.2.3.2.12", "homeCommunityId, where given, is the URN of an OID", HOME_COMMUNITY),
    _Row(
        "XDSM-20",
        "4.2.3.2.13",
        "an entry has one languageCode",
        slot("languageCode", types.is_language, "a language tag by RFC 5646, as en-US", required=True),
    ),
    _Row(
        "XDSM-21",
        "4.2.3.2.14",
        "legalAuthenticator, where given, is one person",
        slot("legalAuthenticator", types.is_xcn, "an XCN with an id or a name"),
    ),
    _Row(
        "XDSM-22",
        "4.2.3.2.15",
        "an entry has a mimeType",
        plain("mimeType", mime_type, types.is_mime_type, "a media type, as text/xml"),
    ),
    _Row(
        "XDSM-23",
        "4.2.3.2.16",
        "an entry has one patientId",
        identifier("patientId", urns.ENTRY_PATIENT_ID, types.is_cx, CX),
    ),
    _Row(
        "XDSM-24",
        "4.2.3.2.17",
        "an entry has one practiceSettingCode",
        code("practiceSettingCode", urns.ENTRY_PRACTICE_SETTING_CODE),
    ),
    _Row(
        "XDSM-25",
        "4.2.3.2.18",
        "repositoryUniqueId, where given, is one OID",
        slot("repositoryUniqueId", types.is_oid, OID),
    ),
    _Row(
        "XDSM-26",
        "4.2.3.2.19",
        "serviceStartTime, where given, is one time",
        slot("serviceStartTime", types.is_dtm, DTM),
    ),
    _Row(
        "XDSM-27",
        "4.2.3.2.20",
        "serviceStopTime, where given, is one time, and not before serviceStartTime",
        stop_time(),
    ),
    _Row(
        "XDSM-28",
        "4.2.3.2.21",
        "size, where given, is one number of bytes",
        slot("size", types.is_size, "decimal digits"),
    ),
    _Row(
        "XDSM-29",
        "4.2.3.2.22",
        "an entry has one sourcePatientId",
        slot("sourcePatientId", types.is_cx, CX, required=True),
    ),
    _Row(
        "XDSM-30",
        "4.2.3.2.23",
        "sourcePatientInfo, where given, holds fields of PID",
        slot(
            "sourcePatientInfo",
            types.is_source_patient_info,
            "PID-n|value with n up to 39, but none of 2, 4, 12, 19; CX in PID-3, a DTM in PID-7",
            many=True,
        ),
    ),
    _Row("XDSM-31", "4.2.3.2.24", "a title is short", SHORT_TITLE, Severity.WARNING),
    _Row("XDSM-32", "4.2.3.2.25", "an entry has one typeCode", code("typeCode", urns.ENTRY_TYPE_CODE)),
    _Row(
        "XDSM-33",
        "4.2.3.2.26",
        "an entry has one uniqueId",
        identifier(
            "uniqueId",
            urns.ENTRY_UNIQUE_ID,
            types.is_document_unique_id,
            "up to 128 printable ASCII characters without blanks, best an OID",
        ),
    ),
    _Row(
        "XDSM-34",
        "4.2.3.2.26",
        "a uniqueId is an OID, or OID^extension",
        plain(
            "uniqueId",
            lambda view: view.identifier(urns.ENTRY_UNIQUE_ID),
            optional(types.is_oid_with_extension),
            "an OID of at most 64 characters, with an extension of at most 16 if any",
        ),
        Severity.WARNING,
    ),
    _Row(
        "XDSM-35",
        "4.2.3.2.28",
        "referenceIdList, where given, holds identifiers with their type",
        slot(urns.REFERENCE_ID_LIST, types.is_cxi, "a CXi: id^^^authority^type", many=True),
    ),
    _Row(
        "XDSM-36",
        "4.2.3.2",
        "documentAvailability, where given, is Online or Offline",
        slot(
            "documentAvailability",
            lambda text: text in (urns.ONLINE, urns.OFFLINE),
            f"{urns.ONLINE} or {urns.OFFLINE}",
        ),
    ),
    _Row(
        "XDSM-37",
        "4.2.3.1.3",
        "an entry has no external identifiers but patientId and uniqueId",
        no_other_identifiers(urns.ENTRY_PATIENT_ID, urns.ENTRY_UNIQUE_ID),
    ),
)

_SUBMISSION_SET: Final = (
    _Row("XDSM-41", "4.2.3.3.1", "an author is a person, an institution or an address", author(urns.SET_AUTHOR)),
    _Row("XDSM-42", "4.2.3.3.2", "a submission set is Approved where it says so", APPROVED, Severity.WARNING),
    _Row(
        "XDSM-43",
        "4.2.3.3.4",
        "a submission set has one contentTypeCode",
        code("contentTypeCode", urns.SET_CONTENT_TYPE_CODE),
    ),
    _Row("XDSM-44", "4.2.3.3.6", "homeCommunityId, where given, is the URN of an OID", HOME_COMMUNITY),
    _Row(
        "XDSM-45",
        "4.2.3.3.7",
        "intendedRecipient, where given, names organisations, persons or addresses",
        slot(
            "intendedRecipient",
            types.is_recipient,
            "XON|XCN|XTN, at least one of them",
            many=True,
        ),
    ),
    _Row(
        "XDSM-46",
        "4.2.3.3.8",
        "a submission set has one patientId",
        identifier("patientId", urns.SET_PATIENT_ID, types.is_cx, CX),
    ),
    _Row(
        "XDSM-47",
        "4.2.3.3.9",
        "a submission set has one sourceId",
        identifier("sourceId", urns.SET_SOURCE_ID, types.is_dotted_decimal, OID),
    ),
    _Row(
        "XDSM-48",
        "4.2.3.3.10",
        "a submission set has one submissionTime",
        slot("submissionTime", types.is_dtm, DTM, required=True),
    ),
    _Row("XDSM-49", "4.2.3.3.11", "a title is short", SHORT_TITLE, Severity.WARNING),
    _Row(
        "XDSM-50",
        "4.2.3.3.12",
        "a submission set has one uniqueId",
        identifier("uniqueId", urns.SET_UNIQUE_ID, types.is_oid, OID),
    ),
    _Row(
        "XDSM-51",
        "4.2.3.3.9",
        "the first number of an OID is 0, 1 or 2",
        plain(
            "sourceId",
            lambda view: view.identifier(urns.SET_SOURCE_ID),
            lambda text: types.is_oid(text) or not types.is_dotted_decimal(text),
            OID,
        ),
        Severity.WARNING,
    ),
    _Row(
        "XDSM-52",
        "4.2.3.1.3",
        "a submission set has no external identifiers but patientId, sourceId and uniqueId",
        no_other_identifiers(urns.SET_PATIENT_ID, urns.SET_SOURCE_ID, urns.SET_UNIQUE_ID),
    ),
)

_FOLDER: Final = (
    _Row("XDSM-61", "4.2.3.4.1", "a submitted folder is Approved where it says so", APPROVED, Severity.WARNING),
    _Row(
        "XDSM-62",
        "4.2.3.4.2",
        "a folder has one code or more",
        code("codeList", urns.FOLDER_CODE, many=True),
    ),
    _Row("XDSM-63", "4.2.3.4.5", "homeCommunityId, where given, is the URN of an OID", HOME_COMMUNITY),
    _Row(
        "XDSM-64",
        "4.2.3.4.6",
        "lastUpdateTime, where given, is one time",
        slot("lastUpdateTime", types.is_dtm, DTM),
    ),
    _Row(
        "XDSM-65",
        "4.2.3.4.7",
        "a folder has one patientId",
        identifier("patientId", urns.FOLDER_PATIENT_ID, types.is_cx, CX),
    ),
    _Row(
        "XDSM-66",
        "4.2.3.4.8",
        "a folder has a title, and a short one",
        plain("title", title, lambda text: bool(text) and fits_title(text), "1 to 128 bytes in UTF-8"),
    ),
    _Row(
        "XDSM-67",
        "4.2.3.4.9",
        "a folder has one uniqueId",
        identifier("uniqueId", urns.FOLDER_UNIQUE_ID, types.is_oid, OID),
    ),
    _Row(
        "XDSM-68",
        "4.2.3.1.3",
        "a folder has no external identifiers but patientId and uniqueId",
        no_other_identifiers(urns.FOLDER_PATIENT_ID, urns.FOLDER_UNIQUE_ID),
    ),
)


def _rule(views: Callable[[Metadata], Sequence[View]], row: _Row) -> MetadataRule:
    kept, misses = row.demand.kept, row.demand.misses

    def check(request: CarriesMetadata) -> Sequence[Miss]:
        found: list[Miss] = []
        for view in views(request.metadata):
            if not kept(view):
                found += misses(view)
        return found

    return MetadataRule(row.id, f"ITI TF-3: {row.section}", row.sentence, check, severity=row.severity)


ATTRIBUTE_RULES: Final = tuple(
    _rule(attrgetter(kind), row)
    for kind, rows in (
        ("document_entries", _ENTRY),
        ("submission_sets", _SUBMISSION_SET),
        ("folders", _FOLDER),
    )
    for row in rows
)
