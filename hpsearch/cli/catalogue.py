"""The command that lists the studies in the results."""

from __future__ import annotations

from pathlib import Path

from hpsearch.cli.commands import ResultsOption, StorageOption, app
from hpsearch.cli.endings import errors
from hpsearch.cli.lines import print_parts, say


@app.command("list")
def list_command(results: ResultsOption = Path("results"), storage: StorageOption = None) -> None:
    """List the studies in the results: trials, the best value, and whether each is surveyed."""
    from hpsearch.storage.access import JOURNAL, existing_storage
    from hpsearch.storage.addresses import hide_password

    with errors():
        opened = existing_storage(storage, results=results)
        from hpsearch.report.catalogue import catalogue_table
        from hpsearch.results.catalogue import catalogue

        place = hide_password(storage) if storage else str(results / JOURNAL)
        frame = catalogue(opened)
        if frame.empty:
            say(f"no studies in {place}")
        else:
            print_parts([catalogue_table(frame, title=f"studies in {place}")])
