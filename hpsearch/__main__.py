"""``python -m hpsearch`` is the command ``hpsearch``."""

from hpsearch.cli import command

if __name__ == "__main__":
    command()
