"""The same server with its domain on PostgreSQL, where one is at hand."""

from pathlib import Path

from benchmarks.filling import fill
from benchmarks.rows import Row
from benchmarks.scale import Bench
from benchmarks.servers import mock_server
from benchmarks.stored_query import asked, iti18_kind
from benchmarks.throughput import Setting, checked_answer, iti41_kind, measure, measure_at, pix_add_kind
from ihe_test_util.store.postgres import PostgresEngine
from ihe_test_util.store.schema import DOMAIN
from tests.support.postgres import missing, own_schema, postgres_server


def measure_postgres(bench: Bench) -> list[Row]:
    """The rows of PIX Add, ITI-41 and FindDocuments on PostgreSQL."""
    if reason := missing():
        bench.say(f"postgres is left out: {reason}")
        return [Row("postgres", "on PostgreSQL", "not measured", numbers={"reason": reason})]
    bench.directory.chmod(0o711)  # for the user that PostgreSQL runs as
    with postgres_server(bench.directory if _open_to_all(bench.directory) else None, durable=True) as url:
        rows: list[Row] = []
        for name, kind in (("feed", pix_add_kind()), ("provide", iti41_kind())):
            setting = _setting(own_schema(url, name))
            rows += measure(bench, kind, setting, rounds=bench.scale.side_rounds)
        return rows + _queried(bench, _setting(own_schema(url, "query")))


def _queried(bench: Bench, setting: Setting) -> list[Row]:
    entries = bench.scale.postgres_entries
    connection = PostgresEngine(setting.store_url, DOMAIN).open()
    try:
        among = fill(connection, entries)
    finally:
        connection.close()
    with mock_server(bench.directory / "iti-18-postgres", setting.config) as mock:
        asked(mock, entries)
        greeting = checked_answer(pix_add_kind(), mock)
        return measure_at(
            bench, iti18_kind(), mock, greeting, rounds=bench.scale.side_rounds, setting=setting, among=among
        )


def _open_to_all(directory: Path) -> bool:
    return all(each.stat().st_mode & 0o001 for each in (directory.resolve(), *directory.resolve().parents))


def _setting(url: str) -> Setting:
    return Setting("postgres", ", on PostgreSQL", store_url=url)
