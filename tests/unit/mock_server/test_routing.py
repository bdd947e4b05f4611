"""What an endpoint says of itself."""

from ihe_test_util.mock_server.config import MockServerConfig
from ihe_test_util.mock_server.routing import routes


def test_an_endpoint_names_every_interaction_that_it_answers() -> None:
    """Each transaction once, with all its interactions; transactions that share a path one after the other."""
    endpoints = routes(MockServerConfig(pix_query_endpoint="/pix/add"))

    assert endpoints["/pix/add"].answers == (
        "ITI-44 (Patient Identity Feed HL7 V3, add, revise, merge), ITI-45 (PIXV3 Query)"
    )
