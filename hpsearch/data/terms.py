"""The terms of whoever gives a table: in Python its methods and arguments, where a study's file has keys of [data]."""

from __future__ import annotations

import re

_LIST = r'(\[(?:"(?:\\.|[^"\\])*"(?:, )?)*\])'
"""A list of texts, as messages write it to be copied."""

_IN_PYTHON = (
    (re.compile(rf"data\.drop = {_LIST}"), r"frame.drop(columns=\1)"),
    (re.compile(rf"set data\.missing = {_LIST}"), r"replace them by None, as in frame.replace(\1, None)"),
    (re.compile(r'set data\.decimal = ","'), 'read it again with decimal=","'),
    (re.compile(r'data\.incomplete = "drop" leaves'), "frame.dropna() leaves"),
    (re.compile(r"data\.shuffle = false"), "shuffle=False"),
    (re.compile(r"data\.groups = "), "groups="),
    (re.compile(r"(?<!['\"])\bdata\.(?=(task|seed|test|groups)\b)"), ""),
)
"""What messages say of a study's file, and how a caller does the same to a DataFrame or by arguments.

In quotes it is the name of a column.
"""


def in_python(text: str) -> str:
    """A message about a table in the terms of a caller who has a DataFrame.

    >>> in_python('leave it out with data.drop = ["id"], or set data.task to "regression"')
    'leave it out with frame.drop(columns=["id"]), or set task to "regression"'
    """
    for words, instead in _IN_PYTHON:
        text = words.sub(instead, text)
    return text
