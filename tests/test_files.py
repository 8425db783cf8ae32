"""A file is written whole or not at all."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hpsearch.data.files import FileError, atomic_write, check_writable, file_name, made_folder, write_text


def test_a_file_takes_its_name_when_it_is_whole(tmp_path):
    path = tmp_path / "table.csv"
    with atomic_write(path) as partial:
        partial.write_text("a,b\n", encoding="utf-8")
        assert partial.parent == tmp_path
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "a,b\n"
    assert list(tmp_path.iterdir()) == [path]


def test_whoever_has_the_former_file_open_reads_it_to_its_end(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("former", encoding="utf-8")
    with path.open(encoding="utf-8") as reader:
        with atomic_write(path) as partial:
            partial.write_text("new", encoding="utf-8")
        assert reader.read() == "former"
    assert path.read_text(encoding="utf-8") == "new"


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
    with pytest.raises(FileError, match=r"cannot write .*table.csv: there was nothing to write"), atomic_write(path):
        pass
    assert path.read_text(encoding="utf-8") == "former"


def test_what_a_killed_writer_left_is_removed_by_the_next_and_a_living_one_s_is_not(tmp_path):
    path, other = tmp_path / "a[b].csv", tmp_path / "a.csv"
    code = "import os, sys, time; from hpsearch.data.files import atomic_write as w\nwith w(sys.argv[1]) as p:\n"
    code += " p.write_text('x'); print(p, flush=True); time.sleep(600)"
    writers = [
        subprocess.Popen([sys.executable, "-c", code, target], stdout=subprocess.PIPE, text=True)
        for target in (path, path, other)
    ]
    killed, living, of_other = (Path(writer.stdout.readline().strip()) for writer in writers)
    try:
        for k in (0, 2):
            writers[k].kill()
            writers[k].wait()
        assert killed.exists()
        with atomic_write(path) as partial:
            partial.write_text("whole", encoding="utf-8")
            assert set(tmp_path.iterdir()) == {partial, living, of_other}
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()


def test_a_text_is_written_in_a_folder_that_is_made(tmp_path):
    write_text(tmp_path / "new" / "page.html", "<p>α</p>")
    assert (tmp_path / "new" / "page.html").read_text(encoding="utf-8") == "<p>α</p>"


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    path = tmp_path / "table.csv"
    with atomic_write(path) as first, atomic_write(path) as second:
        first.write_text("first", encoding="utf-8")
        second.write_text("second", encoding="utf-8")
        assert first != second
    assert path.read_text(encoding="utf-8") == "first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("folder", "Is a directory; a folder has this name"),
        ("pipe", "it is a device or a pipe, not a file"),
        ("full", "it is a device or a pipe, not a file"),
        ("file/under", "Not a directory; a file stands where a folder should"),
        ("none/under", "No such file or directory; the folder is not there"),
        ("n" * 300, "File name too long; choose a shorter name"),
    ],
)
def test_where_no_file_can_be_the_path_the_cause_and_the_cure_are_told(tmp_path, name, told):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "full").symlink_to("/dev/full")
    before = sorted(tmp_path.rglob("*"))
    path = tmp_path / name
    with pytest.raises(FileError, match=f"^cannot write {re.escape(str(path))}: {told}"), atomic_write(path) as partial:
        partial.write_text("x", encoding="utf-8")
    assert sorted(tmp_path.rglob("*")) == before
    assert not os.path.isfile("/dev/full")


def test_a_path_that_holds_a_nul_is_refused():
    with pytest.raises(FileError, match=r"cannot write 'a.x00b': no path holds a NUL"):
        check_writable("a\0b")


def test_a_full_disk_is_told_as_such_and_no_part_stays(tmp_path):
    path = tmp_path / "table.csv"
    told = f"cannot write {path}: No space left on device; free some space"
    with pytest.raises(FileError, match=told):
        write_half(path, lambda _: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "far").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "far" / "table.csv")
    with atomic_write(link) as partial:
        partial.write_text("x", encoding="utf-8")
    assert link.is_symlink()
    assert (tmp_path / "far" / "table.csv").read_text(encoding="utf-8") == "x"


def test_a_folder_that_cannot_be_made_is_told_of(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place in (tmp_path / "file", tmp_path / "file" / "deep"):
        with pytest.raises(FileError, match=f"cannot write {place}: .*a file stands where a folder should"):
            made_folder(place)
    assert made_folder(tmp_path / "a" / "b").is_dir()


def test_a_name_that_the_system_s_file_names_lack_is_told_of(tmp_path):
    with pytest.raises(FileError, match=r"file names are utf-8, which has no '.ud800'"):
        check_writable(tmp_path / "\ud800")


NAMES = [
    "../../esc",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "..",
    ".",
    "",
    "\0",
    "\ud800",
    "a\nb",
    ".hidden",
    "x" * 300,
    "漢" * 90,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_no_plain_one_stays_in_its_folder_and_meets_no_other(tmp_path, name):
    spelt = file_name(name)
    path = tmp_path / f"{spelt}.html"
    path.write_text("x", encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert not spelt.startswith(".")
    assert file_name(spelt) == spelt
    assert len({file_name(other) for other in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", ["digits", "digits-2", "_a b.c_", "日本", "हिन्दी", "x" * 200])
def test_a_plain_name_is_itself(name):
    assert file_name(name) == name
