import errno
from pathlib import Path

import pytest

from grader.base.errors import ErError
from grader.base.files import write_whole


def test_text_and_bytes_are_written_below_new_folders(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.txt", "ä")
    write_whole(tmp_path / "a" / "c.bin", b"\xff")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "ä".encode()
    assert (tmp_path / "a" / "c.bin").read_bytes() == b"\xff"
    assert len(list((tmp_path / "a").iterdir())) == 2


def test_a_full_disk_is_an_error_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.json"
    write_whole(path, "whole")

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ErError, match=f"cannot write `{path}`: No space left on device"):
        write_whole(path, "more than there is room for")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_an_impossible_path_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ErError, match="cannot write"):
        write_whole(tmp_path / "file" / "results.json", "")
