"""The table of causes: complete over the errors, and what it says of statuses, faults and refusals."""

from collections.abc import Iterator

import pytest

from ihe_test_util import failures
from ihe_test_util.errors import (
    CertificateError,
    ConfigError,
    FaultCode,
    IheTestUtilError,
    NoSoapAnswer,
    PeerFault,
    PeerMalformed,
    TlsFailed,
    UnknownHost,
    Unreachable,
)
from ihe_test_util.failures import FAILURES, Category, Failure, of_fault, of_refusal, of_status


def error_classes(base: type[IheTestUtilError] = IheTestUtilError) -> Iterator[type[IheTestUtilError]]:
    """Every error of the package itself."""
    if base.__module__ == "ihe_test_util.errors":
        yield base
        for child in base.__subclasses__():
            yield from error_classes(child)


@pytest.mark.parametrize("kind", sorted(set(error_classes()), key=str))
def test_every_error_has_a_row(kind: type[IheTestUtilError]) -> None:
    """Of the table, and of its own kind: only the root of the tree is unexpected."""
    assert kind.usual_failure in FAILURES
    assert (kind.usual_failure is failures.UNEXPECTED) == (kind is IheTestUtilError)


def test_no_row_is_left_out_of_the_table() -> None:
    """What the module defines is listed, once, under names that are unique."""
    defined = [each for each in vars(failures).values() if isinstance(each, Failure)]

    assert set(defined) == set(FAILURES)
    assert len({each.cause for each in FAILURES}) == len(FAILURES)
    assert len({each.title for each in FAILURES}) == len(FAILURES)


def test_every_row_is_reached() -> None:
    """By an error's class, an HTTP status, a fault, an unknown outcome or a refusal."""
    reached = {kind.usual_failure for kind in error_classes()}
    reached |= {of_status(status) for status in range(200, 600)}
    reached |= {of_fault(code, "", 500) for code in FaultCode}
    reached |= {failures.OUTCOME_UNKNOWN, of_refusal(())}

    assert reached == set(FAILURES)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.cause)
def test_every_row_says_what_to_do(failure: Failure) -> None:
    """In whole sentences; and what is critical stays so however often it is tried."""
    assert failure.title[0].isupper()
    assert not failure.title.endswith(".")
    assert failure.remedy.endswith(".")
    assert failure.lasting is not Category.TRANSIENT
    if failure.category is Category.CRITICAL:
        assert failure.lasting is Category.CRITICAL


@pytest.mark.parametrize(
    ("status", "category"),
    [
        *((status, Category.TRANSIENT) for status in (408, 429, 500, 502, 503, 504, 599)),
        *((status, Category.CRITICAL) for status in (301, 302, 307, 401, 403, 404, 405, 407, 415, 501)),
        *((status, Category.PERMANENT) for status in (200, 202, 204, 400, 413, 418)),
    ],
)
def test_a_status_decides_where_no_soap_came(status: int, category: Category) -> None:
    """What may pass is tried again, a wrong address or closed door stops the run, the rest is this patient's."""
    assert NoSoapAnswer("it is no SOAP", status=status).category is category


@pytest.mark.parametrize(
    ("code", "subcode", "status", "failure"),
    [
        (FaultCode.SENDER, "", 400, failures.REQUEST_FAULT),
        (FaultCode.SENDER, "", 500, failures.REQUEST_FAULT),
        (FaultCode.SENDER, "", 404, failures.WRONG_ADDRESS),
        (FaultCode.SENDER, "", 401, failures.NOT_ADMITTED),
        (FaultCode.SENDER, "", 413, failures.TOO_LARGE),
        (FaultCode.SENDER, "FailedAuthentication", 500, failures.NOT_ADMITTED),
        (FaultCode.SENDER, "ActionNotSupported", 400, failures.WRONG_ADDRESS),
        (FaultCode.RECEIVER, "", 500, failures.SERVER_FAULT),
        (FaultCode.RECEIVER, "", 503, failures.UNAVAILABLE),
        (FaultCode.RECEIVER, "", 429, failures.BUSY),
        (FaultCode.RECEIVER, "EndpointUnavailable", 500, failures.UNAVAILABLE),
        (FaultCode.MUST_UNDERSTAND, "", 500, failures.WRONG_SOAP),
        (FaultCode.VERSION_MISMATCH, "", 500, failures.WRONG_SOAP),
    ],
)
def test_a_fault_is_judged_by_subcode_then_status_then_code(
    code: FaultCode, subcode: str, status: int, failure: Failure
) -> None:
    """SOAP 1.2 Part 1, 5.4.6: the same message may succeed after a Receiver fault, not after a Sender fault."""
    assert PeerFault("no", code=code, reason="no", subcode=subcode, status=status).failure is failure


def test_the_network_decides_by_what_may_have_happened() -> None:
    """A lost connection is transient; where nothing can be reached for long, no patient will be."""
    assert Unreachable("refused").failure is failures.NOT_REACHED
    assert failures.NOT_REACHED.lasting is Category.CRITICAL
    assert Unreachable("lost", sent=True).failure is failures.OUTCOME_UNKNOWN
    assert failures.OUTCOME_UNKNOWN.lasting is Category.PERMANENT
    assert UnknownHost("?").category is TlsFailed("?").category is Category.CRITICAL


def test_our_own_mistakes_stop_the_run_where_they_concern_every_patient() -> None:
    """A certificate or configuration that cannot be used; an answer that cannot be read concerns one."""
    assert ConfigError("?").category is CertificateError("?").category is Category.CRITICAL
    assert PeerMalformed("?").category is Category.PERMANENT


@pytest.mark.parametrize(
    ("codes", "category"),
    [
        ((), Category.PERMANENT),
        (("XDSRegistryBusy",), Category.TRANSIENT),
        (("XDSRepositoryBusy", "XDSRegistryNotAvailable"), Category.TRANSIENT),
        (("XDSRegistryBusy", "XDSUnknownPatientId"), Category.PERMANENT),
        (("XDSRepositoryError",), Category.PERMANENT),
    ],
)
def test_a_refusal_is_transient_only_where_all_of_it_may_pass(codes: tuple[str, ...], category: Category) -> None:
    """ITI TF-3: Table 4.2.4.1-2 has codes for too much activity; any other code beside them stands."""
    assert of_refusal(codes).category is category
