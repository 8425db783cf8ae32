"""Names and values as a figure's text."""

from hpsearch.figures import texts


def test_names_are_shown_as_text():
    assert texts.plain("<a href='x'>%{y}") == "&lt;a href='x'&gt;%&#123;y}"
