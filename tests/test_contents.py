"""Compressed files are read as what they hold, and no further than there is memory."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from hpsearch.data import DataError, load_dataset, memory
from hpsearch.data.contents import contents

TABLE = ("a,y\n" + "".join(f"{i % 7},{'pq'[i % 2]}\n" for i in range(60))).encode()


def zipped(*names, content=TABLE):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return file.getvalue()


PACKED = {
    "gz": gzip.compress(TABLE),
    "bz2": bz2.compress(TABLE),
    "xz": lzma.compress(TABLE),
    "zip": zipped("t.csv", "__MACOSX/._t.csv", "folder/"),
}


@pytest.mark.parametrize("kind", PACKED)
def test_a_compressed_table_is_read_as_what_it_holds_whatever_its_name(tmp_path, kind):
    (tmp_path / "t.csv").write_bytes(TABLE)
    (tmp_path / "packed.csv").write_bytes(PACKED[kind])
    plain, packed = (load_dataset(f"csv:{tmp_path}/{name}.csv", target="y") for name in ("t", "packed"))
    assert plain.fingerprint == packed.fingerprint


@pytest.mark.parametrize("kind", PACKED)
def test_a_compressed_file_that_is_cut_is_refused(tmp_path, kind):
    (tmp_path / "t.csv").write_bytes(PACKED[kind][:-20])
    with pytest.raises(DataError, match=r"t.csv: cannot be unpacked: .*; is the file whole\?"):
        contents(tmp_path / "t.csv")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda b: zipped("t.csv", content=b)])
def test_a_small_file_that_holds_more_than_memory_is_refused_on_the_way(tmp_path, monkeypatch, pack):
    (tmp_path / "bomb.csv").write_bytes(pack(bytes(5_000_000)))
    assert (tmp_path / "bomb.csv").stat().st_size < 10_000
    monkeypatch.setattr("hpsearch.data.contents._PIECE", 1_000_000)
    monkeypatch.setattr(memory, "available_memory", lambda: 5_000_000)
    # Of each piece three times more are needed: the second is one too many, and the other three are not unpacked.
    with pytest.raises(DataError, match=r"needs about 6\.0 MB of memory .* for reading it\), and 5\.0 MB are free"):
        contents(tmp_path / "bomb.csv")


def test_an_archive_of_several_files_or_a_document_is_told_so(tmp_path):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("t.csv"))
    for content, message in (
        (zipped("a.csv", "b.csv"), r"holds 2 files \('a.csv', 'b.csv'\): unpack it, and give one of them"),
        (zipped("folder/"), "holds 0 files"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "is a spreadsheet or another document, not CSV: export"),
        (gzip.compress(archive.getvalue()), "is a tar archive, not CSV: unpack it"),
    ):
        (tmp_path / "t.csv").write_bytes(content)
        with pytest.raises(DataError, match=message):
            load_dataset(f"csv:{tmp_path}/t.csv", target="y")
