"""What is to be done for each patient, decided by the row and the run alone: all identifiers and times.

The same run gives the same plan, however often and in whichever process it is made. So a message that is sent again is
the same message, and the peer can know it by its identifiers.
"""

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Final
from uuid import UUID, uuid5

from ihe_test_util.batch.checkpoint import RunHeader
from ihe_test_util.documents.ids import Ids
from ihe_test_util.documents.writing import file_name, writing_time
from ihe_test_util.patients.model import PatientRow
from ihe_test_util.xml.hl7v3 import II

#: Begins every derivation; a random UUID that means nothing else.
_ROOT: Final = UUID("b4d7c1f6-52a7-4f0e-8f5e-0c6c1b1d9a37")
_values_of: Final = attrgetter(*(one.name for one in fields(PatientRow)))


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """One patient's part of a run; ``now`` is the moment that document and messages name.

    ``document_ids`` are those that the template draws from, ``message_ids`` those of everything around the document.
    """

    row: PatientRow
    now: datetime
    document_ids: Ids
    message_ids: Ids

    @property
    def patient_id(self) -> str:
        """The patient's identifier at the source, as CX."""
        return II(self.row.patient_id_oid, self.row.patient_id).cx

    @property
    def message_id(self) -> str:
        """The id of the HL7 V3 message, a UUID."""
        return self.message_ids.uuid("ITI-44")

    @property
    def submission_set_id(self) -> str:
        """The submission set's uniqueId, an OID."""
        return self.message_ids.oid("submission set")

    @property
    def file_name(self) -> str:
        """The name of the patient's document in the directory of documents."""
        return file_name(self.row)

    def addressing_id(self, code: str) -> str:
        """wsa:MessageID of the message of a transaction."""
        return f"urn:uuid:{self.message_ids.uuid(f'{code} addressing')}"


class Planner:
    """Makes the plans of a run.

    Identifiers depend on the seed, on every value of the row, on its place, and on everything else that documents and
    messages are made from: what differs in content never has the same identifier.
    """

    def __init__(self, header: RunHeader) -> None:
        self._header = header
        unique = "" if header.seeded else header.run_id
        self._namespace = uuid5(_ROOT, f"{header.seed}\0{header.content}\0{unique}")

    def plan(self, row: PatientRow) -> PatientPlan:
        """The plan for one row."""
        header = self._header
        started = header.started
        now = writing_time(row, seed=header.seed if header.seeded else None, given=None, clock=lambda: started)
        person = "\0".join(map(str, _values_of(row)))
        return PatientPlan(
            row,
            now,
            Ids(str(uuid5(self._namespace, f"document\0{person}"))),
            Ids(str(uuid5(self._namespace, f"messages\0{person}"))),
        )


def content_digest(*parts: object) -> str:
    """A digest of what documents and messages are made from, by the ``repr`` of frozen values."""
    return hashlib.sha256("\0".join(map(repr, parts)).encode("utf-8", "surrogatepass")).hexdigest()
