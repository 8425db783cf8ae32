"""A command that is printed can be pasted: the shell reads the words that were meant."""

import shlex

import pytest

from hpsearch.config.messages import printable
from hpsearch.config.shell import typed


@pytest.mark.parametrize("word", ["digits", "my data.csv", "it's", 'a"b', "back\\slash", "ümläut", "a[b].csv", "$HOME"])
def test_words_are_quoted_for_a_shell(word):
    assert shlex.split(typed("hpsearch", "search", word)) == ["hpsearch", "search", word]


@pytest.mark.parametrize("word", ["a\tb", "new\nline.csv", "it's\ta \\ path", "\x1b[31mred", "a\u202eb"])
def test_what_a_terminal_would_obey_is_escaped_as_a_shell_reads_it(word):
    quoted = typed(word)
    assert printable(quoted) == quoted
    assert (quoted[:2], quoted[-1]) == ("$'", "'")
    assert quoted[2:-1].encode("ascii").decode("unicode_escape") == word


def test_a_byte_that_is_no_text_is_the_same_byte_in_a_shell():
    assert typed(b"caf\xe9.csv".decode("utf-8", "surrogateescape")) == "$'caf\\xe9.csv'"
