"""Who writes a study: one run at a time, whatever its results folder, told in the storage itself."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import optuna
import pytest
from helpers import study_in
from optuna.trial import create_trial

from hpsearch.results.study import load
from hpsearch.storage import claims
from hpsearch.storage.access import only_writer, open_storage
from hpsearch.storage.claims import WRITER
from hpsearch.storage.holders import Holder, StudyBusyError
from hpsearch.storage.internals import set_study_attribute, study_attributes
from hpsearch.storage.writing import TrialWriter, add_trials
from hpsearch.tuning.search import search

HOLD = """
import sys, time
from hpsearch.storage.access import only_writer, open_storage
url = sys.argv[1] or None
with only_writer("s", open_storage(url, results=sys.argv[2]), results=sys.argv[2]):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(params=["journal", "sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def place(request, tmp_path):
    """Storage and results folder of two runs: one storage, and two folders where it is not in the folder itself."""
    if request.param == "journal":
        return (None, tmp_path / "a"), (None, tmp_path / "a")
    if request.param == "sqlite":
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "link.db").symlink_to(tmp_path / "s.db")
        return (f"sqlite:///{tmp_path}/s.db", tmp_path / "a"), (f"sqlite:///{tmp_path}/b/link.db", tmp_path / "b")
    url = request.getfixturevalue("postgres").emptied("tests")
    return (url, tmp_path / "a"), (url, tmp_path / "b")


@pytest.fixture
def url(postgres):
    return postgres.emptied("tests")


def hold(url, results, study="s"):
    return only_writer(study, open_storage(url, results=results), results=results)


def held_elsewhere(url, results):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, url or "", results], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    return holder


