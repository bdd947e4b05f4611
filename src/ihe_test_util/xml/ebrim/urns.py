"""Every UUID and URN by which ebRIM and XDS metadata name kinds of things, spelled once (ITI TF-3: 4.2.5)."""

from typing import Final

# DocumentEntry (ITI TF-3: 4.2.5.1, 4.2.5.2)
STABLE_DOCUMENT: Final = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
ON_DEMAND_DOCUMENT: Final = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"
ENTRY_AUTHOR: Final = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
ENTRY_CLASS_CODE: Final = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
ENTRY_CONFIDENTIALITY_CODE: Final = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
ENTRY_EVENT_CODE: Final = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
ENTRY_FORMAT_CODE: Final = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
ENTRY_FACILITY_TYPE_CODE: Final = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
ENTRY_PRACTICE_SETTING_CODE: Final = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
ENTRY_TYPE_CODE: Final = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
ENTRY_PATIENT_ID: Final = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
ENTRY_UNIQUE_ID: Final = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
ENTRY_LIMITED_METADATA: Final = "urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85"

# SubmissionSet
SUBMISSION_SET: Final = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
SET_AUTHOR: Final = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
SET_CONTENT_TYPE_CODE: Final = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
SET_PATIENT_ID: Final = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
SET_SOURCE_ID: Final = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
SET_UNIQUE_ID: Final = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"
SET_LIMITED_METADATA: Final = "urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707"

# Folder
FOLDER: Final = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"
FOLDER_CODE: Final = "urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5"
FOLDER_PATIENT_ID: Final = "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a"
FOLDER_UNIQUE_ID: Final = "urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a"
FOLDER_LIMITED_METADATA: Final = "urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03"

# Association
ASSOCIATION_DOCUMENTATION: Final = "urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3"
_EBRIM_ASSOCIATION: Final = "urn:oasis:names:tc:ebxml-regrep:AssociationType:"
_IHE_ASSOCIATION: Final = "urn:ihe:iti:2007:AssociationType:"
_IHE_UPDATE: Final = "urn:ihe:iti:2010:AssociationType:"
HAS_MEMBER: Final = _EBRIM_ASSOCIATION + "HasMember"
REPLACES: Final = _IHE_ASSOCIATION + "RPLC"
APPENDS: Final = _IHE_ASSOCIATION + "APND"
TRANSFORMS: Final = _IHE_ASSOCIATION + "XFRM"
TRANSFORMS_AND_REPLACES: Final = _IHE_ASSOCIATION + "XFRM_RPLC"
SIGNS: Final = _IHE_ASSOCIATION + "signs"
IS_SNAPSHOT_OF: Final = _IHE_UPDATE + "IsSnapshotOf"
UPDATE_AVAILABILITY_STATUS: Final = _IHE_UPDATE + "UpdateAvailabilityStatus"
SUBMIT_ASSOCIATION: Final = _IHE_UPDATE + "SubmitAssociation"
NON_VERSIONING_UPDATE: Final = _IHE_UPDATE + "NonVersioningUpdate"

# ebRIM object types and states, ebRS outcomes and severities
_OBJECT_TYPE: Final = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:"
TYPE_ASSOCIATION: Final = _OBJECT_TYPE + "Association"
TYPE_CLASSIFICATION: Final = _OBJECT_TYPE + "Classification"
TYPE_EXTERNAL_IDENTIFIER: Final = _OBJECT_TYPE + "ExternalIdentifier"
TYPE_REGISTRY_PACKAGE: Final = _OBJECT_TYPE + "RegistryPackage"

_STATUS: Final = "urn:oasis:names:tc:ebxml-regrep:StatusType:"
APPROVED: Final = _STATUS + "Approved"
DEPRECATED: Final = _STATUS + "Deprecated"

_RESPONSE_STATUS: Final = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:"
SUCCESS: Final = _RESPONSE_STATUS + "Success"
FAILURE: Final = _RESPONSE_STATUS + "Failure"
PARTIAL_SUCCESS: Final = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"

_SEVERITY: Final = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:"
SEVERITY_ERROR: Final = _SEVERITY + "Error"
SEVERITY_WARNING: Final = _SEVERITY + "Warning"

# Slots whose names are URNs, and the values of documentAvailability (ITI TF-3: 4.2.3.2)
REFERENCE_ID_LIST: Final = "urn:ihe:iti:xds:2013:referenceIdList"
ONLINE: Final = "urn:ihe:iti:2010:DocumentAvailability:Online"
OFFLINE: Final = "urn:ihe:iti:2010:DocumentAvailability:Offline"
