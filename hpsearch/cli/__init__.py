"""The command line."""

from hpsearch.cli.commands.commands import app, main

__all__ = ["app", "main"]
