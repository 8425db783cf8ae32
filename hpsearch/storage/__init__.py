"""A study and its trials in Optuna's words.

In this room:

    internals.py  Optuna's private names
    locks.py      the locks of a journal file: ours, and plain Optuna's beside it
    records.py    the lines of a journal: which are whole, and what is kept where some are not
    journal.py    the hardened journal file
    holders.py    who writes a study; the lock of a storage that is a file
    patience.py   a database that is away for a while, asked again
    database.py   Optuna's database, patient, and many trials in one write
    rows.py       trials as the rows of its tables
    claims.py     who writes a study of a database server, told in the database
    addresses.py  what kind of storage an address names, and the same without its password
    access.py     open, hold
    writing.py    finished trials on their way into a storage
    studies.py    a study made, compared, refused; what the program keeps of it
    trials.py     distributions, attributes, curves
    commands.py   commands to type that mean a stored study
    notes.py      the notes that the dashboard shows
    front.py      the front page of a study there: short rows, a figure, the note
"""

from hpsearch.storage.access import JOURNAL, existing_storage, open_storage
from hpsearch.storage.holders import StudyBusyError
from hpsearch.storage.journal import JournalTailWarning, StorageError
from hpsearch.storage.studies import StudyChangedError

__all__ = [
    "JOURNAL",
    "JournalTailWarning",
    "StorageError",
    "StudyBusyError",
    "StudyChangedError",
    "existing_storage",
    "open_storage",
]
