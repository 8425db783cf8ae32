"""A trainer whose work kills its process; a module of its own, for a worker to start without all that tests import."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fatal:
    """Dies so many times; each attempt is a line of a file."""

    attempts: Path
    times: int

    def run(self, job):
        with self.attempts.open("a", encoding="utf-8") as file:
            file.write("attempt\n")
        if self.made() <= self.times:
            os.kill(os.getpid(), signal.SIGKILL)
        return job

    def made(self):
        return len(self.attempts.read_text(encoding="utf-8").splitlines())
