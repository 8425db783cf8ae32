"""The command line: parses, calls, writes.

In this room:

    commands.py  the commands
    explain.py   the command that says where the difference of two settings comes from
    reports.py   the command that writes a study's page
    progress.py  the live line of a command that trains
    endings.py   how a command ends
"""

from hpsearch.cli import explain as explain  # registers its command
from hpsearch.cli import reports as reports
from hpsearch.cli.commands import app, main

__all__ = ["app", "main"]
