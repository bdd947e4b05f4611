"""Who was sent what, when, and how it ended: a line of JSON an exchange, and the messages of the first failures."""

from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from ihe_test_util.batch.result_lines import json_bytes
from ihe_test_util.errors import StorageError
from ihe_test_util.exchange import Exchange

_MOST_KEPT: Final = 100


@dataclass(slots=True)
class Audit:
    """The directory ``audit``; patient data are in the messages that are kept, not in the lines."""

    path: Path
    _kept: int = 0
    _file: BinaryIO | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab")
        except OSError as error:
            raise _refused(self.path, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError as problem:
            if error is None:  # else it is what ended the run, and mostly the same disk
                raise _refused(self.path, problem) from problem

    def record(self, exchange: Exchange) -> None:
        """Write down an exchange; of a failed one also what was sent and answered, for the first hundred.

        Raises:
            StorageError: it could not be written.
        """
        if self._file is None:
            raise RuntimeError("the audit is used outside of its context")
        line = {
            "id": exchange.id,
            "started": exchange.started.isoformat(timespec="milliseconds"),
            "duration_s": round(exchange.duration_s, 6),
            "transaction": exchange.transaction,
            "endpoint": exchange.peer,
            "outcome": exchange.outcome,
            "http_status": exchange.http_status,
            "summary": exchange.summary,
        }
        try:
            self._file.write(json_bytes(line) + b"\n")
            if exchange.failed:
                self._file.flush()
                self._keep(exchange)
        except OSError as error:
            raise _refused(self.path, error) from error

    def _keep(self, exchange: Exchange) -> None:
        if self._kept >= _MOST_KEPT:
            return
        self._kept += 1
        for name, message in (("request", exchange.request), ("response", exchange.response)):
            if message.body:
                (self.path.parent / f"{exchange.id}-{name}.xml").write_bytes(message.body)


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError("the audit cannot be written", where=str(path), got=error.strerror or str(error))
