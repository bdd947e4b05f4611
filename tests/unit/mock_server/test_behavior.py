"""What a configuration makes of requests: failures by chance, templates, mounted paths."""

import math
from pathlib import Path

import pytest

from ihe_test_util.errors import FaultCode, Scenario
from ihe_test_util.mock_server.behavior import Dice, templated
from ihe_test_util.mock_server.config import MockServerConfig
from ihe_test_util.mock_server.routing import QUIRKS, routes
from ihe_test_util.soap.fault import Fault
from ihe_test_util.transactions.table import BY_NAME, TRANSACTIONS

RATE, REQUESTS = 0.2, 200


def config(**fields: object) -> MockServerConfig:
    """A valid configuration with these fields."""
    return MockServerConfig.model_validate({"data_dir": Path("data"), **fields})


def test_failures_keep_to_their_rate() -> None:
    """200 requests at a rate of 0.2 fail within the 99.9 % binomial interval (z = 3.29)."""
    dice = Dice()

    failures = sum(dice.fails("pix-add", RATE, 7) for _ in range(REQUESTS))

    assert abs(failures - RATE * REQUESTS) <= 3.29 * math.sqrt(REQUESTS * RATE * (1 - RATE))


def test_a_seed_makes_failures_reproducible_for_each_endpoint() -> None:
    """The same seed gives the same failures, whatever other endpoints are asked in between."""
    first, second = Dice(), Dice()

    alone = [first.fails("pix-add", RATE, 42) for _ in range(REQUESTS)]
    mixed = [second.fails("pix-add", RATE, 42) for _ in range(REQUESTS) if second.fails("iti-41", RATE, 42) in {0, 1}]

    assert alone == mixed
    assert len({tuple(alone), tuple(first.fails("iti-41", RATE, 42) for _ in range(REQUESTS))}) == 2


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 0), (1.0, REQUESTS)])
def test_the_ends_of_the_range_are_exact(rate: float, expected: int) -> None:
    """A rate of 0 never fails and a rate of 1 always does."""
    dice = Dice()

    assert sum(dice.fails("pix-add", rate, None) for _ in range(REQUESTS)) == expected


def test_every_transaction_of_the_table_is_mounted_where_the_configuration_says() -> None:
    """What is configured is what is mounted."""
    mounted = routes(config(pix_add_endpoint="/custom/pix"))

    assert {route.card.name: route.path for route in mounted.all} == {
        card.name: "/custom/pix" if card.config_field == "pix_add_endpoint" else card.path for card in TRANSACTIONS
    }


def test_interactions_may_share_a_path_and_keep_their_behaviours() -> None:
    """One URL for everything, as many registries have it: each interaction is found and behaves as its field says."""
    mounted = routes(config(pix_add_endpoint="/ihe", iti41_endpoint="/ihe", iti41_behavior={"response_delay_ms": 70}))

    endpoint = mounted["/ihe"]

    assert {"pix-add", "iti-41"} <= {route.card.name for route in endpoint.routes}
    assert not endpoint.behaves_as_one
    assert {route.delay_s for route in endpoint.routes if route.card.name == "iti-41"} == {0.07}
    assert {route.delay_s for route in endpoint.routes if route.card.name == "pix-add"} == {0.0}


def test_quirks_are_those_of_known_transactions() -> None:
    """No quirk is named for a transaction that does not exist."""
    assert set(QUIRKS) <= set(BY_NAME)


def test_a_template_replaces_only_what_it_names() -> None:
    """A text replaces the reason; an object any of code, reason, detail and HTTP status."""
    templates = {
        "malformed_xml": "Broken XML",
        "validation_failed": {"code": "Receiver", "detail": "see the log", "http_status": 503},
    }
    under = config(response_templates=templates)

    by_text = templated(Fault(FaultCode.SENDER, "reason", Scenario.MALFORMED_XML), under, None)
    by_object = templated(Fault(FaultCode.SENDER, "reason", Scenario.VALIDATION_FAILED), under, None)
    untouched = templated(Fault(FaultCode.SENDER, "reason", Scenario.TOO_LARGE), under, None)

    assert (by_text.code, by_text.reason) == (FaultCode.SENDER, "Broken XML")
    assert (by_object.code, by_object.reason, by_object.detail, by_object.http_status) == (
        FaultCode.RECEIVER,
        "reason",
        "see the log",
        503,
    )
    assert untouched.reason == "reason"


def test_an_endpoints_own_message_is_kept_over_the_template() -> None:
    """custom_fault_message words the simulated failure; the template still sets what it alone names."""
    under = config(
        pix_add_behavior={"failure_rate": 1.0, "custom_fault_message": "PIX is down"},
        response_templates={"simulated_failure": {"reason": "Down", "http_status": 503}},
    )
    mounted = routes(under)
    dice = Dice()

    faults = {
        path: templated(Fault(FaultCode.RECEIVER, "", Scenario.SIMULATED_FAILURE), under, endpoint.first.behavior)
        if path != "/pix/add"
        else templated(
            endpoint.first.failure(under, dice) or Fault(FaultCode.SENDER, ""), under, endpoint.first.behavior
        )
        for path, endpoint in mounted.items()
    }

    assert (faults["/pix/add"].reason, faults["/pix/add"].http_status) == ("PIX is down", 503)
    assert faults["/iti41/submit"].reason == "Down"
