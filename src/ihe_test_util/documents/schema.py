"""Documents against an XML Schema that the user has; none comes with this package."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from lxml import etree

from ihe_test_util.errors import BadInput
from ihe_test_util.xml.io import Element, line_of

_REPORTED: Final = 20


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One way in which a document is not what its schema says; ``line`` is that of the document."""

    line: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Schema:
    """A compiled XML Schema. It may be used by one thread at a time."""

    path: Path
    _compiled: etree.XMLSchema = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The schema of a file and of what it includes.

        Raises:
            BadInput: it cannot be read, or is no schema.
        """
        hint = "the one for CDA is CDA_SDTC.xsd (or CDA.xsd) of HL7's package, with its directories left as they are"
        try:
            with path.open("rb"):
                pass  # libxml2 would only say that it failed
            return cls(path, etree.XMLSchema(etree.parse(str(path), etree.XMLParser(no_network=True))))
        except OSError as error:
            raise BadInput("the schema cannot be read", where=str(path), got=error.strerror or str(error)) from None
        except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
            raise BadInput("this is no XML Schema", where=str(path), got=str(error), hint=hint) from None

    def errors(self, root: Element) -> tuple[SchemaError, ...]:
        """What is wrong with a document; at most the first twenty."""
        if self._compiled.validate(root):
            return ()
        log: Any = self._compiled.error_log  # the stubs do not know that it can be iterated over
        found = [SchemaError(error.line or None, _readable(error.message)) for error in log]
        return tuple(found[:_REPORTED]) or (SchemaError(line_of(root), "it is not valid"),)


def _readable(message: str) -> str:
    return message.replace("{urn:hl7-org:v3}", "").rstrip(".")
