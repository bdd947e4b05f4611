"""ITI-41 at the mock: what its configuration can make it answer."""

from ihe_test_util.mock_server.config import Behavior, ITI41Behavior
from ihe_test_util.transactions.iti41 import RegistryResponse, with_custom_ids


def quirk(response: RegistryResponse, behavior: Behavior) -> RegistryResponse:
    """The answer with ``custom_submission_set_id`` and ``custom_document_id`` in place of the request's."""
    if isinstance(behavior, ITI41Behavior):
        return with_custom_ids(
            response,
            submission_set_id=behavior.custom_submission_set_id,
            document_id=behavior.custom_document_id,
        )
    return response
