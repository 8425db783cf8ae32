import errno
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from types import SimpleNamespace

import optuna
import pytest
from helpers import study_in
from optuna.storages.journal import JournalFileBackend

from hpsearch.storage import database, records, writing
from hpsearch.storage.access import (
    JOURNAL,
    existing_storage,
    only_writer,
    open_storage,
)
from hpsearch.storage.addresses import hide_password
from hpsearch.storage.journal import JournalFile, JournalTailWarning, StorageError
from hpsearch.storage.writing import TrialWriter, add_trials

TAKEN = "Forcibly releasing the lock file"
"""What Optuna says once it has waited 30 s for one lock."""


@pytest.fixture
def optunas_log(caplog):
    """What Optuna says, which it hands on to no other log."""
    logger = logging.getLogger("optuna")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


@pytest.mark.parametrize("url", [None, "sqlite:///{}/s.db"])
def test_every_storage_keeps_what_is_written_and_can_be_opened_again(url, tmp_path):
    url = url and url.format(tmp_path)
    study_in(open_storage(url, results=tmp_path))
    again = optuna.load_study(study_name="s", storage=existing_storage(url, results=tmp_path))
    assert [(t.number, t.params, t.value) for t in again.trials] == [(i, {"x": i / 10}, float(i)) for i in range(3)]


def test_a_relative_path_survives_a_change_of_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    storage = open_storage(results="results")
    monkeypatch.chdir("/")
    study_in(storage)
    assert (tmp_path / "results" / JOURNAL).stat().st_size > 0


@pytest.mark.parametrize("cut", [1, 2, 7, 30, 61, 100, 150])
@pytest.mark.parametrize(("tail", "block"), [(b"", records._BLOCK), (b"\0" * 64, 50)])
def test_a_torn_tail_is_cut_to_the_last_whole_record_and_kept_aside(tmp_path, monkeypatch, cut, tail, block):
    monkeypatch.setattr(records, "_BLOCK", block)
    study_in(open_storage(results=tmp_path))
    path = tmp_path / JOURNAL
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut] + tail)
    kept = whole[: whole[:-cut].rfind(b"\n") + 1]
    with pytest.warns(JournalTailWarning, match=r"unfinished write; they were cut off and kept in .*torn-"):
        storage = open_storage(results=tmp_path)
    assert path.read_bytes() == kept
    (copy,) = tmp_path.glob("*.torn-*")
    assert copy.read_bytes() == (whole[:-cut] + tail)[len(kept) :]
    before = kept.count(b'"op_code":4')
    study = study_in(storage, trials=2)
    assert len(study.trials) == before + 2
    assert len(optuna.load_study(study_name="s", storage=open_storage(results=tmp_path)).trials) == before + 2


@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, "full"), MemoryError("none is left")])
def test_a_write_that_breaks_off_leaves_the_journal_as_it_was(tmp_path, monkeypatch, problem):
    study = study_in(open_storage(results=tmp_path))
    path = tmp_path / JOURNAL
    before = path.read_bytes()

    def half(self, logs):
        path.write_bytes(before + b'{"op_code":4,"work')
        raise problem

    monkeypatch.setattr(JournalFileBackend, "append_logs", half)
    with pytest.raises((StorageError, MemoryError), match=r"full|none is left"):
        study.set_user_attr("a", 1)
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path):
    script = f"""
import resource, signal, pathlib
from hpsearch.storage.access import open_storage
from hpsearch.storage.journal import StorageError
import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})
from helpers import study_in
storage = open_storage(results={str(tmp_path)!r})
study = study_in(storage)
path = pathlib.Path({str(tmp_path)!r}) / {JOURNAL!r}
size = path.stat().st_size
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, resource.RLIM_INFINITY))
try:
    study_in(storage)
except StorageError as problem:
    print("refused:", problem)
assert path.stat().st_size == size
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(len(study_in(storage).trials), "trials")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "refused: cannot write" in done.stdout
    assert "free some space" in done.stdout
    assert "6 trials" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="flock is POSIX")
def test_a_lock_dies_with_its_holder(tmp_path, optunas_log):
    script = f"""
import time
from hpsearch.storage.journal import JournalFile
journal = JournalFile({str(tmp_path / JOURNAL)!r})
journal._lock.acquire()
print("held", flush=True)
time.sleep(600)
"""
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    study_in(open_storage(results=tmp_path))
    assert TAKEN not in optunas_log.text


def test_plain_optuna_and_this_project_write_at_once_and_neither_loses_nor_waits(tmp_path, optunas_log):
    ours = study_in(open_storage(results=tmp_path), trials=0)
    script = f"""
