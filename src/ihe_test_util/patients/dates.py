"""Dates of birth: how old is too old, and what a date in another form probably means."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

#: Nobody is known to have lived 123 years, and hardly anybody 121 (completed years).
OLDEST_YEARS: Final = 120
_GENERAL: Final = "write YYYY-MM-DD, as in 1980-02-29"
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})([-/. ]?)([0-9]{1,2})\2([0-9]{1,2})(?:[T ].*)?")
_YEAR_LAST: Final = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})(?:[T ].*)?")
_SERIAL: Final = re.compile(r"[1-9][0-9]{3,4}(?:\.0*)?")
_SERIAL_ZERO: Final = date(1899, 12, 30)  # day 0 of spreadsheet programs, for every day after February 1900


def oldest_birth(today: date) -> date:
    """The first day on which somebody can have been born who is not older than ``OLDEST_YEARS``."""
    year = today.year - OLDEST_YEARS - 1
    leap_day = today.month == 2 and today.day == 29  # noqa: PLR2004 - the 29th of February
    born = date(year, 3, 1) if leap_day else date(year, today.month, today.day) + timedelta(days=1)
    return max(born, date.min)


def suggest_date(value: str) -> str:
    """What to write in place of a date in another form; only dates that exist are suggested."""
    found = list(dict.fromkeys(_readings(value)))
    if not found:
        return _GENERAL
    return f"write {' or '.join(found)}" + (", whichever is meant" if len(found) > 1 else "")


def _readings(value: str) -> Iterator[str]:
    if match := _YEAR_FIRST.fullmatch(value):
        yield from _real(match[1], match[3], match[4])
    elif match := _YEAR_LAST.fullmatch(value):
        day_first = list(_real(match[4], match[3], match[1]))
        month_first = list(_real(match[4], match[1], match[3]))
        yield from day_first if match[2] == "." else [*month_first, *day_first]
    elif _SERIAL.fullmatch(value):
        yield (_SERIAL_ZERO + timedelta(days=int(float(value)))).isoformat()


def _real(year: str, month: str, day: str) -> Iterator[str]:
    try:
        yield date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return
