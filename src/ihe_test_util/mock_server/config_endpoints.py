"""Whether the keys of ``endpoint_behaviors`` name endpoints that exist, once each, by the table of transactions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from ihe_test_util.mock_server.config_models import Behavior, EndpointBehavior, MockServerConfig, behavior_field
from ihe_test_util.settings.words import nearest
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.table import TRANSACTIONS

_CUSTOM_IDS: Final = tuple(sorted(EndpointBehavior.model_fields.keys() - Behavior.model_fields.keys()))


@dataclass(frozen=True, slots=True)
class Misfit:
    """A key, or a field below it, that does not fit the endpoints; ``other`` is the field that it collides with."""

    loc: tuple[str, ...]
    message: str
    got: object
    other: str = ""


def endpoint_keys() -> tuple[str, ...]:
    """Card names and transaction codes: the keys of ``endpoint_behaviors`` that do not depend on configured paths."""
    return tuple(dict.fromkeys(key for card in TRANSACTIONS for key in (card.name, card.code)))


def misfits(behaviors: Mapping[str, object], fields: Mapping[str, object]) -> Iterator[Misfit]:
    """What is wrong with the keys, whether or not their values are valid, given the fields that are valid so far."""
    reach = _reach(fields)
    certain = all(card.config_field in fields for card in TRANSACTIONS)
    taken = {cards: field for field, cards in _configured_fields(fields)}
    for key, behavior in behaviors.items():
        cards = reach.get(key)
        if cards is None:
            if certain or not key.startswith("/"):
                yield Misfit((key,), _unknown(key, reach), key)
            continue
        yield from _foreign_ids(key, cards, behavior)
        names = frozenset(card.name for card in cards)
        other = taken.setdefault(names, key)
        if other != key:
            yield Misfit((key,), f"is configured twice: as {other} and here; keep one of them", key, other)


def _reach(fields: Mapping[str, object]) -> dict[str, list[AnyTransaction]]:
    """The cards that each possible key stands for."""
    reach: dict[str, list[AnyTransaction]] = {}
    for card in TRANSACTIONS:
        for key in {card.name, card.code, str(fields.get(card.config_field, card.path))}:
            reach.setdefault(key, []).append(card)
    return reach


def _configured_fields(fields: Mapping[str, object]) -> Iterator[tuple[str, frozenset[str]]]:
    """The behaviours of their own field that say something, with the names of the cards they govern."""
    for card in TRANSACTIONS:
        field = behavior_field(card.config_field)
        behavior = fields.get(field)
        if isinstance(behavior, Behavior) and behavior != type(behavior)():
            governed = (other.name for other in TRANSACTIONS if other.config_field == card.config_field)
            yield field, frozenset(governed)


def _foreign_ids(key: str, cards: list[AnyTransaction], behavior: object) -> Iterator[Misfit]:
    own: set[str] = set()
    for card in cards:
        field = MockServerConfig.model_fields.get(behavior_field(card.config_field))
        model = field.annotation if field else None
        if isinstance(model, type) and issubclass(model, BaseModel):
            own.update(model.model_fields)
    for name in _CUSTOM_IDS:
        value = behavior.get(name) if isinstance(behavior, Mapping) else getattr(behavior, name, None)
        if value is not None and name not in own:
            yield Misfit((key, name), f"{cards[0].title} ({cards[0].code}) has no such id", value)


def _unknown(key: str, reach: Mapping[str, object]) -> str:
    return f"no transaction or endpoint has this name{nearest(key, reach)}"
