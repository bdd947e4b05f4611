"""What outlives the process: patients, submissions and the journal, in SQLite under ``data_dir``.

::

    <data_dir>/
      domain.sqlite      patients, submissions, documents up to 256 KiB   (a commit is on the disk: synchronous=FULL)
      journal.sqlite     the exchanges, bounded                           (survives kill -9; costs no fsync a batch)
      content/ab/abcd…   larger documents, by SHA-1
      documents/         copies for people, with index.jsonl              (only with save_submitted_documents)
      spool/<instance>/  what one running process is receiving            (removed by the next start once it is dead)
      .lock              held for moments, by whoever moves or removes files

``opening.Store.open(data_dir)`` gives all of it; ``journal_reader.JournalReader`` reads the journal from another
process, whether the server runs or not. Every SQL statement is in ``patients``, ``documents``, ``journal``,
``journal_reader`` or ``schema``; how SQLite is driven is in ``database`` and ``writer``.
"""
