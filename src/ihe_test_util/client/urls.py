"""Where transactions are sent by default, and where another URL is said: by a field and a variable for each card."""

from typing import Final

from ihe_test_util.transactions.card import AnyTransaction

#: Where the mock server listens when it is told nothing.
DEFAULT_BASE_URL: Final = "http://localhost:8080"
#: What the variables of the client's configuration begin with.
ENV_PREFIX: Final = "IHE_TEST_"


def default_url(card: AnyTransaction) -> str:
    """Where the mock server has a transaction by default."""
    return DEFAULT_BASE_URL + card.path


def url_field(card: AnyTransaction) -> str:
    """The field of ``endpoints`` in the client's configuration that holds a transaction's URL."""
    return card.config_field.removesuffix("_endpoint") + "_url"


def url_variable(card: AnyTransaction) -> str:
    """The environment variable that holds it."""
    return ENV_PREFIX + url_field(card).upper()
