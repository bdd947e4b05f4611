"""Data directories of earlier versions: what they hold is found as if it had come today."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ihe_test_util.domain.patients import CrossReferencing, NameSought, Sought
from ihe_test_util.store.opening import Counts, Store
from ihe_test_util.store.schema import DOMAIN
from ihe_test_util.xml.hl7v3 import II

#: As version 1 wrote it.
DEMOGRAPHICS = (
    '{"identifiers":[["2.999.1.2","OLD-%(n)d","",""],["2.999.1.3","OTHER-%(n)d","",""]],'
    '"names":[["L","","given","Anna","","family","Altmann",""],["P","","family","Jung",""]],'
    '"addresses":[],"telecoms":[],"other_ids":[["2.999.1.4","MORE-%(n)d","",""]],"deceased":[null,""]}'
)
PATIENTS = 1_100


@pytest.fixture
def first_version(data_dir: Path) -> Path:
    """A directory of version 1, with patients and a document."""
    data_dir.mkdir()
    with closing(sqlite3.connect(data_dir / "domain.sqlite")) as connection:
        for statement in DOMAIN.migrations[0]:
            connection.execute(statement)
        for n in range(PATIENTS):
            told = (1_000_000, "F", "19700101", DEMOGRAPHICS % {"n": n})
            ids = (("2.999.1.2", f"OLD-{n}", 0), ("2.999.1.3", f"OTHER-{n}", 1))
            connection.executemany("INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?, ?)", [(*one, *told) for one in ids])
        connection.execute("INSERT INTO submissions VALUES ('s', '2.999.4', '', '2.999.3', 1000000, '<x/>')")
        connection.execute(
            "INSERT INTO documents VALUES ('s', 0, 'D', '2.999.5', 'text/plain', 5, ?, NULL, NULL, ?)",
            ("f7ff9e8b7bb2e09b70935a5d785e0cc5d9d0abf0", b"Hello"),
        )
        connection.execute("PRAGMA user_version=1")
        connection.commit()
    return data_dir


async def test_patients_of_the_first_version_are_found_by_name_and_id(first_version: Path) -> None:
    """By each name, and as one person with every identifier that they were fed with; documents are there too."""
    store = Store.open(first_version)
    try:
        altmanns = await store.patients.find(Sought(names=(NameSought("alt*", "Anna"),)), limit=2 * PATIENTS)
        youngs = await store.patients.find(Sought(names=(NameSought("Jung"),)), limit=2 * PATIENTS)
        by_other = await store.patients.find(Sought(identifiers=(II("2.999.1.4", "MORE-7"),)), limit=10)
        ids = await store.patients.corresponding(II("2.999.1.3", "OTHER-7"), CrossReferencing(by_demographics=False))
        document = await store.documents.get("2.999.5")
        counts = await store.counts()
    finally:
        await store.close()

    assert (len(altmanns), len(youngs)) == (PATIENTS, PATIENTS)
    assert [one.identifiers[0].extension for one in by_other] == ["OLD-7"]
    assert ids == (II("2.999.1.2", "OLD-7"), II("2.999.1.4", "MORE-7"))
    assert document is not None
    assert document.content.read() == b"Hello"
    assert counts == Counts(PATIENTS, 1, 1)
