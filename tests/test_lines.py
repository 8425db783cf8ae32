"""Sentences on a terminal, whose lines end between words, and through a pipe, where a sentence is a line."""

import io
import sys

import pytest
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from hpsearch.cli.lines import broken, print_parts, say, stacked


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def lines(text, width):
    return [line.plain for line in broken(text, width)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two three four five", ["one two three", "four five"]),
        ("one two three", ["one two three"]),
        ("  - one two three four", ["  - one two", "    three four"]),
        ("a/path/longer/than/a/line and more", ["a/path/longer/than/a/line", "and more"]),
        ("first\n\nlast", ["first", "", "last"]),
        ("", [""]),
        ("go on: make survey STUDY=a now", ["go on:", "make survey STUDY=a", "now"]),
        ("go on: hpsearch refine b, or", ["go on:", "hpsearch refine b,", "or"]),
        ("then `x --name 'a b'` it is", ["then", "`x --name 'a b'`", "it is"]),
        ("測定測定 測定測定", ["測定測定", "測定測定"]),
    ],
)
def test_a_line_ends_between_words_and_in_no_command(text, expected):
    assert lines(text, 15) == expected


def test_what_is_marked_as_one_is_not_broken_and_keeps_its_style():
    text = Text.assemble("in Python ", ("r = load('a')", "bold"), ", then")
    pieces = list(broken(text, 16))
    assert [piece.plain for piece in pieces] == ["in Python", "r = load('a'),", "then"]
    assert [span.style for span in pieces[1].spans] == ["bold"]
    assert "r = load('a')," in [piece.plain for piece in broken(text, 8)]


LONG = "a sentence that is a good deal longer than forty columns are"


def test_sentences_are_broken_on_a_terminal_and_whole_in_a_pipe(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    print_parts([LONG])
    say(LONG, command="hpsearch search 'a study of that name' --results 'some folder'")
    told = terminal.getvalue().splitlines()
    broken_lines = ["a sentence that is a good deal longer", "than forty columns are"]
    command = "  hpsearch search 'a study of that name' --results 'some folder'"
    assert told == [*broken_lines, *broken_lines, command]
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    print_parts([LONG])
    say(LONG, command="hpsearch list")
    assert pipe.getvalue() == f"{LONG}\n{LONG}\n  hpsearch list\n"


def test_what_a_terminal_would_obey_is_escaped(capsys):
    say("a\x1b[31mb\nc", command="hpsearch search '\x1b[2J'", error=True)
    assert capsys.readouterr().err == "a\\u001b[31mb\nc\n  hpsearch search '\\u001b[2J'\n"


def test_a_table_wider_than_the_terminal_is_stacked_and_no_number_is_cut():
    table = Table(title="all", box=None, pad_edge=False)
    table.add_column("trial")
    for name in ("loss", "error", "rate"):
        table.add_column(name, width=8)
    table.add_row("7", "12345678", "2345.678", "345678.9")
    console = Console(width=28, file=io.StringIO())
    first, second = stacked(table, console)
    assert [column.header for column in first.columns] == ["trial", "loss", "error"]
    assert [column.header for column in second.columns] == ["trial", "rate"]
    assert (first.title, second.title) == (None, None)
    for part in (first, second):
        console.print(part)
    printed = console.file.getvalue()
    assert "…" not in printed
    assert all(number in printed for number in ("12345678", "2345.678", "345678.9"))
    assert [part.title for part in stacked(table, Console(width=40))] == [None]


def printed(table, width):
    console = Console(width=width, file=io.StringIO())
    for part in stacked(table, console):
        console.print(part)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_column_in_the_middle_of_a_part_is_as_wide_as_its_words():
    """Which column is the last Rich tells by its place in the whole table."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="")
    for name in ("of", "rate", "loss", "size", "init"):
        table.add_column(name)
    table.add_row("a", "123456789012345", "2345678", "3456789", "4567890")
    assert printed(table, 20)[:4] == ["of rate", "a  123456789012345", "of loss    size", "a  2345678 3456789"]
    assert printed(table, 16)[:3] == ["of rate", "a  1234567890123", "   45"]  # narrower than a name and a word
    assert not any("…" in line for width in range(18, 46) for line in printed(table, width))


def test_names_that_would_take_more_than_half_of_the_terminal_go_on_in_the_next_line():
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    table.add_column("study", no_wrap=True)
    for name in ("trials", "best"):
        table.add_column(name, no_wrap=True)
    table.add_row("a-name-of-a-study-in-a-class", "100,000", "0.123456789")
    assert printed(table, 40) == [
        "study               trials   best",
        "a-name-of-a-study-  100,000  0.123456789",
        "in-a-class",
    ]
    assert printed(table, 50)[0].split() == ["study", "trials", "best"]  # exactly as wide as the terminal
    assert printed(table, 20)[:3] == ["study        trials", "a-name-of-a  100,000", "-study-in-a"]
    assert not any("…" in line for width in range(18, 60) for line in printed(table, width))


def test_a_title_is_broken_where_the_terminal_ends_and_not_where_its_table_does(monkeypatch):
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    table = Table(Column("x"), title=Text(LONG), box=None, header_style="", pad_edge=False)
    table.add_row("1")
    print_parts([table])
    told = [line.rstrip() for line in terminal.getvalue().splitlines()]
    assert told == ["a sentence that is a good deal longer", "than forty columns are", "x", "1"]
    monkeypatch.setattr(sys, "stdout", pipe := io.StringIO())
    print_parts([table])
    assert pipe.getvalue().splitlines()[0] == LONG
