"""Damage inside a journal: the file and the line are named, and all that is whole is kept under the same numbers."""

import warnings

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend

from hpsearch.storage.access import JOURNAL, existing_storage, open_storage
from hpsearch.storage.journal import StorageError
from hpsearch.storage.records import damage_of
from hpsearch.tuning.search import search


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    """Lines of a journal of plain Optuna: two studies, asked and told, of three and two trials."""
    path = tmp_path_factory.mktemp("plain") / "plain.log"
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(path)))
    for name, trials in (("first", 3), ("second", 2)):
        study = optuna.create_study(study_name=name, storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=trials)
    return path.read_bytes().splitlines(keepends=True)


def values(storage):
    studies = (optuna.load_study(study_name=n, storage=storage) for n in optuna.get_all_study_names(storage))
    return {study.study_name: [trial.values for trial in study.trials] for study in studies}


def stored(tmp_path, *lines):
    path = tmp_path / JOURNAL
    path.write_bytes(b"".join(lines))
    return path


BAD = [b"\0" * 90 + b"\n", b"a foreign line\n", b"{}\n", b"42\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n"]


@pytest.mark.parametrize("bad", BAD, ids=["zeros", "text", "object", "number", "bytes", "deep"])
@pytest.mark.parametrize("opened", [open_storage, existing_storage])
@pytest.mark.parametrize("tail", [b"", b'{"op_code":5,"worker'], ids=["whole", "torn"])
def test_a_damaged_line_is_named_and_nothing_is_touched(journal, tmp_path, bad, opened, tail):
    path = stored(tmp_path, *journal[:5], bad, *journal[6:], tail)
    before = path.read_bytes()
    with pytest.raises(StorageError) as refused:
        opened(None, results=tmp_path)
    told = str(refused.value)
    assert f"{path} is damaged and was left as it is: line 6 is no record of a journal" in told
    assert f"the other {len(journal) - 1} lines are whole (studies: 'first', 'second')" in told
    assert path.read_bytes() == before
    assert f"kept in {path}.recovered" in told


def test_whatever_line_is_lost_all_other_trials_keep_their_numbers_and_values(journal, tmp_path):
    whole = values(existing_storage(None, results=stored(tmp_path, *journal).parent))
    for place, line in enumerate(journal):
        path = stored(tmp_path, *journal[:place], b"\0\0\0\n", *journal[place + 1 :])
        path.with_name(f"{JOURNAL}.recovered").write_bytes(b"".join(damage_of(path).records))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            kept = values(existing_storage(tmp_path / f"{JOURNAL}.recovered"))
        lost = {"first": f"lost in line {place + 1} (1)"} | {"second": f"lost in line {place + 1} (1)"}
        for name, expected in whole.items():
            found = kept[name if name in kept else lost[name]]
            assert len(found) == len(expected), line
            assert sum(one != other for one, other in zip(expected, found, strict=True)) <= 1


