"""A journal that was torn in any byte of its last records is recovered to its last whole one, and gone on with."""

import errno
import random
import tomllib
import warnings

import optuna
import pytest
from helpers import SMALL, study_in
from optuna.storages.journal import JournalFileBackend

from hpsearch.config.study import validated
from hpsearch.storage.access import JOURNAL, existing_storage, open_storage
from hpsearch.storage.journal import JournalTailWarning, StorageError
from hpsearch.storage.writing import add_trials
from hpsearch.tuning.search import search

CONFIG = validated(tomllib.loads(SMALL), where="a test").with_overrides(**{"trials": 9, "search.checkpoints": 2})
TRIAL = b'"op_code":4,'
"""What the record of a finished trial has in it."""


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """The journal of a search, whose last records are its notes, and its trials."""
    folder = tmp_path_factory.mktemp("searched")
    search(CONFIG, results=folder)
    return (folder / JOURNAL).read_bytes(), trials(folder)


def trials(folder):
    storage = existing_storage(None, results=folder)
    stored = storage.get_all_trials(storage.get_study_id_from_name("small"), deepcopy=False)
    return [(t.number, t.state, t.params, t.values, t.intermediate_values, t.user_attrs) for t in stored]


def torn_everywhere(folder, content, expected, *, step):
    """Cut within the last three records, a step of bytes on each time; in every sixteenth byte, write on."""
    path = folder / JOURNAL
    lines = content.splitlines(keepends=True)
    first = len(content) - sum(map(len, lines[-3:]))
    first -= first % 16
    for end in range(first, len(content), step):
        path.write_bytes(content[:end])
        whole = content[: content.rfind(b"\n", 0, end) + 1]
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", JournalTailWarning)
            storage = open_storage(results=folder)
        assert path.read_bytes() == whole
        copies = list(folder.glob("*.torn-*"))
        assert len(told) == len(copies) == (len(whole) < end)
        for copy in copies:
            assert copy.read_bytes() == content[len(whole) : end]
            copy.unlink()
        if end % 16:
            continue
        study_in(storage, trials=1)
        assert trials(folder) == expected[: whole.count(TRIAL)]
        assert len(optuna.load_study(study_name="s", storage=existing_storage(None, results=folder)).trials) == 1


def ends(content):
    """The journal up to its last trial, and whole."""
    lines = content.splitlines(keepends=True)
    last = max(place for place, line in enumerate(lines) if TRIAL in line)
    return b"".join(lines[: last + 1]), content


def test_torn_in_places_of_its_last_records_a_journal_keeps_all_that_is_whole(searched, tmp_path):
    content, expected = searched
    upto_trials, _ = ends(content)
    torn_everywhere(tmp_path, upto_trials, expected, step=80)


@pytest.mark.slow
@pytest.mark.parametrize("end", [0, 1], ids=["trials", "notes"])
def test_torn_in_any_byte_of_its_last_three_records_a_journal_keeps_all_that_is_whole(searched, tmp_path, end):
    content, expected = searched
    torn_everywhere(tmp_path, ends(content)[end], expected, step=1 if end == 0 else 112)


@pytest.mark.filterwarnings("ignore:.*unfinished write")
@pytest.mark.parametrize("tail", [b"", b"\0" * 4096], ids=["cut", "zeros"])
def test_a_search_whose_journal_was_torn_ends_as_if_it_had_not_been(searched, tmp_path, tail):
    content, expected = searched
    generator = random.Random(0)
    for place in range(3):
        folder = tmp_path / str(place)
        folder.mkdir()
        end = generator.randrange(content.index(TRIAL), len(ends(content)[0]))
        (folder / JOURNAL).write_bytes(content[:end] + tail)
        search(CONFIG, results=folder)
        assert trials(folder) == expected


def test_a_write_that_failed_in_a_study_that_was_opened_twice_is_made_up_for(tmp_path, monkeypatch):
    storage = open_storage(results=tmp_path)
    study = study_in(storage)
    study_in(storage, trials=0)  # the journal now tells twice that the study is made, and the storage that it is not
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    trial = optuna.trial.create_trial(params={"x": 0.5}, distributions=space, value=7.0)

    def full(self, logs):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(JournalFileBackend, "append_logs", full)
        with pytest.raises(StorageError, match="full"):
            add_trials(study, [trial])
    assert [t.value for t in study.trials] == [0.0, 1.0, 2.0], "what was not written is not there"
    add_trials(study, [trial])
    assert [t.value for t in study.trials] == [0.0, 1.0, 2.0, 7.0]