import optuna
from optuna.storages.journal import JournalFileBackend
optuna.logging.set_verbosity(optuna.logging.WARNING)
storage = optuna.storages.JournalStorage(JournalFileBackend({str(tmp_path / JOURNAL)!r}))
study = optuna.create_study(storage=storage, study_name="plain")
print("ready", flush=True)
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=40)
"""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    written = 0
    with subprocess.Popen([sys.executable, "-c", script], **pipes) as plain:
        assert plain.stdout.readline() == "ready\n"
        while plain.poll() is None:
            add_trials(ours, [trial(written % 97), trial((written + 1) % 97)])
            ours.add_trial(trial((written + 2) % 97))
            written += 3
        _, errors = plain.communicate()
    assert plain.returncode == 0, errors
    assert TAKEN not in errors + optunas_log.text  # as it would be from a lock that stays
    storage = existing_storage(None, results=tmp_path)
    theirs = optuna.load_study(study_name="plain", storage=storage).trials
    assert [t.number for t in theirs if t.state == optuna.trial.TrialState.COMPLETE] == list(range(40))
    again = optuna.load_study(study_name="s", storage=storage).trials
    assert [t.number for t in again] == list(range(written))
    assert told(ours.trials) == told(again)
    assert not (tmp_path / f"{JOURNAL}.lock").exists()


def test_a_lock_file_that_an_older_version_left_delays_nobody(tmp_path, optunas_log):
    old = tmp_path / f"{JOURNAL}.lock"
    old.touch()
    os.utime(old, (time.time() - 3600,) * 2)
    study_in(open_storage(results=tmp_path))
    assert TAKEN not in optunas_log.text
    assert not old.exists()


def test_reading_creates_nothing(tmp_path):
    study_in(open_storage(results=tmp_path / "a"))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / JOURNAL).write_bytes((tmp_path / "a" / JOURNAL).read_bytes()[:-5])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (
            len(optuna.load_study(study_name="s", storage=existing_storage(None, results=tmp_path / "b")).trials) == 2
        )
    assert [p.name for p in (tmp_path / "b").iterdir()] == [JOURNAL]


def test_where_there_are_no_results_it_says_what_to_run(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no results in .*: run `hpsearch search` first"):
        existing_storage(None, results=tmp_path)
    with pytest.raises(FileNotFoundError, match="run `hpsearch search --storage sqlite"):
        existing_storage(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


def test_an_unusable_storage_is_refused_without_its_password(tmp_path):
    with pytest.raises(StorageError, match="cannot open the storage 'nonsense'") as refused:
        open_storage("nonsense")
    assert "Optuna reads" in str(refused.value)
    with pytest.raises(StorageError) as hidden:
        open_storage("nodriver://me:secret@host/db")
    assert "secret" not in str(hidden.value)
    assert hide_password("sqlite:///x.db") == "sqlite:///x.db"
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match=r"cannot write .*: File exists; a file stands where a folder should"):
        JournalFile(tmp_path / "file" / JOURNAL)


@pytest.mark.parametrize("kind", ["folder", "pipe"])
@pytest.mark.parametrize("read_only", [True, False])
def test_what_is_no_file_is_no_journal_and_nothing_waits_for_it(tmp_path, kind, read_only):
    path = tmp_path / JOURNAL
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(
        StorageError, match=f"cannot open the storage '{path}': it is not a file; name the journal file itself"
    ):
        existing_storage(None, results=tmp_path) if read_only else open_storage(results=tmp_path)


def test_a_journal_that_cannot_be_read_is_told_of(tmp_path, monkeypatch):
    storage = open_storage(results=tmp_path)
    study_in(storage)

    def refuse(number):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / JOURNAL))
        yield

    monkeypatch.setattr(storage._backend._file, "read_logs", refuse)
    with pytest.raises(StorageError, match=rf"cannot read {tmp_path / JOURNAL}: Permission denied; give yourself"):
        storage.get_all_studies()


@pytest.mark.parametrize("lost", ["journal", "folder"])
def test_a_journal_that_vanishes_is_told_of_and_not_begun_anew(tmp_path, lost):
    study = study_in(open_storage(results=tmp_path / "a"))
    path = tmp_path / "a" / JOURNAL
    path.unlink() if lost == "journal" else shutil.rmtree(path.parent)
    for action in (lambda: add_trials(study, [trial(7)]), lambda: study.set_user_attr("a", 1), lambda: study.trials):
        with pytest.raises(StorageError, match=f"{path} is not there, or not any more: .* Put it back"):
            action()
    assert not path.exists()


@pytest.mark.parametrize("lost", ["journal", "folder"])
def test_a_journal_that_vanishes_in_mid_write_is_told_of_like_one_that_vanished_before(tmp_path, monkeypatch, lost):
    study = study_in(open_storage(results=tmp_path / "a"))
    path, append = tmp_path / "a" / JOURNAL, JournalFileBackend.append_logs

    def vanishing(backend, logs):
        append(backend, logs)
        path.unlink() if lost == "journal" else shutil.rmtree(path.parent)
        path.with_name(f"{JOURNAL}.lock").unlink(missing_ok=True)

    monkeypatch.setattr(JournalFileBackend, "append_logs", vanishing)
    with pytest.raises(StorageError, match=f"{path} is not there, or not any more: .* Put it back"):
        study.set_user_attr("a", 1)


def test_where_plain_optuna_has_taken_the_lock_of_a_slow_write_for_a_dead_process_s_it_is_written(tmp_path):
    storage = open_storage(results=tmp_path)
    with storage._backend.together():
        (tmp_path / f"{JOURNAL}.lock").unlink()
        study_in(storage)
    assert len(optuna.load_study(study_name="s", storage=open_storage(results=tmp_path)).trials) == 3


def test_nothing_written_together_is_nothing(tmp_path):
    with open_storage(results=tmp_path)._backend.together():
        pass
    assert (tmp_path / JOURNAL).read_bytes() == b""


@pytest.mark.parametrize("url", [None, "sqlite:///{}/s.db"])
def test_a_study_that_is_deleted_while_it_is_written_is_told_of_by_name(tmp_path, url):
    url = url and url.format(tmp_path)
    storage = open_storage(url, results=tmp_path)
    actions = [
        lambda study: add_trials(study, [trial(7)]),
        lambda study: study.set_user_attr("a", 1),
        lambda study: study.get_trials(),
    ]

    def deleted_before(action):
        with only_writer("s", storage, results=tmp_path):
            study = study_in(storage)
            optuna.delete_study(study_name="s", storage=existing_storage(url, results=tmp_path))
            action(study)

    for action in actions:
        with pytest.raises(StorageError, match=r"study 's' was deleted meanwhile, .* begins it anew"):
            deleted_before(action)
    for words in ("a caller's own", "Record does not exist."):  # without the study, and with it
        with pytest.raises(KeyError, match=words), only_writer("s", storage, results=tmp_path):
            raise KeyError(words)
        study_in(storage)


def trial(i):
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    return optuna.trial.create_trial(
        params={"x": i / 100}, distributions=space, value=float(i), intermediate_values={1: 0.5, 7: float(i)}
    )


def told(trials):
    return [(t.number, t.params, t.value, t.intermediate_values) for t in trials]


@pytest.mark.parametrize("url", [None, "sqlite:///{}/s.db"])
def test_trials_stored_together_equal_those_stored_one_by_one(url, tmp_path):
    url = url and url.format(tmp_path)
    study = study_in(open_storage(url, results=tmp_path), trials=0)
    for start in (0, 3, 10):
        add_trials(study, [trial(i) for i in range(start, start + 5)])
        add_trials(study, [])
        study.add_trial(trial(start + 50))
    expected = study_in(optuna.storages.InMemoryStorage(), trials=0)
    expected.add_trials([trial(i + at) for at in (0, 3, 10) for i in (0, 1, 2, 3, 4, 50)])
    again = optuna.load_study(study_name="s", storage=existing_storage(url, results=tmp_path))
    assert told(study.trials) == told(again.trials) == told(expected.trials)


def test_trials_stored_together_keep_apart_from_what_others_write_to_the_journal(tmp_path):
    mine = study_in(open_storage(results=tmp_path), trials=2)
    others = optuna.create_study(storage=open_storage(results=tmp_path), study_name="others")
    for i in range(3):
        add_trials(others, [trial(10 * i), trial(10 * i + 1)])
        add_trials(mine, [trial(i), trial(i + 20), trial(i + 40)])
    for study, name, count in ((mine, "s", 11), (others, "others", 6)):
        again = optuna.load_study(study_name=name, storage=existing_storage(None, results=tmp_path))
        assert told(study.trials) == told(again.trials)
        assert [t.number for t in again.trials] == list(range(count))


def test_a_failure_amid_trials_stored_together_leaves_the_journal_as_it_was(tmp_path):
    study = study_in(open_storage(results=tmp_path))
    before = (tmp_path / JOURNAL).read_bytes()
    unfit = trial(1)
    unfit.params = {"y": 1}
    with pytest.raises(ValueError, match="Inconsistent"):
        add_trials(study, [trial(0), unfit])
    assert (tmp_path / JOURNAL).read_bytes() == before
    again = optuna.load_study(study_name="s", storage=open_storage(results=tmp_path))
    add_trials(again, [trial(5)])
    assert [t.value for t in again.trials] == [0.0, 1.0, 2.0, 5.0]


@pytest.mark.parametrize("url", [None, "sqlite:///{}/s.db"])
def test_trials_whose_write_failed_are_stored_by_the_next(url, tmp_path, monkeypatch):
    study = study_in(open_storage(url and url.format(tmp_path), results=tmp_path))
    owner, method = (JournalFile, "_append") if url is None else (database, "set_attribute")  # the last of a batch
    whole, calls = getattr(owner, method), []

    def full(*arguments, **named):
        calls.append(arguments)
        if len(calls) == 1:
            raise StorageError("no space left")
        return whole(*arguments, **named)

    monkeypatch.setattr(owner, method, full)
    with TrialWriter(study) as writer:
        writer.add(trial(0), trial(1), trial(2))
        with pytest.raises(StorageError, match="no space left"):
            writer.write_if_due()
        assert [t.value for t in study.trials] == [0.0, 1.0, 2.0]
        writer.add(trial(5))
    again = optuna.load_study(study_name="s", storage=existing_storage(url and url.format(tmp_path), results=tmp_path))
    assert told(study.trials) == told(again.trials)
    assert [t.value for t in again.trials] == [0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 5.0]


def test_trials_are_written_at_once_the_first_time_and_then_every_second_or_sixty_four_at_a_time(tmp_path, monkeypatch):
    study, now = study_in(open_storage(results=tmp_path), trials=0), 100.0
    monkeypatch.setattr(writing, "time", SimpleNamespace(monotonic=lambda: now))
    with TrialWriter(study) as writer:
        for seconds, trials, stored in ((0.0, 1, 1), (0.0, 63, 1), (0.0, 1, 65), (0.9, 1, 65), (0.2, 1, 67)):
            now += seconds
            writer.add(*map(trial, range(trials)))
            writer.write_if_due()
            assert len(study.trials) == stored


def test_a_writer_that_is_stopped_while_it_writes_stores_each_trial_once(tmp_path, monkeypatch):
    study, append = study_in(open_storage(results=tmp_path), trials=0), JournalFile._append

    def interrupted(self, logs):
        append(self, logs)
        monkeypatch.undo()
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

    monkeypatch.setattr(JournalFile, "_append", interrupted)
    with TrialWriter(study) as writer:
        writer.add(trial(0), trial(1))
        with pytest.raises(KeyboardInterrupt):
            writer.write_if_due()
    assert [t.value for t in study.trials] == [0.0, 1.0]


def test_a_writer_that_is_stopped_as_it_forgets_what_a_database_holds_stores_the_next_trial_too(tmp_path):
    class Stopped(list):
        def __delitem__(self, place):
            super().__delitem__(place)
            signal.raise_signal(signal.SIGINT)

    study = study_in(open_storage(f"sqlite:///{tmp_path / 's.db'}"), trials=0)
    with TrialWriter(study) as writer:
        writer._waiting = Stopped([trial(0), trial(1)])
        with pytest.raises(KeyboardInterrupt):
            writer.write_if_due()
        writer._waiting = [*writer._waiting, trial(2)]
    assert [t.value for t in study.trials] == [0.0, 1.0, 2.0]


def test_ctrl_c_waits_until_trials_are_stored(tmp_path, monkeypatch):
    study = study_in(open_storage(results=tmp_path))
    append = JournalFile._append

    def interrupted(self, logs):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        append(self, logs)

    monkeypatch.setattr(JournalFile, "_append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        add_trials(study, [trial(0), trial(1)])
    again = optuna.load_study(study_name="s", storage=existing_storage(None, results=tmp_path))
    assert told(study.trials) == told(again.trials)
    assert len(again.trials) == 5