def test_what_optuna_reads_over_makes_no_study_and_no_trial_of_the_copy(tmp_path):
    """A study made twice, and a trial of one that was deleted, as of two programs that write at once."""
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(plain := tmp_path / "plain.log")))
    for name in ("first", "gone"):
        study = optuna.create_study(study_name=name, storage=storage)
        study.add_trial(optuna.trial.create_trial(value=1.0))
    optuna.delete_study(study_name="gone", storage=storage)
    again = plain.read_bytes().splitlines(keepends=True)
    late = next(line for line in reversed(again) if b'"op_code":4' in line)
    plain.write_bytes(b"".join([*again, again[0], late]))
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(plain)))
    study = optuna.create_study(study_name="second", storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    lines = plain.read_bytes().splitlines(keepends=True)
    for place in range(len(again) + 2, len(lines)):
        path = stored(tmp_path, *lines[:place], b"\0\n", *lines[place + 1 :])
        path.with_name(f"{JOURNAL}.recovered").write_bytes(b"".join(damage_of(path).records))
        kept = values(existing_storage(tmp_path / f"{JOURNAL}.recovered"))
        found = kept.get("second") or kept[f"lost in line {place + 1} (1)"]
        assert sum(one.values == other for one, other in zip(study.trials, found, strict=True)) >= 2


def test_a_study_that_is_lost_with_its_first_trial_keeps_the_number_of_the_second(journal, tmp_path):
    whole = values(existing_storage(None, results=stored(tmp_path, *journal).parent))
    start = next(place for place, line in enumerate(journal) if b'"second"' in line)
    stop = max(place for place, line in enumerate(journal) if b'"op_code":4' in line)
    path = stored(tmp_path, *journal[:start], b"\0\n", *journal[stop:])
    path.with_name(f"{JOURNAL}.recovered").write_bytes(b"".join(damage_of(path).records))
    kept = values(existing_storage(tmp_path / f"{JOURNAL}.recovered"))
    assert kept == {"first": whole["first"], f"lost in line {start + 1} (1)": [None, whole["second"][1]]}


_NEW = b'{"op_code":11,"worker_id":"a","study_id":0}\n'


@pytest.mark.parametrize("opened", [open_storage, existing_storage])
@pytest.mark.parametrize(
    ("place", "old", "new", "unknown"),
    [
        (5, b"{", _NEW + b"{", "operation 11 in line 6"),
        (-1, b"}\n", b"}\n" + _NEW, "operation 11 in line 18"),
        (0, b'"directions":[1]', b'"directions":[3]', "direction 3 in line 1"),
        (3, b'"state":1', b'"state":5', "state of a trial 5 in line 4"),
        (2, b"FloatDistribution", b"RealDistribution", "distribution RealDistribution in line 3"),
    ],
)
def test_what_a_newer_optuna_wrote_is_no_damage(journal, tmp_path, opened, place, old, new, unknown):
    lines = list(journal)
    assert old in lines[place]
    lines[place] = lines[place].replace(old, new, 1)
    stored(tmp_path, *lines)
    with pytest.raises(
        StorageError, match=rf"version of Optuna, {optuna.__version__}, does not know: {unknown}; a newer"
    ):
        opened(None, results=tmp_path)
    assert list(tmp_path.glob("*recovered")) == []


def test_several_damaged_lines_are_all_named(journal, tmp_path):
    path = stored(tmp_path, journal[0], b"?\n", *journal[2:7], b"[3]\n", *journal[8:])
    kept = path.with_name(f"{JOURNAL}.recovered")
    kept.write_bytes(b"of a damage before\n")
    with pytest.raises(StorageError, match=r"line 2 is no record .*, line 8 is no record"):
        existing_storage(None, results=tmp_path)
    assert kept.read_bytes() == b"".join(damage_of(path).records)
    assert damage_of(path).whole == len(journal) - 2


def test_records_of_a_study_that_no_line_makes_are_kept_and_read_over_as_optuna_does(journal, tmp_path):
    start = next(place for place, line in enumerate(journal) if b'"second"' in line)
    others, early = journal[:start], [line for line in journal if b'"study_id":1,' in line]
    assert len(early) == 2
    lost = [place for place, line in enumerate(others) if b'"op_code":4' in line][1]
    path = stored(tmp_path, others[0], *early, *others[1:lost], b"\0\n", *others[lost + 1 :])
    with pytest.raises(StorageError, match=rf"line {len(early) + lost + 1} is no record .*studies: 'first'"):
        existing_storage(str(path))
    copy, whole = (values(existing_storage(str(place))) for place in (f"{path}.recovered", stored(tmp_path, *journal)))
    assert list(copy) == ["first"]
    assert copy["first"][::2] == whole["first"][::2]


def test_a_lost_trial_is_known_by_what_is_left_of_its_line(journal, tmp_path):
    made = next(place for place, line in enumerate(journal) if b'"op_code":4' in line)
    left = journal[made].replace(b"datetime_start", b"datetime\0start")
    for rest, trials in (([], 1), (journal[made + 1 :], 5)):
        path = stored(tmp_path, *journal[:made], left, *rest)
        assert sum(b'"op_code":4' in record for record in damage_of(path).records) == trials


def test_a_damaged_last_line_is_found_before_the_next_append_hides_it(journal, tmp_path):
    path = stored(tmp_path, *journal, b"?\n")
    with pytest.raises(StorageError, match=f"line {len(journal) + 1} is no record"):
        open_storage(results=tmp_path)
    with pytest.raises(StorageError, match=f"line {len(journal) + 1} is no record"):
        existing_storage(None, results=tmp_path)
    assert path.read_bytes().endswith(b"?\n")


def test_a_record_that_optuna_makes_nothing_of_is_named_too(journal, tmp_path):
    place = next(place for place, line in enumerate(journal) if b'"op_code":5' in line)
    stored(tmp_path, *journal[:place], journal[place].replace(b"distribution", b"distributoin"), *journal[place + 1 :])
    with pytest.raises(StorageError, match=f"line {place + 1} is no record"):
        existing_storage(None, results=tmp_path)


def test_a_recovered_copy_is_searched_on(journal, tmp_path):
    stored(tmp_path, *journal[:5], b"\0\n", *journal[6:])
    with pytest.raises(StorageError, match="recovered"):
        open_storage(results=tmp_path)
    study = optuna.load_study(study_name="second", storage=open_storage(tmp_path / f"{JOURNAL}.recovered"))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3]


