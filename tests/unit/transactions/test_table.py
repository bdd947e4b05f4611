"""The table of transactions: every card is complete, and its samples prove it."""

import re
from pathlib import Path

import pytest

from ihe_test_util.content import Content
from ihe_test_util.exchange import Severity
from ihe_test_util.mock_server.config import MockServerConfig
from ihe_test_util.soap.mtom import InlineAttachments
from ihe_test_util.transactions.card import AnyTransaction
from ihe_test_util.transactions.table import BY_ACTION, BY_NAME, TRANSACTIONS
from ihe_test_util.xml import xop
from ihe_test_util.xml.io import Element, parse

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"


class AnyAttachments(InlineAttachments):
    """Attachments of a sample: what an Include points to is made up from its cid."""

    def content_of(self, element: Element) -> Content:
        """Inline content as it is; for an Include, bytes that name it."""
        include = element.find(xop.INCLUDE)
        if include is None:
            return super().content_of(element)
        return Content.of(str(include.get("href")).encode())


def requests_of(card: AnyTransaction) -> list[Path]:
    """The sample requests of a card, by their root element."""
    found = sorted((DATA / card.code).glob("*.xml"))
    return [path for path in found if card.takes(parse(path.read_bytes()))]


@pytest.mark.parametrize("card", TRANSACTIONS, ids=lambda card: card.name)
def test_a_card_is_complete(card: AnyTransaction) -> None:
    """Each says what it is, where it is specified, where it is mounted, and what it demands."""
    assert re.fullmatch(r"ITI-\d+", card.code)
    assert card.section.startswith("ITI TF-2: 3.")
    assert all((card.name, card.title, card.action, card.response_action, *card.actors))
    assert {card.request_root[0], card.response_root[0]} == {"{"}
    assert MockServerConfig.model_fields[card.config_field].default == card.path
    assert len({rule.id for rule in card.rules}) == len(card.rules) > 0
    assert any(rule.essential for rule in card.rules)
    assert all(rule.section and rule.sentence for rule in card.rules)


def test_names_actions_and_paths_are_unique() -> None:
    """No two cards can be mistaken for each other."""
    assert len(BY_NAME) == len(BY_ACTION) == len(TRANSACTIONS)
    assert len({card.path for card in TRANSACTIONS}) == len({card.code for card in TRANSACTIONS})


@pytest.mark.parametrize("card", TRANSACTIONS, ids=lambda card: card.name)
def test_the_samples_of_a_card_are_read_judged_and_written_alike(card: AnyTransaction) -> None:
    """A sample breaks no rule of severity error, and what was read from it is read again from what is written."""
    samples = requests_of(card)

    assert samples
    for path in samples:
        request = card.parse_request(parse(path.read_bytes()), AnyAttachments())
        errors = [finding for finding in card.judge(request) if finding.severity is Severity.ERROR]
        assert not errors, path
        written = card.build_request(request)
        by_cid = {f"cid:{each.content_id}": each.content for each in written.attachments}
        again = card.parse_request(written.element, _Written(by_cid))
        assert again == request, path


class _Written(InlineAttachments):
    def __init__(self, contents: dict[str, Content]) -> None:
        self._contents = contents

    def content_of(self, element: Element) -> Content:
        include = element.find(xop.INCLUDE)
        return super().content_of(element) if include is None else self._contents[str(include.get("href"))]


@pytest.mark.parametrize("card", TRANSACTIONS, ids=lambda card: card.name)
def test_a_transaction_is_in_the_documentation(card: AnyTransaction) -> None:
    """README and the configuration page name its code; every rule stands in the page's tables."""
    page = (ROOT / "docs" / "mock-server-configuration.md").read_text(encoding="utf-8")

    assert card.code in (ROOT / "README.md").read_text(encoding="utf-8")
    assert [rule.id for rule in card.rules if rule.id not in page] == []
