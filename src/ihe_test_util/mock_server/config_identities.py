"""What the configuration says of patients' identifiers: who assigns them, and which belong together."""

import re
from enum import StrEnum
from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator, Field

from ihe_test_util.settings.fields import Model, Text, described, refusal, text_schema

_OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
_CX: Final = re.compile(r"[^^]+\^\^\^&([^&^]*)&ISO")


def _oid(value: object) -> object:
    if isinstance(value, str) and not _OID.fullmatch(value):
        raise refusal(f'"{value}" is not an OID, such as 2.999.1.2')
    return value


def _cx(value: object) -> object:
    if isinstance(value, str) and not ((match := _CX.fullmatch(value)) and _OID.fullmatch(match[1])):
        raise refusal(f'"{value}" is not a patient identifier, such as PAT-1^^^&2.999.1.2&ISO')
    return value


Oid: TypeAlias = Annotated[str, BeforeValidator(_oid), text_schema("oid")]
Cx: TypeAlias = Annotated[str, BeforeValidator(_cx), text_schema("cx")]


class CrossReferenceRule(StrEnum):
    """How identities of one person are recognized that were not fed together."""

    DEMOGRAPHICS = "demographics"
    NONE = "none"


class AssigningAuthority(Model):
    """A patient identification domain that the mock serves."""

    oid: Oid = Field(description="OID of the authority.", examples=["2.999.1.2"])
    name: Text | None = described(None, "Its name, which answers give as assigningAuthorityName.", "Example Clinic")


class CrossReference(Model):
    """Which identities are one person."""

    rule: CrossReferenceRule = described(
        CrossReferenceRule.DEMOGRAPHICS,
        "`demographics`: the same family and given names, day of birth and gender; `none`: only what was fed together.",
        "none",
    )
    links: tuple[Annotated[tuple[Cx, ...], Field(min_length=2)], ...] = described(
        (), "Identifiers that belong together, whatever was fed.", [["P-1^^^&2.999.1.2&ISO", "Q-7^^^&2.999.1.3&ISO"]]
    )
