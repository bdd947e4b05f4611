"""The tables of ``docs/mock-server-configuration.md``, made from the models and the rules.

``python -m ihe_test_util.mock_server.config_docs docs/mock-server-configuration.md`` writes them into the page, between
its markers; a test keeps page and code the same.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Final

from pydantic.fields import FieldInfo

from ihe_test_util.domain.registry import update_demands
from ihe_test_util.domain.registry.demands import DEMANDS, KNOWN_CODE, KNOWN_MIME_TYPE
from ihe_test_util.exchange import Severity
from ihe_test_util.mock_server.config_loading import KIND
from ihe_test_util.mock_server.config_models import (
    RESTART_MARK,
    Behavior,
    EndpointBehavior,
    FaultTemplate,
    ITI41Behavior,
    MockServerConfig,
    PIXAddBehavior,
)
from ihe_test_util.settings.tables import allowed, default_of, example_of, table, with_sections, write_sections
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.table import TRANSACTIONS


def with_tables(page: str) -> str:
    """The page with every table written afresh.

    Raises:
        KeyError: a marker whose name stands for no table.
    """
    return with_sections(page, _TABLES)


def _fields() -> str:
    return table(
        ("Field", "Value", "Default", "Example", "Takes effect", "Meaning"),
        (
            (
                f"`{name}`",
                allowed(KIND.schema, (name,)),
                default_of(field),
                example_of(field),
                "restart" if _restarts(field) else "next request",
                field.description,
            )
            for name, field in MockServerConfig.model_fields.items()
        ),
    )


def _behaviors() -> str:
    def owner(name: str) -> str:
        owners = {Behavior: "both", PIXAddBehavior: "`pix_add_behavior`", ITI41Behavior: "`iti41_behavior`"}
        return next(text for model, text in owners.items() if name in model.model_fields)

    fields = sorted(EndpointBehavior.model_fields.items(), key=lambda item: item[0] not in Behavior.model_fields)
    return table(
        ("Field", "In", "Value", "Default", "Example", "Meaning"),
        (
            (
                f"`{name}`",
                owner(name),
                allowed(KIND.schema, ("endpoint_behaviors", "any", name)),
                default_of(field),
                example_of(field),
                field.description,
            )
            for name, field in fields
        ),
    )


def _templates() -> str:
    return table(
        ("Field", "Value", "Example", "Meaning"),
        (
            (
                f"`{name}`",
                allowed(KIND.schema, ("response_templates", "any", name)),
                example_of(field),
                field.description,
            )
            for name, field in FaultTemplate.model_fields.items()
        ),
    )


def _rules() -> str:
    return "\n\n".join(_rules_of(card) for card in TRANSACTIONS) + "\n"


def _rules_of(card: AnyTransaction) -> str:
    rows = (
        (
            f"`{rule.id}`",
            rule.sentence,
            rule.section,
            "refused" if rule.severity is Severity.ERROR or rule.essential else "logged",
            "refused" if rule.essential else "logged",
        )
        for rule in card.rules
    )
    return f"### {card.code}: {card.title}\n\n" + table(("Rule", "Demand", "Section", "strict", "lenient"), rows)


def _restarts(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict) and RESTART_MARK in field.json_schema_extra


def _registry() -> str:
    return table(
        ("Demand", "What is demanded", "Section", "Error code", "strict", "lenient"),
        (
            (
                f"`{one.id}`",
                one.sentence,
                one.section,
                f"`{one.code}`",
                "refused",
                "refused" if one.essential else _LENIENTLY.get(one, "warning"),
            )
            for one in (*DEMANDS, *update_demands.DEMANDS)
        ),
    )


_LENIENTLY: Final = {KNOWN_CODE: "not checked", KNOWN_MIME_TYPE: "not checked"}
_TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "fields": _fields,
    "behaviors": _behaviors,
    "templates": _templates,
    "rules": _rules,
    "registry": _registry,
}

if __name__ == "__main__":
    write_sections(sys.argv[1:], _TABLES)
