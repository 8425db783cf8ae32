"""A command in a message, as a shell takes it when it is pasted."""

from __future__ import annotations

import re
import shlex

from hpsearch.config.messages import printable


def typed(*words: str) -> str:
    r"""Words of a command; what a terminal would obey, or show as something else, is escaped for the shell.

    >>> print(typed("hpsearch", "search", "my data.csv"))
    hpsearch search 'my data.csv'
    >>> print(typed("a\tb"))
    $'a\u0009b'
    """
    return " ".join(shlex.quote(word) if printable(word) == word else f"$'{_escaped(word)}'" for word in words)


def _escaped(word: str) -> str:
    word = word.replace("\\", "\\\\").replace("'", "\\'")
    # Bytes of a file's name that are no UTF-8 are such letters in Python.
    return printable(re.sub("[\udc80-\udcff]", lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", word))
