"""The tables, as the statements that made them, version after version; what was released is never edited.

Points in time are microseconds since 1970, UTC.
"""

from typing import Any, Final

from ihe_test_util.store.database import Schema

#: The files in a data directory.
DOMAIN_FILE: Final = "domain.sqlite"
JOURNAL_FILE: Final = "journal.sqlite"

_MIB: Final = 1024 * 1024


def _complete_patients(connection: Any) -> None:  # noqa: ANN401 - the connection of whichever database it is
    from ihe_test_util.store.earlier import complete_patients  # noqa: PLC0415 - which builds on what is built on this

    complete_patients(connection)


DOMAIN: Final = Schema(
    what="database of patients and documents",
    page_bytes=8192,
    synchronous="FULL",
    wal_bytes=16 * _MIB,
    migrations=(
        (
            # One row for each identifier: what was fed last under it. Position 0 is the first identifier of its feed.
            """
            CREATE TABLE patients (
                root TEXT NOT NULL,
                extension TEXT NOT NULL,
                position INTEGER NOT NULL,
                fed_at INTEGER NOT NULL,
                gender TEXT NOT NULL,
                birth_time TEXT NOT NULL,
                demographics TEXT NOT NULL,
                PRIMARY KEY (root, extension)
            )
            """,
            """
            CREATE TABLE submissions (
                id TEXT NOT NULL PRIMARY KEY,
                unique_id TEXT NOT NULL,
                patient_id TEXT NOT NULL,
                source_id TEXT NOT NULL,
                provided_at INTEGER NOT NULL,
                metadata BLOB NOT NULL
            )
            """,
            # Exactly one of data and path is set; path is relative to data_dir, with forward slashes.
            """
            CREATE TABLE documents (
                submission_id TEXT NOT NULL,
                position INTEGER NOT NULL,
                entry_id TEXT NOT NULL,
                unique_id TEXT NOT NULL,
                mime_type TEXT NOT NULL,
                size INTEGER NOT NULL,
                sha1 TEXT NOT NULL,
                path TEXT,
                saved_as TEXT,
                data BLOB,
                PRIMARY KEY (submission_id, position)
            )
            """,
            "CREATE INDEX documents_unique_id ON documents (unique_id)",
            "CREATE INDEX documents_sha1 ON documents (sha1)",
        ),
        (
            # Document entries, submission sets, folders and associations, each with the ebRIM object that it is. seq is
            # the order of registration. Of an association source and target are set, of the others unique_id and
            # patient_id.
            """
            CREATE TABLE registry_objects (
                id TEXT NOT NULL PRIMARY KEY,
                seq BIGINT NOT NULL,
                kind TEXT NOT NULL,
                lid TEXT NOT NULL,
                version INTEGER NOT NULL,
                status TEXT NOT NULL,
                unique_id TEXT,
                patient_id TEXT,
                type TEXT NOT NULL,
                source TEXT,
                target TEXT,
                xml BLOB NOT NULL
            )
            """,
            # Used where several machines share the database; see store.documents.
            """
            CREATE TABLE document_chunks (
                sha1 TEXT NOT NULL,
                size BIGINT NOT NULL,
                number INTEGER NOT NULL,
                data BLOB NOT NULL,
                PRIMARY KEY (sha1, size, number)
            )
            """,
            """
            CREATE INDEX registry_objects_patient ON registry_objects (patient_id, kind, status)
                WHERE patient_id IS NOT NULL
            """,
            "CREATE INDEX registry_objects_unique_id ON registry_objects (unique_id) WHERE unique_id IS NOT NULL",
            "CREATE INDEX registry_objects_lid ON registry_objects (lid, version)",
            "CREATE INDEX registry_objects_source ON registry_objects (source) WHERE source IS NOT NULL",
            "CREATE INDEX registry_objects_target ON registry_objects (target) WHERE target IS NOT NULL",
        ),
        (
            # The first name as it is compared, and the others that people go by; merged_into is the CX of the
            # identifier in whose favour this one ended.
            "ALTER TABLE patients ADD COLUMN family TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE patients ADD COLUMN given TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE patients ADD COLUMN further_names TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE patients ADD COLUMN merged_into TEXT NOT NULL DEFAULT ''",
            "CREATE INDEX patients_name ON patients (family, given)",
            "CREATE INDEX patients_further_names ON patients (further_names) WHERE further_names > ''",
            "CREATE INDEX patients_merged ON patients (merged_into) WHERE merged_into > ''",
            # Identifiers that were fed together, each with the first one of its message.
            """
            CREATE TABLE patient_links (
                root TEXT NOT NULL,
                extension TEXT NOT NULL,
                other_root TEXT NOT NULL,
                other_extension TEXT NOT NULL,
                fed_at BIGINT NOT NULL,
                PRIMARY KEY (root, extension, other_root, other_extension)
            )
            """,
            "CREATE INDEX patient_links_other ON patient_links (other_root, other_extension)",
            # Queries by demographics of which there is more; found is a JSON array of root and extension in turn.
            """
            CREATE TABLE pending_queries (
                root TEXT NOT NULL,
                extension TEXT NOT NULL,
                kept_at BIGINT NOT NULL,
                query TEXT NOT NULL,
                found TEXT NOT NULL,
                told INTEGER NOT NULL,
                PRIMARY KEY (root, extension)
            )
            """,
        ),
    ),
    completions={3: _complete_patients},
)

JOURNAL: Final = Schema(
    what="journal",
    page_bytes=16384,
    synchronous="NORMAL",
    wal_bytes=32 * _MIB,
    migrations=(
        (
            # seq has no gaps, since only the oldest are ever removed. end_offset counts the bytes of all exchanges up
            # to and with this one, so that the bytes kept are known without adding them up. What is long comes last.
            """
            CREATE TABLE exchanges (
                seq INTEGER PRIMARY KEY AUTOINCREMENT,
                end_offset INTEGER NOT NULL,
                size INTEGER NOT NULL,
                id TEXT NOT NULL,
                started INTEGER NOT NULL,
                duration_s REAL NOT NULL,
                peer TEXT NOT NULL,
                method TEXT NOT NULL,
                target TEXT NOT NULL,
                transaction_code TEXT NOT NULL,
                interaction TEXT NOT NULL,
                outcome TEXT NOT NULL,
                http_status INTEGER NOT NULL,
                summary TEXT NOT NULL,
                details TEXT,
                request_head BLOB NOT NULL,
                response_head BLOB NOT NULL,
                request BLOB NOT NULL,
                response BLOB NOT NULL,
                attachments BLOB
            )
            """,
            "CREATE INDEX exchanges_id ON exchanges (id)",
        ),
    ),
)
