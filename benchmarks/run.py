"""``python benchmarks/run.py``: measure the mock server and print a table; see ``--help`` and README.md."""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    runpy.run_module("benchmarks.suite", run_name="__main__")
