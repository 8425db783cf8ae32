"""The command line: parses, calls, writes.

In this room:

    commands.py  the commands
    reports.py   the command that writes a study's page
    compare.py   the command that compares studies
    progress.py  the live line of a command that trains
    endings.py   how a command ends
"""

from hpsearch.cli import compare as compare  # registers its command
from hpsearch.cli import reports as reports  # registers its command
from hpsearch.cli.commands import app, main

__all__ = ["app", "main"]
