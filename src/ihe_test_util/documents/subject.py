"""What one document is about, and the values that follow from it."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import quote

from ihe_test_util.documents.ids import Ids
from ihe_test_util.documents.settings import DocumentSettings, Organization
from ihe_test_util.errors import BadInput
from ihe_test_util.patients.model import PatientRow

#: HL7 V3 AdministrativeGender (2.16.840.1.113883.5.1) has no code for unknown: a null flavour says it.
_GENDER_CODES: Final = {"M": "M", "F": "F", "O": "UN", "U": ""}
_GENDER_NAMES: Final = {"M": "Male", "F": "Female", "O": "Undifferentiated", "U": "Unknown"}
_EXTENSION: Final = re.compile(r"(?i)[\s,;]*(?:ext(?:ension)?\.?|x)\s*([0-9]+)\s*$")
#: What stands in a URI as it is (RFC 3986, 3.3), apart from the sub-delimiters that mean something to tel and mailto.
_TEL_SAFE: Final = "+*.-()"
_MAILTO_SAFE: Final = "@!$'*+-./=_~"
_LAST_MONTHS: Final = 24
_MOST_DAYS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient, the moment of writing, and what else a document needs; ``now`` is aware."""

    row: PatientRow
    now: datetime
    ids: Ids
    settings: DocumentSettings

    @property
    def custodian(self) -> Organization:
        """The organization that keeps the document."""
        return self.settings.custodian or self.settings.organization

    @property
    def gender_code(self) -> str:
        """Code of administrativeGenderCode; empty where the gender is unknown."""
        return _GENDER_CODES[self.row.gender]

    @property
    def gender_display(self) -> str:
        """The gender in a word."""
        return _GENDER_NAMES[self.row.gender]

    @property
    def birth_time(self) -> str:
        """Date of birth as TS, to the day."""
        return _ts_day(self.row.dob)

    @property
    def age(self) -> int:
        """Completed years when the document was written."""
        born, today = self.row.dob, self.now.date()
        return max(0, today.year - born.year - ((today.month, today.day) < (born.month, born.day)))

    @property
    def age_text(self) -> str:
        """The age as people say it: in days, months, or years."""
        born, today = self.row.dob, self.now.date()
        months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
        if months >= _LAST_MONTHS:
            return _counted(self.age, "year")
        return _counted(months, "month") if months > 0 else _counted(max(0, (today - born).days), "day")

    @property
    def creation_date(self) -> str:
        """The day of writing as TS."""
        return _ts_day(self.now.date())

    def days_ago(self, days: object) -> str:
        """A day before the writing as TS, but none before the patient was born.

        Raises:
            BadInput: not a number of days.
        """
        if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= _MOST_DAYS:
            raise BadInput("days_ago takes a number of days", got=repr(days), expected=f"0 to {_MOST_DAYS}")
        today = self.now.date()
        earliest = min(self.row.dob, today)
        return _ts_day(date.fromordinal(max(earliest.toordinal(), today.toordinal() - days)))

    def uuid(self, key: object) -> str:
        """A UUID of this document.

        Raises:
            BadInput: a key that is neither number nor text.
        """
        return self.ids.uuid(_key("uuid", key))

    def oid(self, key: object) -> str:
        """An OID of this document.

        Raises:
            BadInput: a key that is neither number nor text.
        """
        return self.ids.oid(_key("oid", key))


def tel_uri(phone: str) -> str:
    """A telephone number as ``tel:`` URI (RFC 3966); empty for none."""
    if not phone:
        return ""
    bare = phone.removeprefix("tel:").strip()
    extension = _EXTENSION.search(bare)
    number = bare[: extension.start()] if extension else bare
    uri = "tel:" + quote("-".join(number.split()), safe=_TEL_SAFE)
    return f"{uri};ext={extension[1]}" if extension else uri


def mailto_uri(email: str) -> str:
    """An e-mail address as ``mailto:`` URI (RFC 6068); empty for none."""
    return "mailto:" + quote(email.removeprefix("mailto:").strip(), safe=_MAILTO_SAFE) if email else ""


def _ts_day(day: date) -> str:
    return day.isoformat().replace("-", "")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" + ("" if number == 1 else "s")


def _key(function: str, key: object) -> str:
    if not isinstance(key, str | int) or isinstance(key, bool):
        raise BadInput(f"{function} takes a number or a text", got=repr(key)[:80], expected=f"{function}(1)")
    return str(key)
