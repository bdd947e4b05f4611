"""What tests of assertions judge by, and why something was refused."""

from collections.abc import Callable

from ihe_test_util.security.refusals import Reason
from ihe_test_util.security.saml_verify import Verification
from ihe_test_util.xml.io import Element

Judge = Callable[[Element], Verification]


def reasons(verification: Verification) -> list[Reason]:
    """Why it was refused; nothing may be read from what was."""
    assert verification.claims is None
    assert verification.assertion is None
    return [refusal.reason for refusal in verification.refusals]
