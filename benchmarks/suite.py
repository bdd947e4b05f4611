"""The command line of the benchmarks."""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from benchmarks.csv_rows import measure_csv
from benchmarks.delayed import measure_delayed
from benchmarks.document import measure_document
from benchmarks.large_retrieval import measure_document_out
from benchmarks.load import NO_WRK, Loader
from benchmarks.machine import Origin, origin
from benchmarks.memory import measure_memory
from benchmarks.retrieval import measure_iti43
from benchmarks.rows import Row, Verdict, table
from benchmarks.scale import FULL, QUICK, SOAK_REQUESTS, Bench, Cases
from benchmarks.servers import BenchFailedError
from benchmarks.shared_database import measure_postgres
from benchmarks.startup import measure_startup
from benchmarks.stored_query import measure_iti18
from benchmarks.throughput import measure_iti41, measure_iti42, measure_pix_add, measure_workers
from benchmarks.workflow import measure_workflow
from ihe_test_util.errors import IheTestUtilError

_ROOT: Final = Path(__file__).parents[1]
_README: Final = Path(__file__).with_name("README.md")
_BEGIN, _END = "<!-- latest: written by run.py --update-readme -->", "<!-- end of latest -->"

_CASES: Final[Cases] = {
    "startup": measure_startup,
    "pix-add": measure_pix_add,
    "iti-41": measure_iti41,
    "iti-42": measure_iti42,
    "iti-43": measure_iti43,
    "iti-18": measure_iti18,
    "workers": measure_workers,
    "postgres": measure_postgres,
    "memory": measure_memory,
    "delayed": measure_delayed,
    "document": measure_document,
    "document-out": measure_document_out,
    "workflow": measure_workflow,
    "csv": measure_csv,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and give the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # so that servers and files go with us
    parser = _parser()
    options = parser.parse_args(arguments)
    wrk = None if options.loader == "asyncio" else shutil.which("wrk")
    if wrk is None and options.loader != "asyncio":
        if options.loader == "wrk":
            parser.error(NO_WRK)
        _say(f"{NO_WRK}; a load generator in Python stands in for it, and takes more of the machine")
    here = origin(list(sys.argv[1:] if arguments is None else arguments), "wrk" if wrk else "asyncio_load.py")
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.directory) as directory:
        (Path(directory) / ".gitignore").write_text("*\n")
        rows = _measured(options, Path(directory), wrk)
    print("\n".join(here.lines()), end="\n\n")
    print(table(rows))
    if options.json is not None:
        document = {"origin": asdict(here), "rows": [row.as_json() for row in rows]}
        options.json.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.update_readme:
        _update_readme(here, rows)
    verdicts = {row.verdict for row in rows}
    return int(Verdict.FAILED in verdicts or (options.gate and Verdict.SHORT in verdicts))


def _measured(options: argparse.Namespace, directory: Path, wrk: str | None) -> list[Row]:
    scale = QUICK if options.quick else FULL
    if options.soak:
        scale = replace(scale, memory_requests=SOAK_REQUESTS)
    if options.connections:
        scale = replace(scale, connections=options.connections)
    bench = Bench(directory, Loader(directory, scale.connections, wrk=wrk), scale, _say)
    rows: list[Row] = []
    for name in options.only or _CASES:
        _say(f"{name} …")
        try:
            rows += _CASES[name](bench)
        except (BenchFailedError, IheTestUtilError, OSError, subprocess.SubprocessError) as error:
            _say(f"{name}: {error}\n{error.stderr if isinstance(error, subprocess.CalledProcessError) else ''}")
            rows.append(Row(name, name, type(error).__name__, verdict=Verdict.FAILED, numbers={"error": str(error)}))
    return rows


def _update_readme(here: Origin, rows: Sequence[Row]) -> None:
    text = _README.read_text(encoding="utf-8")
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    latest = "\n".join([_BEGIN, "", *here.lines(), "", table(rows), "", _END])
    _README.write_text(before + latest + after, encoding="utf-8")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Measure server and client, each beside something plain in the same run, and print a table.",
        epilog="Exit code 0 unless something failed to run; with --gate also 1 when a budget is not kept.",
    )
    parser.add_argument("--quick", action="store_true", help="a few seconds: whether it works, no numbers to quote")
    parser.add_argument("--soak", action="store_true", help=f"memory over {SOAK_REQUESTS:,} requests")
    parser.add_argument("--only", action="append", choices=list(_CASES), metavar="NAME", help=", ".join(_CASES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write rows and samples to a file")
    parser.add_argument("--gate", action="store_true", help="exit code 1 when a budget is not kept")
    parser.add_argument("--loader", choices=["auto", "wrk", "asyncio"], default="auto", help="who makes the load")
    parser.add_argument("--connections", type=int, metavar="N", help=f"at once [{FULL.connections}]")
    parser.add_argument(
        "--directory", type=Path, default=_ROOT, metavar="DIR", help="on the disk to measure [this project's]"
    )
    parser.add_argument("--update-readme", action="store_true", help="put the table into benchmarks/README.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
