"""The command ``hpsearch`` as a process of its own, which ``python -m hpsearch`` is too.

Everything else is imported inside, so that Ctrl-C ends the process without a traceback while that goes on.
"""

import gc
import signal
import sys

_COLLECTED_FROM = 5_000
"""New objects after which Python looks for garbage; its own 700 cost a search an eighth of its start, for nothing."""


def command() -> None:
    """Run the command, and end with it: what comes after its work heeds no Ctrl-C."""
    gc.set_threshold(_COLLECTED_FROM)
    try:
        from hpsearch.cli import main

        main()
    except KeyboardInterrupt:  # before a command has begun
        sys.exit(128 + signal.SIGINT)  # as shells have it
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Python ends the process now, and would print a traceback


if __name__ == "__main__":
    command()
