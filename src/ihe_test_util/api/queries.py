"""Stored queries asked by name, with arguments as people write them."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

from ihe_test_util.domain.registry.queries.catalogue import BY_NAME, StoredQuery
from ihe_test_util.domain.registry.queries.parameters import Parameter
from ihe_test_util.errors import BadInput
from ihe_test_util.settings.words import near
from ihe_test_util.transactions.iti18 import LEAF_CLASS, OBJECT_REF, StoredQueryRequest, request_for

#: The values of an argument: one, or several of which any will do.
Values: TypeAlias = str | Sequence[str]
_RETURNED: Final = (LEAF_CLASS, OBJECT_REF)
#: What each query is called in the Technical Framework.
_BY_TITLE: Final[Mapping[str, StoredQuery]] = MappingProxyType({query.title: query for query in BY_NAME.values()})


def stored_query(
    query: StoredQuery | str, arguments: Mapping[str, Values], *, returning: str = LEAF_CLASS, home: str = ""
) -> StoredQueryRequest:
    """The request that asks a stored query.

    A query goes by its command (``find-documents``) or its title (``FindDocuments``), arguments by the names of its
    options, with blanks as ``-`` or ``_``; words of a vocabulary, such as ``approved``, stand for their URNs.

    Raises:
        BadInput: a query or an argument that there is none of; an argument that is no text, or that takes one value and
            has more.
    """
    if not isinstance(query, StoredQuery | str):
        raise BadInput("this is no stored query", got=type(query).__name__, expected="its name, as find-documents")
    if isinstance(query, str):
        known = BY_NAME.get(query.replace("_", "-")) or _BY_TITLE.get(query)
        if known is None:
            raise BadInput(f"there is no stored query {query!r}{near(query, BY_NAME)}", expected=", ".join(BY_NAME))
        query = known
    if returning not in _RETURNED:
        raise BadInput("an answer is of whole objects or of references", got=returning, expected=" or ".join(_RETURNED))
    options = query.options()
    words = [option.replace("-", "_") for option in options]
    given = []
    for name, values in arguments.items():
        parameter = options.get(name.replace("_", "-"))
        if parameter is None:
            raise BadInput(f"{query.title} has no argument {name!r}{near(name, words)}", expected=", ".join(words))
        given.append((parameter, _meant(parameter, values, name)))
    return request_for(query, given, return_type=returning, home=home)


def _meant(parameter: Parameter, values: Values, name: str) -> tuple[str, ...]:
    listed = _texts(values, name)
    if not parameter.listed and len(listed) != 1:
        raise BadInput(f"the argument {name!r} takes one value", got=f"{len(listed)} values")
    words = {word.lower(): urn for word, urn in parameter.vocabulary}
    return tuple(words.get(value.lower(), value) for value in listed)


def _texts(values: object, name: str) -> tuple[str, ...]:
    listed = []
    for value in values if isinstance(values, Iterable) and not isinstance(values, str) else (values,):
        if not isinstance(value, str):
            raise BadInput(
                "this is no text", where=name, got=type(value).__name__, expected="a text, or a list of them"
            )
        listed.append(value)
    return tuple(listed)
