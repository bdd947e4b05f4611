"""What the configuration makes of a request: small pieces, applied by the edge."""

import random
from dataclasses import replace

from ihe_test_util.errors import FaultCode, Scenario
from ihe_test_util.mock_server.config import Behavior, FaultTemplate, MockServerConfig
from ihe_test_util.soap.fault import Fault


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


def templated(fault: Fault, config: MockServerConfig, behavior: Behavior | None) -> Fault:
    """The fault as the configured response template for its scenario words it.

    What is more particular stays: an endpoint's own ``custom_fault_message``.
    """
    template = config.response_templates.get(fault.scenario)
    if template is None:
        return fault
    own_reason = fault.scenario is Scenario.SIMULATED_FAILURE and behavior is not None and behavior.custom_fault_message
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
