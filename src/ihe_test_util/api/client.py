"""One object for a whole IHE domain: its endpoints, who we are, and a method for each thing to do there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypedDict, Unpack
from uuid import uuid4

from ihe_test_util.api import checked
from ihe_test_util.api.caller import Caller, new_uuid, now
from ihe_test_util.api.queries import Values, stored_query
from ihe_test_util.domain.patients import Patient
from ihe_test_util.domain.registry.queries.catalogue import StoredQuery
from ihe_test_util.domain.xds.metadata import DocumentEntry, Folder, View
from ihe_test_util.errors import BadInput, Refused
from ihe_test_util.transactions import (
    iti18,
    iti41,
    iti43,
    iti57,
    iti62,
    iti86,
    iti92,
    pdq,
    pix_add,
    pix_merge,
    pix_query,
    pix_revise,
)
from ihe_test_util.transactions.card import Transaction
from ihe_test_util.transactions.feed.model import feed_request
from ihe_test_util.transactions.iti18 import StoredQueryResponse
from ihe_test_util.transactions.iti41 import DocumentDraft
from ihe_test_util.transactions.iti43 import DocumentRequest, RetrievedDocument
from ihe_test_util.transactions.patient_query.model import QueryResponse
from ihe_test_util.transactions.update.revision import Changes, Submitter, new_status, new_version
from ihe_test_util.xml.ebrim import AnyObject, urns
from ihe_test_util.xml.hl7v3 import II, ts

_UUID: Final = "urn:uuid:"


@dataclass(frozen=True, slots=True)
class Provided:
    """What a repository took in: the uniqueIds of the submission set and of each document, and what it warns of."""

    submission_set_id: str
    document_ids: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Updated:
    """What a registry updated: the uniqueId of the submission set, the logicalID, and the version that counts now.

    ``warnings`` are what it says of an update that it takes all the same.
    """

    submission_set_id: str
    logical_id: str
    version: int
    warnings: tuple[str, ...] = ()


class _Envelope(TypedDict):
    """What every HL7 V3 message says beside what it is about."""

    message_id: str
    creation_time: str
    sender_oid: str
    receiver_oid: str


class IheClient(Caller):
    """A client of one IHE domain; an asynchronous context manager around one pool of connections.

    With ``base_url`` each transaction is sent to the path that the mock has for it there; without, to the URLs of
    ``config``, a configuration or its file (by default ``config/config.json``, where it exists). With ``sign`` each
    message bears an assertion, as the configuration says. ``record`` is given every exchange.

    Every method raises Refused where the peer says no, PeerFault where it answers with a SOAP fault, Unreachable where
    there is no answer, PeerMalformed where the answer is none that can be read, and BadInput for wrong arguments.
    """

    async def register(self, patient: Patient | str) -> str:
        """Register a patient, given as a value or in a line of ``key=value`` (ITI-44); the identifier as CX."""
        return await self._feed(pix_add.SPEC, checked.patient(patient))

    async def revise(self, patient: Patient | str) -> str:
        """Replace what is known of a patient (ITI-44)."""
        return await self._feed(pix_revise.SPEC, checked.patient(patient))

    async def merge(self, surviving: Patient | str, *, subsumed: str) -> str:
        """Let a patient stand for another identifier of theirs (CX) as well, which ends (ITI-44)."""
        return await self._feed(pix_merge.SPEC, checked.patient(surviving), (checked.identifier(subsumed),))

    async def identifiers(self, patient_id: str, *domains: str) -> tuple[str, ...]:
        """The identifiers (CX) of a patient (CX) in some domains (OIDs), or in all others (ITI-45)."""
        request = pix_query.pix_query_request(
            checked.identifier(patient_id), *checked.oids(domains), **self._envelope(), query_id=_uid()
        )
        response = (await self.demand(pix_query.SPEC, request)).response
        return tuple(one.cx for patient in _patients(response) for one in patient.identifiers)

    async def find_patients(
        self,
        *,
        family: str = "",
        given: str = "",
        gender: str = "",
        birth_date: str = "",
        patient_id: str = "",
        domains: Sequence[str] = (),
        at_once: int | None = None,
    ) -> tuple[Patient, ...]:
        """Everybody who fits all that is given (ITI-47), in pieces of ``at_once``; in names ``*`` is a wildcard.

        ``gender`` is M, F or UN, ``birth_date`` YYYY-MM-DD, YYYY-MM or YYYY, ``patient_id`` a CX.
        """
        sought = checked.sought(family, given, gender, birth_date, patient_id)
        query_id = _uid()
        limit = checked.at_least_one("at_once", at_once)
        request = pdq.pdq_request(sought, *checked.oids(domains), query_id=query_id, limit=limit, **self._envelope())
        response = (await self.demand(pdq.SPEC, request)).response
        pieces = pdq.Pieces()
        while pieces.take(response):
            answered = response.acknowledgement.transmission.message_id
            more = pdq.continuation_request(query_id, answered=answered, quantity=at_once, **self._envelope())
            response = (await self.demand(pdq.CONTINUE_SPEC, more)).response
        return tuple(pieces.patients)

    async def provide(
        self,
        *documents: DocumentDraft | Path | bytes,
        patient_id: str,
        title: str = "",
        source_patient_id: str = "",
        replaces: DocumentEntry | str = "",
    ) -> Provided:
        """Provide and register documents of a patient (CX), with metadata from the configuration (ITI-41).

        The first of them takes the place of the document ``replaces``, by its entry, entryUUID or uniqueId.
        """
        if not documents:
            raise BadInput("there is nothing to provide", expected="a document or more: a Path, bytes, a DocumentDraft")
        identifiers, metadata = self.config.identifiers, self.config.metadata
        moment = now()
        request = iti41.submission_for(
            [self._draft(each, title, moment) for each in documents],
            patient_id=checked.identifier(patient_id).cx,
            source_patient_id=checked.identifier(source_patient_id or patient_id).cx,
            source_id=identifiers.source_oid,
            unique_id=_oid(),
            submission_time=_dtm(moment),
            title=title,
            content_type=metadata.content_type_code.value,
            authors=metadata.given_authors,
            replaces=await self.entry_uuid(replaces) if replaces else "",
        )
        verdict = (await self.demand(iti41.SPEC, request)).verdict
        named = [(label, value) for label, value in verdict.identifiers if value]
        return Provided(
            next((value for label, value in named if label == "submission set"), ""),
            tuple(value for label, value in named if label == "document"),
            verdict.details,
        )

    async def entry_uuid(self, document: DocumentEntry | str) -> str:
        """The entryUUID of a document; of a uniqueId the registry is asked for the entry that is in force.

        Raises:
            Refused: the registry does not know it.
        """
        document = checked.document(document)
        if isinstance(document, DocumentEntry):
            return document.source.id
        return document if document.startswith(_UUID) else (await self._looked_up([document]))[document].source.id

    async def query(
        self, query: StoredQuery | str, *, returning: str = iti18.LEAF_CLASS, **arguments: Values
    ) -> StoredQueryResponse:
        """Ask a stored query (ITI-18), by its name such as ``find-documents`` or ``FindDocuments``.

        Its arguments are named as the options of ``ihe-test-util query``, with underscores: ``patient_id``,
        ``class_code`` as ``code^^scheme``; several values are alternatives.

        Raises:
            BadInput: a query or an argument that there is none of.
        """
        request = stored_query(query, arguments, returning=returning)
        return (await self.demand(iti18.SPEC, request)).response

    async def find_documents(
        self, patient_id: str, *, status: Values = "approved", **arguments: Values
    ) -> tuple[DocumentEntry, ...]:
        """The document entries of a patient (CX) by FindDocuments (ITI-18)."""
        patient_id = checked.identifier(patient_id).cx
        request = stored_query("find-documents", {"patient_id": patient_id, "status": status, **arguments})
        return (await self.demand(iti18.SPEC, request)).response.document_entries

    async def retrieve(self, *documents: DocumentEntry | str, repository: str = "") -> tuple[RetrievedDocument, ...]:
        """Documents by their entries, entryUUIDs or uniqueIds (ITI-43).

        Where a document is, and what its uniqueId is, the registry is asked, unless the entry or ``repository``, the
        repositoryUniqueId, says so.

        Raises:
            Refused: the repository has not all of them, or gives others than those, or bytes with another hash than
                their entries say; or the registry does not know one.
        """
        if not documents:
            raise BadInput(
                "there is nothing to retrieve", expected="a document or more: its entry, entryUUID or uniqueId"
            )
        request = iti43.RetrieveRequest(await self.locate(*documents, repository=repository))
        return (await self.demand(iti43.SPEC, request)).response.documents

    async def locate(self, *documents: DocumentEntry | str, repository: str = "") -> tuple[DocumentRequest, ...]:
        """Where documents are, and what their uniqueIds are, as ``retrieve`` finds out.

        Raises:
            Refused: the registry does not know one.
        """
        entries = {}
        documents = tuple(checked.document(one) for one in documents)
        if unknown := [one for one in documents if isinstance(one, str) and (not repository or one.startswith(_UUID))]:
            entries = await self._looked_up(unknown)
        wanted = []
        for one in documents:
            entry = one if isinstance(one, DocumentEntry) else entries.get(one)
            if entry is None:
                wanted.append(DocumentRequest(repository, str(one)))
                continue
            where = entry.repository_unique_id or repository
            wanted.append(DocumentRequest(where, entry.unique_id, entry.home_community_id, entry.hash))
        return tuple(wanted)

    async def update(
        self, latest: DocumentEntry | Folder | str, *, propagate: bool = True, **changes: Unpack[Changes]
    ) -> Updated:
        """Register a new version of a document entry or folder, with some attributes changed (ITI-57).

        What is not named stays as it is in ``latest``, which goes by its view, or a document by entryUUID or uniqueId;
        an empty text takes the attribute away.
        Without ``propagate`` the new version does not take over the associations of the one before.

        Raises:
            Refused: ``latest`` is not the latest version any more (XDSMetadataVersionError), or whatever else the
                registry has against it.
        """
        view = await self._view(latest)
        checked.changes(view, changes)
        request = new_version(view, changes, self._submitter(), propagates=propagate)
        warnings = (await self.demand(iti57.SPEC, request)).verdict.details
        return Updated(request.set_unique_id, view.logical_id or view.entry_uuid, view.version + 1, warnings)

    async def restricted_update(self, latest: DocumentEntry | str, **changes: Unpack[Changes]) -> Updated:
        """Register a new version of a document entry; patient, identifiers and repository are held fast (ITI-92)."""
        view = await self._view(latest)
        checked.changes(view, changes)
        request = new_version(view, changes, self._submitter())
        warnings = (await self.demand(iti92.SPEC, request)).verdict.details
        return Updated(request.set_unique_id, view.logical_id or view.entry_uuid, view.version + 1, warnings)

    async def set_status(self, latest: DocumentEntry | Folder | str, status: str) -> Updated:
        """Give the latest version of a document entry or folder another status, approved or deprecated (ITI-57)."""
        urn = checked.status(status)
        view = await self._view(latest)
        request = new_status([view], urn, self._submitter())
        warnings = (await self.demand(iti57.SPEC, request)).verdict.details
        return Updated(request.set_unique_id, view.logical_id or view.entry_uuid, view.version, warnings)

    async def remove_metadata(self, *objects: View | AnyObject | str) -> None:
        """Remove objects from the registry for good, all or none (ITI-62); their documents stay.

        They go by their views, as a query returns them, or by entryUUID; a document also by its uniqueId. The
        associations that refer to them must be named too: GetSubmissionSetAndContents finds all of a submission.
        """
        names = [checked.entry_uuid(one) for one in objects]
        if not names:
            raise BadInput("there is nothing to remove", expected="an object or more, or their entryUUIDs")
        ids = [one if one.startswith(_UUID) else await self.entry_uuid(one) for one in names]
        await self.demand(iti62.SPEC, iti62.RemoveMetadataRequest(tuple(dict.fromkeys(ids))))

    async def remove_documents(self, *documents: DocumentEntry | str, repository: str = "") -> None:
        """Remove documents from their repository for good (ITI-86); their metadata stay.

        They are named, and found, as by ``retrieve``.

        Raises:
            Refused: one is not there; those that were are removed all the same.
        """
        if not documents:
            raise BadInput(
                "there is nothing to remove", expected="a document or more: its entry, entryUUID or uniqueId"
            )
        request = iti86.RemoveDocumentsRequest(await self.locate(*documents, repository=repository))
        await self.demand(iti86.SPEC, request)

    async def _view(self, latest: DocumentEntry | Folder | str) -> DocumentEntry | Folder:
        latest = checked.updatable(latest)
        return (await self._looked_up([latest]))[latest] if isinstance(latest, str) else latest

    def _submitter(self) -> Submitter:
        metadata = self.config.metadata
        return Submitter(
            self.config.identifiers.source_oid,
            _oid(),
            _dtm(now()),
            metadata.content_type_code.value,
            metadata.given_authors,
        )

    async def _looked_up(self, names: Sequence[str]) -> dict[str, DocumentEntry]:
        """The entries of documents that are known by entryUUID or uniqueId, by the name that was given."""
        found: dict[str, DocumentEntry] = {}
        by_uuid = [name for name in names if name.startswith(_UUID)]
        by_unique_id = [name for name in names if not name.startswith(_UUID)]
        if by_uuid:
            response = await self.query("get-documents", entry_uuid=by_uuid)
            found |= {entry.source.id: entry for entry in response.document_entries}
        if by_unique_id:
            response = await self.query("get-documents", unique_id=by_unique_id)
            # Of several versions the one in force counts, which comes last here.
            in_force_last = sorted(response.document_entries, key=lambda entry: entry.source.status == urns.APPROVED)
            found |= {entry.unique_id: entry for entry in in_force_last}
        if missing := [name for name in names if name not in found]:
            raise Refused(
                f"the registry knows no document {missing[0]!r}"
                + (f" (and {len(missing) - 1} more)" if missing[1:] else ""),
                hint="its uniqueId, or the entryUUID of its latest version, as find-documents lists them",
            )
        return found

    async def _feed(
        self,
        card: Transaction[pix_add.PixAddRequest, pix_add.PixAddResponse],
        patient: Patient,
        subsumed: tuple[II, ...] = (),
    ) -> str:
        request = feed_request(card.request_root.rpartition("}")[2], patient, **self._envelope(), subsumed=subsumed)
        verdict = (await self.demand(card, request)).verdict
        accepted = [value for _, value in verdict.identifiers if value]
        return accepted[0] if accepted else patient.identifiers[0].cx

    def _envelope(self) -> _Envelope:
        identifiers = self.config.identifiers
        return {
            "message_id": new_uuid(),
            "creation_time": ts(now()),
            "sender_oid": identifiers.sender_oid,
            "receiver_oid": identifiers.receiver_oid,
        }

    def _draft(self, document: DocumentDraft | Path | bytes, title: str, moment: datetime) -> DocumentDraft:
        if isinstance(document, DocumentDraft):
            return document
        metadata = self.config.metadata
        return DocumentDraft(
            checked.content(document),
            unique_id=_oid(),
            creation_time=_dtm(moment),
            title=title or (document.stem if isinstance(document, Path) else ""),
            mime_type=metadata.mime_type,
            language=metadata.language,
            codes=metadata.codes,
            authors=metadata.given_authors,
        )


def _patients(response: QueryResponse) -> tuple[Patient, ...]:
    return tuple(one.record.patient for one in response.registrations if one.record is not None)


def _uid() -> II:
    return II(new_uuid())


def _oid() -> str:
    return f"2.25.{uuid4().int}"


def _dtm(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S")
