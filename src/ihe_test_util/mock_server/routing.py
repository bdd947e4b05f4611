"""Which interactions a configuration mounts, where, and how each behaves; several may share a path."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ihe_test_util.errors import FaultCode, Scenario
from ihe_test_util.mock_server import iti41_endpoint, pix_add_endpoint
from ihe_test_util.mock_server.behavior import Dice
from ihe_test_util.mock_server.config import Behavior, FaultTemplate, MockServerConfig, ValidationMode
from ihe_test_util.soap.fault import Fault
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.table import TRANSACTIONS
from ihe_test_util.xml.io import Element

Quirk: TypeAlias = Callable[[Any, Any], Any]

#: What a transaction's configuration can change in its answer, by the name of its card.
QUIRKS: Final[Mapping[str, Quirk]] = {
    "pix-add": pix_add_endpoint.quirk,
    "pix-revise": pix_add_endpoint.quirk,
    "pix-merge": pix_add_endpoint.quirk,
    "iti-41": iti41_endpoint.quirk,
}


@dataclass(frozen=True, slots=True)
class Route:
    """One interaction at its path, under one configuration."""

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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path, and the interactions that are answered there; there is at least one.

    ``behaves_as_one``: what happens to a request does not depend on which of the interactions it is.
    """

    path: str
    routes: tuple[Route, ...]
    behaves_as_one: bool

    @property
    def first(self) -> Route:
        """The interaction that stands for the endpoint as long as nobody knows what a request is."""
        return self.routes[0]

    @property
    def answers(self) -> str:
        """The interactions in words."""
        by_code: dict[str, str] = {}
        for route in self.routes:
            title = route.card.title
            # The interactions of one transaction are told apart behind a comma: …, add, revise.
            more = title.rpartition(", ")[2] if route.card.code in by_code else ""
            by_code[route.card.code] = f"{by_code[route.card.code]}, {more}" if more else title
        return ", ".join(f"{code} ({title})" for code, title in by_code.items())


class Routes(Mapping[str, Endpoint]):
    """Every endpoint that a configuration mounts, by its path."""

    def __init__(self, routes: Sequence[Route]) -> None:
        by_path: dict[str, list[Route]] = {}
        for route in routes:
            by_path.setdefault(route.path, []).append(route)
        self._by_path = {
            path: Endpoint(path, tuple(found), all(route.behavior == found[0].behavior for route in found))
            for path, found in by_path.items()
        }
        self._by_card = {route.card.name: route for route in routes}

    def __getitem__(self, path: str) -> Endpoint:
        return self._by_path[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_path)

    def __len__(self) -> int:
        return len(self._by_path)

    def __contains__(self, path: object) -> bool:
        return path in self._by_path

    def get(self, path: str, default: Any = None) -> Any:  # noqa: ANN401 - as Mapping has it; this runs for each request
        """The endpoint at a path."""
        return self._by_path.get(path, default)

    @property
    def all(self) -> tuple[Route, ...]:
        """Every interaction, in the order of the table of transactions."""
        return tuple(self._by_card.values())

    def of(self, card: AnyTransaction) -> Route | None:
        """Where an interaction is mounted."""
        return self._by_card.get(card.name)

    def that_take(self, payload: Element, path: str) -> Route | None:
        """The interaction that a message without an action is, by its root; those at ``path`` come first."""
        candidates = [route for route in self._by_card.values() if route.card.takes(payload)]
        return next((route for route in candidates if route.path == path), candidates[0] if candidates else None)


def routes(config: MockServerConfig) -> Routes:
    """Every interaction of the table of transactions, where a configuration mounts it."""
    mounted = []
    for card in TRANSACTIONS:
        path: str = getattr(config, card.config_field)
        behavior = config.behavior_for(card.name, card.code, path, card.config_field)
        mounted.append(
            Route(
                path=path,
                card=card,
                behavior=behavior,
                quirk=QUIRKS.get(card.name),
                strict=behavior.validation_mode is ValidationMode.STRICT,
                delay_s=behavior.response_delay_ms / 1000,
            )
        )
    return Routes(mounted)