def test_where_no_copy_can_be_kept_it_says_why(journal, tmp_path):
    stored(tmp_path, *journal[:5], b"\0\n", *journal[6:])
    (tmp_path / f"{JOURNAL}.recovered").mkdir()
    with pytest.raises(StorageError, match=r"line 6 .* could not be kept: cannot write .*recovered: Is a directory"):
        existing_storage(None, results=tmp_path)


def test_a_line_of_a_trial_that_stands_twice_is_named_and_the_trial_counted_once(small, tmp_path):
    search(small, results=tmp_path, trials=6)
    path = tmp_path / JOURNAL
    lines, whole = path.read_bytes().splitlines(keepends=True), values(existing_storage(None, results=tmp_path))
    place = max(k for k, line in enumerate(lines) if b'"op_code":4' in line)
    recovered = path.with_name(f"{JOURNAL}.recovered")
    for k in (place, place - 2):
        stored(tmp_path, *lines[: k + 1], *lines[k:])
        with pytest.raises(StorageError, match=rf"line {k + 2} is no record .*\(the trial of line {k + 1} again\)"):
            search(small, results=tmp_path)
        assert recovered.read_bytes() == b"".join(lines)
        assert values(open_storage(str(recovered), results=tmp_path)) == whole
    note = b'{"op_code":8,"worker_id":"w","trial_id":6,"user_attr":{"of":"a seventh"}}\n'
    recovered.write_bytes(b"".join(damage_of(stored(tmp_path, *lines[: place + 1], *lines[place:], note)).records))
    (trials,) = whole.values()
    assert list(values(existing_storage(str(recovered))).values()) == [[*trials, None]]


def test_a_trial_that_another_program_adds_twice_is_two(tmp_path):
    storage = open_storage(None, results=tmp_path)
    study = optuna.create_study(storage=storage, study_name="s")
    study.add_trials([optuna.trial.create_trial(value=1.0)] * 2)
    assert values(existing_storage(None, results=tmp_path)) == {"s": [[1.0], [1.0]]}


def test_a_distribution_that_is_unknown_in_a_trial_of_ours_is_no_damage(small, tmp_path):
    search(small, results=tmp_path, trials=1)
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes().replace(b"IntDistribution", b"WholeDistribution", 1))
    with pytest.raises(StorageError, match=r"does not know: distribution WholeDistribution in line \d+; a newer"):
        open_storage(None, results=tmp_path)
