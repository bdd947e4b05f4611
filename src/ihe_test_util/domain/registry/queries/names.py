"""The names of the parameters of stored queries (ITI TF-2: 3.18.4.1.2.3.7; XDS Metadata Update: 3.18)."""

from typing import Final

ENTRY: Final = "$XDSDocumentEntry"
SET: Final = "$XDSSubmissionSet"
FOLDER: Final = "$XDSFolder"

PATIENT_ID: Final = "PatientId"
STATUS: Final = "Status"
ENTRY_UUID: Final = "EntryUUID"
UNIQUE_ID: Final = "UniqueId"
LOGICAL_ID: Final = "LogicalID"

ENTRY_PATIENT_ID: Final = ENTRY + PATIENT_ID
ENTRY_STATUS: Final = ENTRY + STATUS
ENTRY_CLASS_CODE: Final = ENTRY + "ClassCode"
ENTRY_TYPE_CODE: Final = ENTRY + "TypeCode"
ENTRY_PRACTICE_SETTING_CODE: Final = ENTRY + "PracticeSettingCode"
ENTRY_FACILITY_TYPE_CODE: Final = ENTRY + "HealthcareFacilityTypeCode"
ENTRY_EVENT_CODE: Final = ENTRY + "EventCodeList"
ENTRY_CONFIDENTIALITY_CODE: Final = ENTRY + "ConfidentialityCode"
ENTRY_FORMAT_CODE: Final = ENTRY + "FormatCode"
ENTRY_AUTHOR_PERSON: Final = ENTRY + "AuthorPerson"
ENTRY_TYPE: Final = ENTRY + "Type"
ENTRY_AVAILABILITY: Final = ENTRY + "DocumentAvailability"
ENTRY_REFERENCE_ID: Final = ENTRY + "ReferenceIdList"
ENTRY_TITLE: Final = ENTRY + "Title"
ENTRY_CREATION_TIME: Final = ENTRY + "CreationTime"
ENTRY_SERVICE_START_TIME: Final = ENTRY + "ServiceStartTime"
ENTRY_SERVICE_STOP_TIME: Final = ENTRY + "ServiceStopTime"

SET_PATIENT_ID: Final = SET + PATIENT_ID
SET_STATUS: Final = SET + STATUS
SET_SOURCE_ID: Final = SET + "SourceId"
SET_SUBMISSION_TIME: Final = SET + "SubmissionTime"
SET_AUTHOR_PERSON: Final = SET + "AuthorPerson"
SET_CONTENT_TYPE: Final = SET + "ContentType"

FOLDER_PATIENT_ID: Final = FOLDER + PATIENT_ID
FOLDER_STATUS: Final = FOLDER + STATUS
FOLDER_CODE: Final = FOLDER + "CodeList"
FOLDER_LAST_UPDATE_TIME: Final = FOLDER + "LastUpdateTime"

ANY_PATIENT_ID: Final = "$patientId"
#: Each of them names a patient, or several.
PATIENT_IDS: Final = (ENTRY_PATIENT_ID, SET_PATIENT_ID, FOLDER_PATIENT_ID, ANY_PATIENT_ID)
UUID: Final = "$uuid"
ASSOCIATION_TYPES: Final = "$AssociationTypes"
ASSOCIATION_STATUS: Final = "$XDSAssociationStatus"
METADATA_LEVEL: Final = "$MetadataLevel"

#: The ends of a range, and what is not wanted, as they are appended to a name.
FROM: Final = "From"
TO: Final = "To"
EXCLUDE: Final = "Exclude"
