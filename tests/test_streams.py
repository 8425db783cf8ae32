"""Whatever becomes of standard output and standard error, a command does its work and says how it ended."""

import io
import os
import signal
import subprocess
import sys

import pytest

from hpsearch.cli import main
from hpsearch.cli.streams import lasting_output
from hpsearch.storage.access import count_trials

ASCII = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}


def command(line, folder, **environment):
    """Run a line of shell in which $H is the command, in a process of its own."""
    environment = {**os.environ, **environment, "H": f"{sys.executable} -m hpsearch"}
    return subprocess.run(["bash", "-c", line], cwd=folder, env=environment, capture_output=True, timeout=120)


def printed(words, *, encoding="utf-8", kind=io.FileIO):
    """What a command that prints these words leaves in a file, by a stream of that encoding over such a raw file."""
    read, write = os.pipe()
    before = sys.stdout
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(kind(write, "w")), encoding=encoding)
    try:
        with pytest.raises(SystemExit) as end, lasting_output():
            print(words)
        assert end.value.code is None
    finally:
        sys.stdout.close()
        sys.stdout = before
    with open(read, "rb") as file:
        return file.read().rstrip(b"\n")


@pytest.mark.parametrize(
    ("encoding", "bytes_"),
    [
        ("utf-8", "learning rate α −1 … “x” café 漢".encode()),
        ("ascii", b'learning rate a -1 . "x" caf\\xe9 \\u6f22'),
        ("latin-1", b'learning rate a -1 . "x" caf\xe9 \\u6f22'),
    ],
)
def test_what_an_encoding_lacks_is_printed_plainly_or_as_an_escape(encoding, bytes_):
    assert printed("learning rate α −1 … “x” café 漢", encoding=encoding) == bytes_


def test_a_path_that_is_no_text_is_printed():
    assert printed("no \udcff here") == b"no \\udcff here"


def test_what_is_printed_passes_through_the_stream_s_own_raw_file():
    class Console(io.FileIO):
        """As that of Windows, which takes UTF-8 and gives the terminal another encoding."""

        def write(self, data):
            return len(data) * bool(super().write(bytes(data).decode("utf-8").encode("cp437")))

    assert printed("learning rate α", kind=Console) == "learning rate α".encode("cp437")


def test_the_streams_are_the_former_ones_afterwards_and_a_command_s_code_is_kept(capsys):
    before = sys.stdout, sys.stderr
    with pytest.raises(SystemExit) as end, lasting_output():
        raise SystemExit(2)
    assert end.value.code == 2
    assert (sys.stdout, sys.stderr) == before


def run_on(stream, monkeypatch, *arguments):
    """Run the command in this process with that standard output; its exit code."""
    monkeypatch.setattr(sys, "argv", ["hpsearch", *arguments])
    monkeypatch.setattr(sys, "stdout", stream)
    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as end:
            main()
    finally:
        signal.signal(signal.SIGINT, handler)
    stream.close()
    return end.value.code


def test_a_search_on_a_full_disk_does_its_work_and_says_what_failed(folder, monkeypatch, capfd):
    full = io.TextIOWrapper(io.FileIO("/dev/full", "w"), encoding="utf-8")
    assert run_on(full, monkeypatch, "search", "small", "--trials", "4") == 1
    said = capfd.readouterr().err
    assert "error: cannot write standard output: No space left on device; nothing stored is lost" in said
    assert count_trials("small", None, results=folder / "results") == 4


def test_a_search_on_an_ascii_terminal_prints_its_table_in_columns(folder, monkeypatch):
    ascii_ = io.TextIOWrapper(io.FileIO(folder / "out", "w"), encoding="ascii")
    assert not run_on(ascii_, monkeypatch, "search", "small", "--trials", "4")
    text = (folder / "out").read_text(encoding="ascii")
    heading = next(line for line in text.splitlines() if line.startswith("trial"))
    assert heading.split()[:3] == ["trial", "rate", "a"]
    assert "\\u" not in text


def test_a_reader_that_closes_the_pipe_ends_the_command_quietly(folder, monkeypatch, capfd):
    read, write = os.pipe()
    os.close(read)
    assert run_on(io.TextIOWrapper(io.FileIO(write, "w"), encoding="utf-8"), monkeypatch, "show", "small") == 1
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_where_no_stream_can_be_written_a_search_stores_its_trials(folder):
    done = command("$H search small --trials 4 >/dev/full 2>/dev/full; echo $?; $H search small --trials 5 >&- 2>&-; "
                   "echo $?", folder)  # fmt: skip
    assert done.stdout.split() == [b"1", b"0"]
    assert count_trials("small", None, results=folder / "results") == 5


@pytest.mark.slow
def test_where_standard_error_is_closed_a_mistake_has_its_code_and_no_file_takes_its_place(folder):
    (folder / "plane.py").write_text("import os\ndef plane(x, y):\n    os.write(2, b'damage')\n    return x + y\n")
    (folder / "space.toml").write_text("[space]\nx = {low = 0.0, high = 1.0}\ny = {low = 0.0, high = 1.0}\n")
    survey = "survey --function plane:plane --space space.toml --base 4 --scrambles 2"
    done = command(f"$H search nope 2>&-; echo $?; $H {survey} 0>&- 1>&- 2>&-; echo $?", folder)
    assert done.stdout.split() == [b"2", b"0"]
    assert count_trials("plane.survey", None, results=folder / "results") > 0
    assert b"damage" not in b"".join(path.read_bytes() for path in (folder / "results").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("line", ["show small", "--help", "search --help", "export small", "survey small --base 8 "
                                  "--scrambles 2", "refine small", "importance results/hpsearch.journal small",
                                  "report small --to page.html", "search nonesuch"])  # fmt: skip
def test_no_command_ends_in_an_encoding_error(folder, line):
    study = folder / "studies" / "small.toml"
    study.write_text('question = "wié α 漢"\n' + study.read_text(encoding="utf-8"), encoding="utf-8")
    command("$H search small --trials 20", folder)
    done = command(f"$H {line}", folder, **ASCII)
    assert b"Error" not in done.stderr
    assert done.returncode == (2 if "nonesuch" in line else 0)
