"""Whether each document of a run has an id of its own (ITI TF-3: 4.2.3.2.26, uniqueId), whatever the template does."""

from collections.abc import Callable, Iterable, Sequence

from ihe_test_util.batch.messages import MessageSettings
from ihe_test_util.batch.plan import PatientPlan, Planner
from ihe_test_util.batch.results import PatientResult
from ihe_test_util.documents.document import Document
from ihe_test_util.documents.template import Template
from ihe_test_util.errors import BadInput
from ihe_test_util.patients.model import PatientRow

_HINT = 'write <id root="{{ document_id }}"/> as the id of ClinicalDocument: that is another one for each document'


class DocumentIds:
    """Knows the row of each id that a template made by itself; those that are made for it never meet.

    ``results`` are what earlier processes did; they are read when the first such id comes.
    """

    def __init__(self, results: Callable[[], Iterable[PatientResult]]) -> None:
        self._results = results
        self._rows: dict[str, int] | None = None

    def claim(self, plan: PatientPlan, document: Document) -> None:
        """Keep the id of a row's document for that row.

        Raises:
            BadInput: it is that of another row's.
        """
        if _is_own(plan, document):
            return
        if self._rows is None:
            self._rows = {one.document_id: one.row for one in self._results() if one.document_id}
        row = self._rows.setdefault(document.unique_id, plan.row.row)
        if row != plan.row.row:
            raise BadInput(
                "the template gives this document the id of another patient's",
                got=f"{document.unique_id}, which is that of row {row}",
                hint=_HINT,
            )


def check_documents(
    template: Template, planner: Planner, settings: MessageSettings, patients: Sequence[PatientRow]
) -> None:
    """Refuse a template that fails for each of several patients, or gives their documents the same id.

    That is before anything is sent; ``patients`` are the first of a run.

    Raises:
        BadInput: it does.
    """
    rows: dict[str, int] = {}
    failures: list[BadInput] = []
    for patient in patients:
        plan = planner.plan(patient)
        try:
            document = template.document(plan.row, now=plan.now, ids=plan.document_ids, settings=settings.settings)
        except BadInput as error:
            failures.append(error)  # this patient will fail with it
            continue
        row = rows.setdefault(document.unique_id, patient.row)
        if row != patient.row:
            raise BadInput(
                "the template gives documents of different patients the same id, by which a registry would take them"
                " for one",
                where=f"{template.name}, ClinicalDocument/id",
                got=f"{document.unique_id} for row {row} and for row {patient.row}",
                hint=_HINT,
            )
    if len(failures) > 1 and not rows:
        first = failures[0]
        raise BadInput(
            f"no document can be made: {first.message}",
            where=template.name,
            got=first.got,
            expected=first.expected,
            hint=f"ihe-test-util template validate {template.name} tells all that is wrong with it",
        ) from first


def _is_own(plan: PatientPlan, document: Document) -> bool:
    return document.unique_id == plan.document_ids.oid("document")
