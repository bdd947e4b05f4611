"""Where a quote is wrong, compared with what Python's csv reader refuses."""

import csv
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from ihe_test_util.patients.quotes import QuoteTrouble, quote_trouble


def test_the_open_quote_is_found_where_it_opened() -> None:
    """Line and cell of the quote that does not close, not of those that do."""
    assert quote_trouble(['a,"b\n', 'c",d,"e\n', "f\n"], ",") == QuoteTrouble(1, 3)


def test_text_after_a_quoted_value_is_found() -> None:
    """The text up to the next delimiter, and where the value began."""
    assert quote_trouble(['a,"b\n', 'c"d,e\n'], ",") == QuoteTrouble(0, 1, "d")


@given(text=st.text(alphabet='a,"\n\r', max_size=30))
def test_trouble_is_what_the_csv_module_refuses(text: str) -> None:
    """For the lines of the first record, of any text: an error there is trouble here, and the other way round."""
    lines = list(StringIO(text, newline=""))
    reader = csv.reader(iter(lines), strict=True)
    try:
        next(reader, None)
        refused = False
    except csv.Error:
        refused = True
    assert (quote_trouble(lines[: reader.line_num], ",") is not None) == refused