def end(holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()


def test_a_second_run_is_refused_from_another_results_folder_too_and_told_who_holds_the_study(place):
    one, other = place
    holder = held_elsewhere(*one)
    try:
        words = (
            rf"another run is at work on study 's' in .*: process {holder.pid} of \S+ on \S+, since 20\d\d-\S+\+00:00"
        )
        with pytest.raises(StudyBusyError, match=words) as refused, hold(*other):
            pytest.fail("two runs hold the study")
        assert "s3cret" not in str(refused.value)
        with hold(*other, study="another"):
            pass
    finally:
        end(holder)
    with hold(*other):  # a holder that was killed on this machine keeps nobody waiting
        pass


def test_a_study_is_given_back_at_the_end_whatever_ended_it(place):
    one, other = place
    for problem in (None, KeyboardInterrupt, ValueError):
        try:
            with hold(*one):
                if problem:
                    raise problem
        except (KeyboardInterrupt, ValueError):
            pass
        with hold(*other):
            pass


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_two_searches_of_one_storage_never_store_more_than_was_asked_for(kind, small, tmp_path, request):
    storage = f"sqlite:///{tmp_path}/s.db" if kind == "sqlite" else request.getfixturevalue("url")
    refusals = []

    def meanwhile(progress):
        if progress.done == 1:
            with pytest.raises(StudyBusyError) as refused:
                search(small, trials=6, storage=storage, results=tmp_path / "b")
            refusals.append(str(refused.value))

    search(small, trials=6, storage=storage, results=tmp_path / "a", on_progress=meanwhile)
    assert len(refusals) == 1
    assert f"process {os.getpid()} of" in refusals[0]
    assert len(search(small, trials=6, storage=storage, results=tmp_path / "b").trials) == 6


def write(study, trial):
    with TrialWriter(study) as writer:
        writer.add(trial)
        writer.write_if_due()


def stored_claim(postgres):
    return json.loads(postgres.do("SELECT value_json FROM study_system_attributes WHERE key = %s", WRITER,
                                  database="tests")[0][0])  # fmt: skip


def store_claim(postgres, claim):
    postgres.do("UPDATE study_system_attributes SET value_json = %s WHERE key = %s", json.dumps(claim), WRITER,
                database="tests")  # fmt: skip


def of_another_machine(postgres, *, silent):
    """Make the stored claim one of another machine that was last heard of some seconds ago."""
    claim, ((now,),) = stored_claim(postgres), postgres.do("SELECT extract(epoch FROM now())::float")
    elsewhere = {"host": "elsewhere", "process": 7, "user": "ann", "place": "another", "token": "other"}
    store_claim(postgres, {**claim, **elsewhere, "seen": now - silent})


def renewed(postgres, claim):
    """The stored claim after another sign of life, or after a minute without one."""
    end = time.monotonic() + 60
    while (later := stored_claim(postgres))["seen"] == claim["seen"] and time.monotonic() < end:
        time.sleep(0.02)
    return later


@pytest.mark.slow
def test_a_silent_holder_elsewhere_is_waited_for_thirty_seconds_and_no_longer(postgres, url, tmp_path, monkeypatch):
    assert claims.LAPSE == 30
    monkeypatch.setattr(claims, "LAPSE", 3000.0)  # which no run of this test comes near to
    holder = held_elsewhere(url, tmp_path)
    end(holder)
    of_another_machine(postgres, silent=2000)
    words = r"process 7 of ann on elsewhere, since \S+, last heard of 2\d{3} s ago \(void after 3000 s of silence\)"
    with pytest.raises(StudyBusyError, match=words), hold(url, tmp_path):
        pytest.fail("the holder may still live")
    of_another_machine(postgres, silent=4000)
    with hold(url, tmp_path):
        assert stored_claim(postgres)["process"] == os.getpid()


@pytest.mark.slow
def test_a_run_that_was_taken_for_dead_writes_nothing_more(postgres, url, tmp_path, monkeypatch):
    study = study_in(open_storage(url), trials=1)
    storage = open_storage(url)
    ours = optuna.load_study(study_name="s", storage=storage)
    with only_writer("s", storage, results=tmp_path):
        add_trials(ours, [create_trial(value=1.0)])
        of_another_machine(postgres, silent=0)
        lost = (
            r"study 's' in .* was taken over by another run.*held by process 7 of ann on elsewhere.*writes nothing more"
        )
        with pytest.raises(StudyBusyError, match=lost):
            add_trials(ours, [create_trial(value=2.0)])
        with pytest.raises(StudyBusyError, match=lost):
            set_study_attribute(ours, "a", 1)
        with pytest.raises(StudyBusyError, match=lost):
            write(ours, create_trial(value=3.0))
    assert stored_claim(postgres)["token"] == "other"  # what is another's is not given back
    assert [t.value for t in study.trials] == [0.0, 1.0]
    assert "a" not in study_attributes(study)
    add_trials(ours, [create_trial(value=4.0)])  # who holds nothing is not looked at, as plain Optuna is not


@pytest.mark.slow
def test_a_claim_that_was_given_back_by_another_run_is_lost_too(postgres, url, tmp_path):
    storage = open_storage(url)
    with only_writer("s", storage, results=tmp_path):
        postgres.do("DELETE FROM study_system_attributes WHERE key = %s", WRITER, database="tests")
        with pytest.raises(StudyBusyError, match="nobody holds it now"):
            add_trials(optuna.load_study(study_name="s", storage=storage), [create_trial(value=1.0)])


@pytest.mark.slow
def test_a_run_gives_signs_of_life_while_it_trains(postgres, url, tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "_BEAT", 0.05)
    with hold(url, tmp_path):
        first = stored_claim(postgres)
        later = renewed(postgres, first)
    assert 0 < later["seen"] - first["seen"] < 100
    assert {**later, "seen": 0} == {**first, "seen": 0}
    assert WRITER not in study_attributes(optuna.load_study(study_name="s", storage=open_storage(url)))


@pytest.mark.slow
def test_a_run_whose_signs_of_life_fail_for_a_while_still_holds_its_study(postgres, url, tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "_BEAT", 0.05)
    with hold(url, tmp_path):
        for _ in range(3):
            postgres.end_connections("tests")
            time.sleep(0.1)
        first = stored_claim(postgres)
        assert renewed(postgres, first)["seen"] > first["seen"]


def test_a_process_is_gone_when_its_number_is_free_or_anothers_and_only_here():
    this = Holder.this()
    assert not this.gone
    assert replace(this, process=2**22 + 1).gone
    assert replace(this, began="1").gone
    assert not replace(this, process=2**22 + 1, place="another boot").gone
    assert not replace(this, process=2**22 + 1, place="").gone
    assert re.fullmatch(r"process \d+ of \S+ on \S+, since \S+", str(this))


@pytest.mark.slow
def test_a_held_study_can_be_read(url, small, tmp_path):
    search(small, trials=4, storage=url, results=tmp_path)
    with hold(url, tmp_path, study="small"):
        assert len(load("small", storage=url, results=tmp_path).trials) == 4
