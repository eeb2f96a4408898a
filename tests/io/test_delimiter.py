"""The delimiter is the one that splits the header and the records alike."""

from __future__ import annotations

import csv
import io

import pytest

from driftwatch.io.delimiter import sniff_delimiter


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_every_delimiter_of_the_csv_module_is_found(delimiter: str) -> None:
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=delimiter)  # quotes fields that hold the delimiter: the oracle
    writer.writerows([["a,b", "c;d", "e|f\tg"], *([f"1,{i}", "x;y", "p|q\t"] for i in range(5))])
    assert sniff_delimiter(sink.getvalue().encode()) == delimiter


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("price\n1\n2\n", None),
        ("name;notes\na;one, two\nb;three\n", ";"),  # commas in the values only
        ("when, where;n\nnow;1\nlater;2\n", ";"),  # a comma in the header only
        ("a;b;c\n1,5;2,5;3\n1,0;2,0;4\n", ";"),  # decimal commas
        ("a|b,c|d,e|f\n", "|"),  # a header alone: more fields win
        ("a,b\n", ","),
        ('a,b\n"x\ny",2\n"z;;;",3\n', ","),  # a line break inside a field
        ("a;b\r1;2\r3;4\r", ";"),  # the line ends of old Macs
        ("\n\na;b\n1;2\n", ";"),
        ("\ufeffa;b\n1;2\n", ";"),
        ("a,b\n1,2\n3,4\n5", ","),  # the last record is cut off
        ('name;"notes, long"\n1,5;"a;b"\n', ";"),  # as many fields by comma, but those tear the quotes
        ("", None),
    ],
)
def test_delimiter_of_awkward_text(text: str, delimiter: str | None) -> None:
    assert sniff_delimiter(text.encode()) == delimiter


def test_preferred_delimiter_wins_when_the_header_has_it() -> None:
    text = b"a,b\tc,d\n1,2\t3,4\n"
    assert (sniff_delimiter(text), sniff_delimiter(text, prefer="\t")) == (",", "\t")


def test_preferred_delimiter_that_is_absent_gives_way() -> None:
    assert sniff_delimiter(b"a,b\n1,2\n", prefer="\t") == ","


def test_field_beyond_the_limit_of_the_csv_module_does_no_harm() -> None:
    field = "x" * (csv.field_size_limit() + 1)
    assert sniff_delimiter(f"a;b\n1;2\n{field};3\n".encode()) == ";"
