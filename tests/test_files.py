"""A file is written whole or not at all."""

import pytest

from hpsearch.data.files import atomic_write


def test_a_file_takes_its_name_when_it_is_whole(tmp_path):
    path = tmp_path / "table.csv"
    with atomic_write(path) as partial:
        partial.write_text("a,b\n", encoding="utf-8")
        assert partial.parent == tmp_path
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "a,b\n"
    assert list(tmp_path.iterdir()) == [path]


def write_half(path, problem):
    with atomic_write(path) as partial:
        partial.write_text("hal", encoding="utf-8")
        raise problem("half")


@pytest.mark.parametrize("problem", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("former", [None, "former"])
def test_a_failure_leaves_the_former_file_and_no_part_of_the_new_one(tmp_path, former, problem):
    path = tmp_path / "table.csv"
    if former:
        path.write_text(former, encoding="utf-8")
    with pytest.raises(problem, match="half"):
        write_half(path, problem)
    assert [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()] == ([former] if former else [])


def test_a_file_that_was_never_written_is_an_error_and_leaves_the_former_one(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("former", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="partial"), atomic_write(path):
        pass
    assert path.read_text(encoding="utf-8") == "former"


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    path = tmp_path / "table.csv"
    with atomic_write(path) as first, atomic_write(path) as second:
        first.write_text("first", encoding="utf-8")
        second.write_text("second", encoding="utf-8")
        assert first != second
    assert path.read_text(encoding="utf-8") == "first"
    assert list(tmp_path.iterdir()) == [path]
