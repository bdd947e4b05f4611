"""ITI-44 at the mock: what its configuration can make it answer."""

from ihe_test_util.mock_server.config import Behavior, PIXAddBehavior
from ihe_test_util.transactions.pix_add import PixAddResponse, with_patient_id


def quirk(response: PixAddResponse, behavior: Behavior) -> PixAddResponse:
    """The answer with ``custom_patient_id`` in place of the identifier that was accepted."""
    if isinstance(behavior, PIXAddBehavior) and behavior.custom_patient_id is not None:
        return with_patient_id(response, behavior.custom_patient_id)
    return response
