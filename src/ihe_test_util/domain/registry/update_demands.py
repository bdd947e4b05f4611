"""What the state of the registry demands of updates and removals: XDS Metadata Update, RMU, RMD, by their codes."""

from dataclasses import dataclass
from typing import Final

from ihe_test_util.domain.registry.demands import Demand

_UPDATE_ERROR: Final = "XDSMetadataUpdateError"
_VERSION_ERROR: Final = "XDSMetadataVersionError"
_IDENTIFIER_ERROR: Final = "XDSMetadataIdentifierError"
_OBJECT_TYPE_ERROR: Final = "XDSObjectTypeError"
_UNRESOLVED: Final = "UnresolvedReferenceException"
_RECONCILIATION_ERROR: Final = "XDSPatientIDReconciliationError"
_UPDATING: Final = "ITI TF-2: 3.57.4.1.3.3.1.2"
_COMMON: Final = "ITI TF-2: 3.57.4.1.3.1"
_STATUS: Final = "ITI TF-2: 3.57.4.1.3.3.2.2"
_SUBMITTING: Final = "ITI TF-2: 3.57.4.1.3.3.6"
_PROPAGATION: Final = "ITI TF-2: 3.57.4.1.3.3.1.5"
_RESTRICTED: Final = "ITI TF-2: 3.92.4.1.3"
_REMOVING: Final = "ITI TF-2: 3.62.4.1.3"


@dataclass(frozen=True, slots=True)
class UpdateDemands:
    """The demands on a new version. RMU holds fast to the patient and the repository too, and has codes of its own."""

    exists: Demand
    version: Demand
    in_force: Demand
    same_unique_id: Demand
    same_type: Demand
    same_patient: Demand | None = None
    same_repository: Demand | None = None

    @property
    def all(self) -> tuple[Demand, ...]:
        """The demands that there are."""
        own = (self.exists, self.version, self.in_force, self.same_unique_id, self.same_type)
        return own + tuple(one for one in (self.same_patient, self.same_repository) if one is not None)


METADATA_UPDATE: Final = UpdateDemands(
    exists=Demand("MUR-01", _UPDATING, "what is updated is in the registry, by its logicalID", _UPDATE_ERROR),
    version=Demand("MUR-02", _UPDATING, "PreviousVersion is the latest version in the registry", _VERSION_ERROR),
    in_force=Demand("MUR-03", _UPDATING, "the version that is updated is Approved", _UPDATE_ERROR),
    same_unique_id=Demand("MUR-04", _UPDATING, "all versions have the same uniqueId", _UPDATE_ERROR),
    same_type=Demand("MUR-05", _UPDATING, "all versions are of the same kind and objectType", _UPDATE_ERROR),
)
RESTRICTED_UPDATE: Final = UpdateDemands(
    exists=Demand("RMUR-01", _RESTRICTED, "what is updated is in the registry, by its logicalID", _UNRESOLVED),
    version=Demand("RMUR-02", _RESTRICTED, "PreviousVersion is the latest version in the registry", _VERSION_ERROR),
    in_force=Demand("RMUR-03", _RESTRICTED, "the version that is updated is Approved", _UPDATE_ERROR),
    same_unique_id=Demand("RMUR-04", _RESTRICTED, "all versions have the same uniqueId", _IDENTIFIER_ERROR),
    same_type=Demand("RMUR-05", _RESTRICTED, "all versions are of the same kind and objectType", _OBJECT_TYPE_ERROR),
    same_patient=Demand("RMUR-06", _RESTRICTED, "all versions are of the same patient", _RECONCILIATION_ERROR),
    same_repository=Demand("RMUR-07", _RESTRICTED, "all versions name the same repository", _IDENTIFIER_ERROR),
)

RESOLVED: Final = Demand("MUR-11", _COMMON, "what an association refers to is in the registry", _UNRESOLVED)
STATUS_TARGET: Final = Demand(
    "MUR-12",
    _STATUS,
    "a change of status is of the latest version of a document entry or folder, or of an association that does not"
    " belong to a submission set",
    _UPDATE_ERROR,
)
RIGHT_STATUS: Final = Demand("MUR-13", _STATUS, "OriginalStatus is the status in the registry", _UPDATE_ERROR)
RIGHT_ENDS: Final = Demand(
    "MUR-14",
    _SUBMITTING,
    "a submitted association leads between the latest versions of such objects as its type is for, both Approved",
    _UPDATE_ERROR,
)
NEW_ASSOCIATION: Final = Demand(
    "MUR-15", _SUBMITTING, "there is no such association between the two objects that is Approved", _UPDATE_ERROR
)
RECONCILED: Final = Demand(
    "MUR-16", _PROPAGATION, "an Approved association leads between objects of the same patient", _RECONCILIATION_ERROR
)

REMOVED_EXISTS: Final = Demand("RMR-01", _REMOVING, "what is to be removed is in the registry", _UNRESOLVED)
UNREFERENCED: Final = Demand(
    "RMR-02", _REMOVING, "no association that stays refers to what is removed", "ReferencesExistException"
)
STILL_REFERENCED: Final = Demand(
    "RMR-03",
    _REMOVING,
    "an object that stays keeps an association, and a document entry or folder its submission set",
    "XDSUnreferencedObjectException",
)

DEMANDS: Final = (
    *METADATA_UPDATE.all,
    RESOLVED,
    STATUS_TARGET,
    RIGHT_STATUS,
    RIGHT_ENDS,
    NEW_ASSOCIATION,
    RECONCILED,
    *RESTRICTED_UPDATE.all,
    REMOVED_EXISTS,
    UNREFERENCED,
    STILL_REFERENCED,
)
