"""What the ``saml`` commands print."""

import json
from typing import TYPE_CHECKING, Final

import click

from ihe_test_util.client.text import harmless
from ihe_test_util.security.xua import AttributeName, CodedValue

if TYPE_CHECKING:
    from ihe_test_util.security.refusals import Refusal
    from ihe_test_util.security.saml_claims import Claims
    from ihe_test_util.security.saml_verify import Verification

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_LABELS: Final = {
    AttributeName.SUBJECT_ID.value: "subject-id",
    AttributeName.ORGANIZATION.value: "organization",
    AttributeName.ORGANIZATION_ID.value: "organization-id",
    AttributeName.HOME_COMMUNITY_ID.value: "homeCommunityId",
    AttributeName.ROLE.value: "role",
    AttributeName.PURPOSE_OF_USE.value: "purposeofuse",
    AttributeName.RESOURCE_ID.value: "resource-id",
}


def show_verification(verification: "Verification", signer: str) -> None:
    """Write the verdict, what the assertion says where its signature is good, and what nobody asked about."""
    word, colour = ("valid", "green") if verification.valid else ("not valid", "red")
    click.echo(f"The assertion is {click.style(word, fg=colour, bold=True)}")
    for refusal in verification.refusals:
        _show_refusal(refusal)
    if verification.claims is not None:
        rows = [("Signed by", signer), *_rows(verification.claims)]
        width = max(len(label) for label, _ in rows) + 2
        for label, text in rows:
            click.echo(f"  {label:<{width}}{harmless(text)}")
    for text in verification.unchecked:
        click.echo(f"  Not checked: {harmless(text)}")


def verification_json(verification: "Verification", signer: str) -> str:
    """One object with everything there is to know."""
    claims = verification.claims
    return json.dumps(
        {
            "valid": verification.valid,
            "refusals": [_refusal_json(each) for each in verification.refusals],
            "unchecked": list(verification.unchecked),
            "signer": signer or None,
            "assertion": None if claims is None else _claims_json(claims),
        },
        indent=2,
    )


def _show_refusal(refusal: "Refusal") -> None:
    click.echo(f"  {click.style(refusal.message, fg='red')} [{refusal.reason}]")
    parts = (("at", refusal.where), ("got", refusal.got), ("expected", refusal.expected), ("try", refusal.hint))
    for label, text in (*parts, ("see", refusal.section)):
        if text:
            click.echo(f"    {label + ':':<10}{harmless(text)}")


def _rows(claims: "Claims") -> list[tuple[str, str]]:
    begin = claims.not_before or claims.issued
    end = claims.not_on_or_after
    rows = [
        ("ID", claims.assertion_id),
        ("Issuer", claims.issuer),
        ("Subject", claims.subject),
        ("Confirmed by", ", ".join(each.method.rpartition(":")[2] for each in claims.confirmations)),
        ("Valid", f"{begin:{_TIME}} to {f'{end:{_TIME}}' if end else 'ever'}"),
        *(("Audience", ", ".join(each)) for each in claims.audiences),
    ]
    if claims.one_time_use:
        rows.append(("Use", "once"))
    rows += [
        (_LABELS.get(attribute.name, attribute.name), str(value))
        for attribute in claims.attributes
        for value in attribute.values
    ]
    return rows


def _refusal_json(refusal: "Refusal") -> dict[str, str]:
    return {
        "reason": refusal.reason.value,
        "message": refusal.message,
        "where": refusal.where,
        "got": refusal.got,
        "expected": refusal.expected,
        "hint": refusal.hint,
        "section": refusal.section,
    }


def _claims_json(claims: "Claims") -> dict[str, object]:
    return {
        "id": claims.assertion_id,
        "issuer": claims.issuer,
        "issued": claims.issued.strftime(_TIME),
        "subject": claims.subject,
        "subject_format": claims.subject_format,
        "confirmations": [
            {"method": each.method, "recipient": each.recipient or None} for each in claims.confirmations
        ],
        "not_before": claims.not_before.strftime(_TIME) if claims.not_before else None,
        "not_on_or_after": claims.not_on_or_after.strftime(_TIME) if claims.not_on_or_after else None,
        "audiences": [list(each) for each in claims.audiences],
        "one_time_use": claims.one_time_use,
        "authn_contexts": list(claims.authn_contexts),
        "attributes": [
            {"name": each.name, "values": [_value_json(value) for value in each.values]} for each in claims.attributes
        ],
    }


def _value_json(value: str | CodedValue) -> str | dict[str, str]:
    if isinstance(value, str):
        return value
    return {
        "code": value.code,
        "code_system": value.system,
        "display_name": value.display,
        "code_system_name": value.system_name,
    }
