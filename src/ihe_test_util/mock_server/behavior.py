"""What the configuration makes of a request: small pieces, put together for each endpoint, applied by the edge."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ihe_test_util.errors import FaultCode, Scenario
from ihe_test_util.mock_server import iti41_endpoint, pix_add_endpoint
from ihe_test_util.mock_server.config import Behavior, FaultTemplate, MockServerConfig, ValidationMode
from ihe_test_util.soap.fault import Fault
from ihe_test_util.transactions import TRANSACTIONS
from ihe_test_util.transactions.card import AnyTransaction

Quirk = Callable[[Any, Any], Any]

#: What a transaction's configuration can change in its answer, by the name of its card.
QUIRKS: Final[Mapping[str, Quirk]] = {"pix-add": pix_add_endpoint.quirk, "iti-41": iti41_endpoint.quirk}


class Dice:
    """Decides which requests fail; with a seed, the same ones in every run of an endpoint."""

    def __init__(self) -> None:
        self._seed: int | None = None
        self._generators: dict[str, random.Random] = {}

    def fails(self, endpoint: str, rate: float, seed: int | None) -> bool:
        """Whether the next request to an endpoint fails, given the share of requests that shall (0.0-1.0)."""
        if rate <= 0.0:
            return False
        if seed != self._seed:
            self._seed = seed
            self._generators.clear()
        generator = self._generators.get(endpoint)
        if generator is None:
            # Seeded by text: the same seed gives each endpoint a sequence of its own.
            generator = random.Random(None if seed is None else f"{seed}/{endpoint}")  # noqa: S311 - not a secret
            self._generators[endpoint] = generator
        return generator.random() < rate


@dataclass(frozen=True, slots=True)
class Route:
    """One mounted endpoint under one configuration."""

    path: str
    card: AnyTransaction
    behavior: Behavior
    quirk: Quirk | None
    strict: bool
    delay_s: float

    def failure(self, config: MockServerConfig, dice: Dice) -> Fault | None:
        """The fault that this request shall get by the configured failure rate; None for most."""
        rate = self.behavior.failure_rate
        if not dice.fails(self.card.name, rate, config.random_seed):
            return None
        return self._simulated(f"failure_rate {rate:g}")

    def failure_of(self, message: object) -> tuple[Fault, FaultTemplate] | None:
        """The fault that a message gets for its patient, and the template that is configured for that one."""
        failing = self.behavior.failing_patients
        if not failing:
            return None
        for patient_id in self.card.patient_ids(message):
            template = failing.get(patient_id) or failing.get(patient_id.partition("^")[0])
            if template is not None:
                return self._simulated("failing_patients"), template
        return None

    def _simulated(self, why: str) -> Fault:
        reason = self.behavior.custom_fault_message or f"Simulated failure of {self.card.code} (configured {why})"
        return Fault(FaultCode.RECEIVER, reason, Scenario.SIMULATED_FAILURE)


def routes(config: MockServerConfig) -> dict[str, Route]:
    """Every endpoint that a configuration mounts, by its path."""
    mounted = {}
    for card in TRANSACTIONS:
        path: str = getattr(config, card.config_field)
        behavior = config.behavior_for(card.name, card.code, path)
        mounted[path] = Route(
            path=path,
            card=card,
            behavior=behavior,
            quirk=QUIRKS.get(card.name),
            strict=behavior.validation_mode is ValidationMode.STRICT,
            delay_s=behavior.response_delay_ms / 1000,
        )
    return mounted


def templated(fault: Fault, config: MockServerConfig, route: Route | None) -> Fault:
    """The fault as the configured response template for its scenario words it.

    What is more particular stays: an endpoint's own ``custom_fault_message``.
    """
    template = config.response_templates.get(fault.scenario)
    if template is None:
        return fault
    own_reason = (
        fault.scenario is Scenario.SIMULATED_FAILURE and route is not None and route.behavior.custom_fault_message
    )
    return applied(template.model_copy(update={"reason": None}) if own_reason else template, fault)


def applied(template: FaultTemplate, fault: Fault) -> Fault:
    """The fault with what a template replaces."""
    return replace(
        fault,
        code=fault.code if template.code is None else FaultCode(template.code),
        reason=fault.reason if template.reason is None else template.reason,
        detail=fault.detail if template.detail is None else template.detail,
        http_status=fault.http_status if template.http_status is None else template.http_status,
    )
