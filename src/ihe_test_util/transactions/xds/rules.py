"""All rules on the metadata of a submission, for the transactions that carry them."""

from typing import Final, TypeVar

from ihe_test_util.transactions.card import Rule
from ihe_test_util.transactions.xds.associations import ASSOCIATION_RULES
from ihe_test_util.transactions.xds.attributes import ATTRIBUTE_RULES
from ihe_test_util.transactions.xds.base import Actor, CarriesMetadata, MetadataRule
from ihe_test_util.transactions.xds.first_versions import FIRST_VERSION_RULES
from ihe_test_util.transactions.xds.structure import STRUCTURE_RULES

T = TypeVar("T", bound=CarriesMetadata)

#: Not for updates, which may be of on-demand entries, and relate objects of the registry by SubmitAssociation.
_OF_REGISTRATIONS: Final = frozenset({"XDSM-03", "XDSM-87", "XDSM-88"})

METADATA_RULES: Final[tuple[MetadataRule, ...]] = tuple(
    sorted((*STRUCTURE_RULES, *ATTRIBUTE_RULES, *ASSOCIATION_RULES), key=lambda rule: rule.id)
)
UPDATE_RULES: Final = tuple(rule for rule in METADATA_RULES if rule.id not in _OF_REGISTRATIONS)


def rules_for(
    request: type[T],  # noqa: ARG001 - the type is what is asked for
    actor: Actor,
    *,
    updating: bool = False,
) -> tuple[Rule[T], ...]:
    """The rules on metadata for one kind of request, with the error codes of the actor that checks them.

    Where the request is not ``updating``, it registers first versions, and those rules hold too.
    """
    return tuple(
        Rule(
            rule.id,
            rule.section,
            rule.severity,
            rule.sentence,
            rule.check,
            rule.essential,
            error_code=rule.error_code.format(actor=actor.value),
        )
        for rule in (UPDATE_RULES if updating else (*METADATA_RULES, *FIRST_VERSION_RULES))
    )
