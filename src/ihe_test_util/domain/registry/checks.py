"""Whether the registry can take a submission, as it stands (ITI TF-2: 3.42.4.1.3); everything that speaks against it.

Each check is a function of its own, for the transactions that change metadata in other ways.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from ihe_test_util.domain.registry import demands
from ihe_test_util.domain.registry.access import RegistryView
from ihe_test_util.domain.registry.draft import Draft
from ihe_test_util.domain.registry.entry import Entry, Kind
from ihe_test_util.domain.xds.codes import ANY_CODE, CODED_ATTRIBUTES, AffinityDomain
from ihe_test_util.domain.xds.datatypes import is_cx
from ihe_test_util.exchange import Finding
from ihe_test_util.xml.ebrim import Association, Classification, ExtrinsicObject, RegistryObject, urns

#: From a document entry of a submission to another (ITI TF-3: 4.2.2.2).
RELATIONSHIPS: Final = frozenset(
    {
        urns.REPLACES,
        urns.APPENDS,
        urns.TRANSFORMS,
        urns.TRANSFORMS_AND_REPLACES,
        urns.SIGNS,
        urns.IS_SNAPSHOT_OF,
    }
)
_UUID: Final = "urn:uuid:"
_PER_CHECK: Final = 1000


def problems(
    draft: Draft,
    view: RegistryView,
    *,
    strict: bool,
    affinity_domain: AffinityDomain = ANY_CODE,
    provided: bool = False,
) -> list[Finding]:
    """Everything that speaks against a submission in the registry as it is; errors and warnings.

    Codes are checked in strict mode only. ``provided`` are submissions whose documents the repository shall keep.
    """
    outside = references(draft)
    submitted = draft.submitted_ids
    held = {entry.id: entry for entry in view.by_ids([*submitted, *outside])} if submitted or outside else {}
    checks: list[Iterator[Finding]] = [
        unknown_patients(draft, view, strict=strict),
        taken_ids(draft, held),
        taken_unique_ids(draft, view),
    ]
    if provided:
        checks.append(other_contents(draft, view))
    if outside:
        checks.append(broken_links(draft, held))
    if strict and affinity_domain.check:
        checks.append(unknown_codes(draft, affinity_domain))
    # As with the rules on a message: whole messages of mistakes would take more memory than they do themselves.
    return [finding for check in checks for finding in islice(check, _PER_CHECK)]


def references(draft: Draft) -> list[str]:
    """The entryUUIDs that associations of a submission refer to in the registry, each once."""
    inside = {entry.id for entry in draft.entries}
    ends = (end for one in draft.associations for end in (one.source, one.target))
    return list(dict.fromkeys(end for end in ends if end not in inside and end.startswith(_UUID)))


def unknown_patients(draft: Draft, view: RegistryView, *, strict: bool) -> Iterator[Finding]:
    """Each patient of the submission whom the registry does not know (XDSUnknownPatientId)."""
    first: dict[str, Entry] = {}
    for entry in draft.objects:
        first.setdefault(entry.patient_id, entry)
    for patient_id, entry in first.items():
        if is_cx(patient_id) and not view.knows_patient(patient_id):
            yield demands.KNOWN_PATIENT.breach(
                f"{draft.label(entry.id)}/patientId",
                repr(patient_id),
                "an identifier that was fed (ITI-44) and is still in force",
                strict=strict,
            )


def taken_ids(draft: Draft, held: Mapping[str, Entry]) -> Iterator[Finding]:
    """Each object whose entryUUID the registry has already."""
    for entry in draft.entries:
        if entry.id in held:
            got = f"the id of a {held[entry.id].kind}"
            yield demands.NEW_ID.breach(f"{draft.label(entry.id)}/id", got, "a symbolic id, or a UUID of its own")


def taken_unique_ids(draft: Draft, view: RegistryView) -> Iterator[Finding]:
    """Each uniqueId that the registry has already, unless it is that of the very same document."""
    new = {entry.unique_id: entry for entry in draft.objects if entry.unique_id}
    told: set[tuple[str, str]] = set()
    # What an update made another is no longer said of the document; versions come in their order.
    for old in {entry.lid: entry for entry in view.by_unique_ids(new)}.values():
        entry = new[old.unique_id]
        for finding in _taken(entry, old, draft.label(entry.id)):
            if (key := (finding.rule, finding.path)) not in told:
                told.add(key)
                yield finding


def _taken(new: Entry, old: Entry, label: str) -> Iterator[Finding]:
    if not new.kind == old.kind == Kind.DOCUMENT_ENTRY:
        got = f"{new.unique_id!r}, the uniqueId of a {old.kind}"
        yield demands.NEW_UNIQUE_ID.breach(f"{label}/uniqueId", got, "a uniqueId that the registry does not have")
        return
    for name, demand in (("hash", demands.SAME_HASH), ("size", demands.SAME_SIZE)):
        here, there = slot_value(new.source, name).lower(), slot_value(old.source, name).lower()
        if here and there and here != there:
            yield demand.breach(f"{label}/{name}", f"{here!r} for uniqueId {new.unique_id!r}", f"{there!r}, as before")


def other_contents(draft: Draft, view: RegistryView) -> Iterator[Finding]:
    """Each document that the repository has with other bytes, while the registry does not know it any more (ITI-62)."""
    new = {entry.unique_id: entry for entry in draft.objects if entry.kind is Kind.DOCUMENT_ENTRY and entry.unique_id}
    kept = view.kept_documents(new)
    known = {entry.unique_id for entry in view.by_unique_ids(kept, [Kind.DOCUMENT_ENTRY])} if kept else set()
    for unique_id, (sha1, size) in kept.items():
        entry = new[unique_id]
        here = slot_value(entry.source, "hash")
        if unique_id not in known and (here.lower(), slot_value(entry.source, "size")) != (sha1, str(size)):
            got = f"{here!r} for uniqueId {unique_id!r}"
            want = f"{sha1!r}, as the repository has it; what it has can be removed by ITI-86"
            yield demands.SAME_HASH.breach(f"{draft.label(entry.id)}/hash", got, want)


def broken_links(draft: Draft, held: Mapping[str, Entry]) -> Iterator[Finding]:
    """What is wrong with associations to what the registry holds."""
    inside = {entry.id: entry for entry in draft.entries}
    for link in draft.associations:
        label = draft.label(link.id)
        ends = [inside.get(end) or held.get(end) for end in (link.source, link.target)]
        for (name, end), found in zip(_ends(link), ends, strict=True):
            if found is None:
                want = "the entryUUID of an object of the registry"
                yield demands.RESOLVED.breach(f"{label}/{name}", repr(end), want)
        source, target = ends
        if source is not None and target is not None and (source.id not in inside or target.id not in inside):
            outside = {end for end in (link.source, link.target) if end not in inside}
            yield from broken_link(label, link, source, target, outside)


def broken_link(label: str, link: Association, source: Entry, target: Entry, outside: Collection[str]) -> list[Finding]:
    """What is wrong with an association between two objects, of which the registry holds those ``outside``."""
    if link.association_type in RELATIONSHIPS:
        return list(_relationship(label, link, source, target))
    if link.association_type == urns.HAS_MEMBER:
        return list(_membership(label, source, target, outside))
    return []


def _relationship(label: str, link: Association, source: Entry, target: Entry) -> Iterator[Finding]:
    path = f"{label}/targetObject"
    if target.kind is not Kind.DOCUMENT_ENTRY:
        yield demands.RIGHT_KIND.breach(path, f"a {target.kind}", "a DocumentEntry")
        return
    if link.association_type == urns.IS_SNAPSHOT_OF and target.source.object_type != urns.ON_DEMAND_DOCUMENT:
        yield demands.RIGHT_KIND.breach(path, "a stable DocumentEntry", "an On-Demand DocumentEntry")
    yield from _in_force(path, [target])
    yield from _same_patient(path, source, target)


def _membership(label: str, source: Entry, target: Entry, outside: Collection[str]) -> Iterator[Finding]:
    path, origin = f"{label}/targetObject", f"{label}/sourceObject"
    if source.kind is Kind.FOLDER:
        if target.kind is not Kind.DOCUMENT_ENTRY:
            yield demands.RIGHT_KIND.breach(path, f"a {target.kind}", "a DocumentEntry")
            return
        if not source.approved:
            yield demands.FOLDER_IN_FORCE.breach(origin, f"the folder {source.id}, which is Deprecated", "Approved")
        yield from _in_force(path, [target])
        yield from _same_patient(path, source, target)
    elif source.kind is not Kind.SUBMISSION_SET or source.id in outside:
        want = "the SubmissionSet of this submission, or a Folder"
        yield demands.RIGHT_KIND.breach(origin, f"a {source.kind} of the registry", want)
    elif target.kind is Kind.SUBMISSION_SET:
        yield demands.RIGHT_KIND.breach(path, "a SubmissionSet", "a DocumentEntry, a Folder or an Association")
    else:
        yield from _in_force(path, [target])


def _in_force(path: str, targets: Iterable[Entry]) -> Iterator[Finding]:
    for target in targets:
        if target.kind is Kind.DOCUMENT_ENTRY and not target.approved:
            got = f"the document entry {target.id}, which is Deprecated"
            yield demands.DOCUMENT_IN_FORCE.breach(path, got, "one that is Approved")


def _same_patient(path: str, source: Entry, target: Entry) -> Iterator[Finding]:
    if source.patient_id != target.patient_id and source.patient_id and target.patient_id:
        got = f"a {target.kind} of patient {target.patient_id!r}"
        yield demands.SAME_PATIENT.breach(path, got, f"one of patient {source.patient_id!r}, as the {source.kind}")


def unknown_codes(draft: Draft, affinity_domain: AffinityDomain) -> Iterator[Finding]:
    """Each code and media type that is not of the affinity domain's value sets."""
    for entry in draft.entries:
        label = draft.label(entry.id)
        for one in entry.source.classifications:
            value_set = affinity_domain.value_set_of(one.scheme)
            if value_set is None or not one.node_representation:
                continue  # a code that is missing is for the rules on the message to tell
            scheme = slot_value(one, "codingScheme")
            if (one.node_representation, scheme) not in value_set:
                got = f"{one.node_representation!r} of scheme {scheme!r}"
                path = f"{label}/{CODED_ATTRIBUTES[one.scheme]}"
                yield demands.KNOWN_CODE.breach(path, got, value_set.nearest(one.node_representation, scheme))
        mime_type = entry.source.mime_type if isinstance(entry.source, ExtrinsicObject) else ""
        if mime_type and not affinity_domain.takes_mime_type(mime_type):
            want = affinity_domain.nearest_mime_type(mime_type)
            yield demands.KNOWN_MIME_TYPE.breach(f"{label}/mimeType", repr(mime_type), want)


def _ends(link: Association) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("sourceObject", link.source), ("targetObject", link.target)


def slot_value(source: RegistryObject | Classification, name: str) -> str:
    """The first value of a slot, or nothing."""
    return next((slot.values[0] for slot in source.slots if slot.name == name and slot.values), "")
