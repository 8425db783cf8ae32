"""A raw table to a :class:`Dataset` that the engine can train on.

In this room:

    sources.py      where a table comes from: bundled, generated, files
    tables.py       a file as a table: what its headings must be, how it is read
    contents.py     the bytes of a file, unpacked
    text.py         the text of a file: encoding, separator, fields of its lines
    checks.py       what a table may hold; DataError
    columns.py      what a column holds, and what speaks against it
    forms.py        how texts write numbers, dates and missing values
    identifiers.py  columns that name the rows
    targets.py      classes or numbers, and how they are coded
    splits.py       rows of train, validation, test
    copies.py       examples that stand in two splits
    preparation.py  encode and standardise by the training split
    dataset.py      Split, Dataset
    arrays.py       X and y as one table
    assembly.py     a raw table to a Dataset
    loading.py      load_dataset, from_frame, from_arrays
    files.py        a file written whole or not at all, under a name that stays in its folder
    imports.py      scikit-learn, imported without a trace
    memory.py       how much memory there is
    terms.py        messages in the terms of a caller in Python
"""

from hpsearch.data.checks import DataError
from hpsearch.data.dataset import Dataset, Split
from hpsearch.data.loading import from_arrays, from_frame, load_dataset
from hpsearch.data.preparation import Preparation

__all__ = ["DataError", "Dataset", "Preparation", "Split", "from_arrays", "from_frame", "load_dataset"]
