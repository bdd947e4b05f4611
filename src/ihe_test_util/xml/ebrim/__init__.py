"""ebRIM 3.0, the ebXML registry information model in which XDS metadata travel: values, reading, writing, names."""

from ihe_test_util.xml.ebrim.model import (
    AnyObject,
    Association,
    Classification,
    CommonFields,
    ExternalIdentifier,
    ExtrinsicObject,
    InternationalString,
    LocalizedString,
    ObjectList,
    ObjectRef,
    OtherObject,
    RegistryObject,
    RegistryPackage,
    Slot,
    VersionInfo,
)
from ihe_test_util.xml.ebrim.reader import SUBMIT_OBJECTS_REQUEST, read_objects, read_slots, read_submit_objects
from ihe_test_util.xml.ebrim.text import object_as_xml, submit_objects_as_xml
from ihe_test_util.xml.ebrim.writer import write_objects, write_slots, write_submit_objects

__all__ = [
    "SUBMIT_OBJECTS_REQUEST",
    "AnyObject",
    "Association",
    "Classification",
    "CommonFields",
    "ExternalIdentifier",
    "ExtrinsicObject",
    "InternationalString",
    "LocalizedString",
    "ObjectList",
    "ObjectRef",
    "OtherObject",
    "RegistryObject",
    "RegistryPackage",
    "Slot",
    "VersionInfo",
    "object_as_xml",
    "read_objects",
    "read_slots",
    "read_submit_objects",
    "submit_objects_as_xml",
    "write_objects",
    "write_slots",
    "write_submit_objects",
]
