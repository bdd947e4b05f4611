"""Whether a run that is to go on is still the same, and where an earlier one goes when a new one begins."""

from collections.abc import Iterator
from pathlib import Path

from ihe_test_util.batch.checkpoint import Checkpoint, RunHeader
from ihe_test_util.batch.results import Status
from ihe_test_util.errors import BadInput, StorageError
from ihe_test_util.store.locks import FileLock


def check_same_run(checkpoint: Checkpoint, now: RunHeader, *, explicit_seed: int | None) -> None:
    """Refuse to go on with a run whose patients, documents or messages would not be the same as before.

    Raises:
        BadInput: what differs, a line each.
    """
    differences = list(_differences(checkpoint, now, explicit_seed))
    if differences:
        hint = "give the same options as before, or begin a new run without --resume"
        if now.csv_sha256 != checkpoint.header.csv_sha256:
            hint += "; rows that were corrected go into a file, and a run, of their own"
        error = BadInput(
            "this is not the run that the checkpoint is of, so that it cannot go on",
            where=str(checkpoint.path),
            hint=hint,
        )
        for difference in differences:
            error.add_note(f"  {difference}")
        raise error


def _differences(checkpoint: Checkpoint, now: RunHeader, explicit_seed: int | None) -> Iterator[str]:
    before = checkpoint.header
    if now.csv_sha256 != before.csv_sha256:
        same = now.csv == before.csv
        yield "the file of patients " + (
            f"has changed: {now.csv}" if same else f"has changed, or is another: {now.csv}; it was {before.csv}"
        )
    if now.mode is not before.mode:
        yield f"the run was one of mode {before.mode.value}, not {now.mode.value}"
    if now.dry_run is not before.dry_run:
        yield "the run was a dry run" if before.dry_run else "the run was no dry run"
    if explicit_seed is not None and explicit_seed != before.seed:
        yield f"the seed was {before.seed}, not {explicit_seed}"
    if now.mode is not before.mode:
        return  # another mode has other documents and endpoints: that has been said
    if now.template != before.template and now.content != before.content:
        yield f"the template was {before.template}, not {now.template}"
    elif now.content != before.content:
        yield "the template, or identifiers, codes or author of the configuration, have changed"
    yield from _other_endpoints(checkpoint, now)


def _other_endpoints(checkpoint: Checkpoint, now: RunHeader) -> Iterator[str]:
    """A wrong URL may be mended, as long as nothing was acknowledged there."""
    before = checkpoint.header
    pix_add, iti41 = now.pix_add_url != before.pix_add_url, now.iti41_url != before.iti41_url
    if not pix_add and not iti41:
        return
    registered = submitted = False
    for result in checkpoint.results():
        registered = registered or result.register_s is not None
        submitted = submitted or result.status is Status.SUBMITTED
    if pix_add and registered:
        yield f"patients were registered at {before.pix_add_url}, not {now.pix_add_url}"
    if iti41 and submitted:
        yield f"documents were submitted to {before.iti41_url}, not {now.iti41_url}"


def move_aside(path: Path) -> Path | None:
    """Keep the results of an earlier run under a name of their own; None where there were none.

    Raises:
        BadInput: the earlier run is still going on.
        StorageError: the file cannot be moved.
    """
    if not path.exists():
        return None
    try:
        lock = FileLock(path.with_name(f".{path.name}.lock"))
        if not lock.acquire(wait=False):
            hint = "wait for it to end, or give another --output-dir"
            raise BadInput("a run is going on in this directory", where=str(path), hint=hint)
        try:
            number = 1
            while (kept := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
                number += 1
            path.rename(kept)
        finally:
            lock.release()
    except OSError as error:
        raise StorageError(
            "the results of the earlier run cannot be moved", where=str(path), got=error.strerror or str(error)
        ) from error
    return kept
