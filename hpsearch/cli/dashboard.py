"""The command that serves the Optuna dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hpsearch.cli.commands import ResultsOption, StorageOption, app
from hpsearch.cli.endings import errors


@app.command()
def dashboard(
    results: ResultsOption = Path("results"),
    storage: StorageOption = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 chooses a free one.")] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    expose_without_login: Annotated[
        bool, typer.Option("--expose-without-login", help="Allow a host that other machines can reach.")
    ] = False,
) -> None:
    """Serve the Optuna dashboard of all studies in the results, on this machine only."""
    from hpsearch.storage.access import existing_storage, open_storage

    with errors():
        existing_storage(storage, results=results)
        from hpsearch.report import dashboard as page
        from hpsearch.tuning.choice import ARTIFACTS

        server = page.server(
            open_storage(storage, results=results),
            artifacts=results / ARTIFACTS,
            host=host,
            port=port,
            exposed=expose_without_login,
        )
        address = f"[{host}]" if ":" in host else host
        print(f"Optuna dashboard: http://{address}:{server.server_port}/dashboard/  (Ctrl-C stops it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped")
        finally:
            server.server_close()
