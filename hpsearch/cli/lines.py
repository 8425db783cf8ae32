"""Sentences and tables on a terminal, whose lines end between words, and through a pipe, where a sentence is a line."""

from __future__ import annotations

import re
import sys
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    from hpsearch.report.tables import Part

_WHOLE = re.compile(r"`[^`\n]+`|\b(?:make|hpsearch) [a-z]+(?: [^\s,;:)]+)?(?: [A-Z]+=\S+| --[a-z-]+(?: \S+)?)*")
"""What no line ends in: what is to be typed, in backticks or as the words of a command."""

_NARROW = 8
"""Columns of a terminal that a table's column keeps, however long the words in it are."""


def print_parts(parts: Iterable[Part]) -> None:
    """Print the pieces of a report on standard output."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(markup=False, emoji=False)
    for part in parts:
        if not isinstance(part, Table):
            _print_sentences(part, console)
            continue
        if isinstance(part.title, str | Text):
            _print_sentences(part.title, console)
        for table in stacked(part, console):
            console.print(table)


def _print_sentences(part: Text | str, console: Console) -> None:
    for line in broken(part, console.width) if console.is_terminal else [part]:
        console.print(line, soft_wrap=True)


def say(text: str, *, command: str = "", error: bool = False) -> None:
    """Print sentences.

    Args:
        text: What a terminal would obey in it is escaped.
        command: To be typed next. It has a line of its own, on which nothing is inserted, so that it can be pasted.
        error: On standard error, instead of standard output.
    """
    from hpsearch.config.messages import printable

    stream = sys.stderr if error else sys.stdout
    text = printable(text, keep="\n")
    if stream.isatty():
        from rich.console import Console

        text = "\n".join(line.plain for line in broken(text, Console(file=stream).width))
    print(text, file=stream)
    if command:
        print(f"  {printable(command)}", file=stream, flush=True)


def broken(part: Text | str, width: int) -> Iterator[Text]:
    """The lines of sentences on so many columns; where a line goes on, it is indented.

    Nothing that is to be typed is broken, nor a word: a longer one stands out at the right.
    """
    from rich.text import Text

    whole = Text(part) if isinstance(part, str) else part
    for line in whole.split("\n", allow_blank=True):
        depth = len(line.plain) - len(line.plain.lstrip(" "))
        indent = " " * (depth + 2 if depth else 0)
        for number, piece in enumerate(line.divide(_ends(line, width, depth, len(indent)))):
            piece.rstrip()
            yield Text(indent) + piece if number else piece


def _ends(line: Text, width: int, depth: int, indent: int) -> list[int]:
    """Where the pieces of a line end that fit a width; the first begins with so many spaces, the others follow some."""
    from rich.cells import cell_len

    ends, column = [], depth
    for word in re.finditer(rf"(?:{_WHOLE.pattern}|\S)+\s*", line.plain):
        start, styled = word.start(), [span for span in line.spans if span.start < word.start() < span.end]
        room = max([len(word[0].rstrip()), *(span.end - start for span in line.spans if span.start == start)])
        if start > depth and not styled and column + cell_len(line.plain[start : start + room]) > width:
            ends.append(start)
            column = indent
        column += cell_len(word[0])
    return ends


def stacked(table: Table, console: Console) -> Iterator[Table]:
    """A table, or where the terminal is narrower than its words, its columns in several ones, each with the first.

    They have no title: it would be broken where the table ends, and not where the terminal does. Rich narrows the
    widest columns first, whatever is in them, and cuts what no longer fits; here no word is cut, but those of a first
    column that would take more than half of the terminal go on in the next line.
    """
    (names, longest, most), *others = bounds = [_bounds(table, column, console) for column in table.columns]
    gap = table.padding[1] + table.padding[3]
    width = console.width + gap  # at the edges there is none
    if sum(most + gap for _, _, most in bounds) <= width:
        whole = copy(table)
        whole.title = None
        yield whole
        return
    first = (names, longest if 2 * longest <= console.width else console.width // 3, most)
    groups = [[first]]
    for each in others:
        if len(groups[-1]) > 1 and sum(least + gap for _, least, _ in [*groups[-1], each]) > width:
            groups.append([first])
        groups[-1].append(each)
    for group in groups:
        part = copy(table)
        room = width - sum(least + gap for _, least, _ in group)
        part.columns = []
        for place, (column, least, most) in enumerate(group):
            own = max(min(most, least + room), min(least, _NARROW))
            room -= own - least
            # By its place Rich knows the last column.
            part.columns.append(replace(column, width=own, _index=place, no_wrap=False, overflow="fold"))
        part.title = None
        yield part


def _bounds(table: Table, column: Column, console: Console) -> tuple[Column, int, int]:
    """A column with the least width in which no word of it is cut, and that in which nothing of it is broken."""
    alone = copy(table)
    alone.columns, alone.title, alone.padding = [column], None, 0
    measured = alone.__rich_measure__(console, console.options.update(max_width=10_000))
    return column, measured.maximum if column.no_wrap or column.width else measured.minimum, measured.maximum
