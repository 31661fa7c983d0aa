"""Submissions are taken as course platforms deliver them, where that is safe, and each oddity is noted."""

import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.base.errors import LearnerError
from grader.course.course import Course
from grader.course.delivery import LARGEST, Submission, read_submission

LAB = Course.here().lab("03")
TWO_FILES = Course.here().lab("07")
MINE = "# mine\n"


def read(source: Path) -> Submission:
    return read_submission(LAB, source)


def put(path: Path, content: str | bytes = MINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def zipped(path: Path, **files: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("inside", ["", "03-rate-limiting", "work/03-rate-limiting"])
def test_the_usual_folders_need_no_note(tmp_path: Path, inside: str) -> None:
    put(tmp_path / inside / "gateway.py")
    assert read(tmp_path) == Submission({"gateway.py": MINE.encode()})


@pytest.mark.parametrize("inside", ["anna", "anna/final version/solution"])
def test_a_folder_within_the_folder_is_found_and_noted(tmp_path: Path, inside: str) -> None:
    put(tmp_path / inside / "gateway.py")
    put(tmp_path / "__MACOSX" / inside / "gateway.py", "resource fork")
    put(tmp_path / ".git" / "gateway.py", "old")
    submission = read(tmp_path)
    assert submission.content("gateway.py") == MINE.encode()
    assert submission.notes == [f"the files are taken from `{inside}` in the submission"]


def test_several_folders_with_edited_files_are_refused_by_name(tmp_path: Path) -> None:
    put(tmp_path / "first" / "gateway.py")
    put(tmp_path / "second" / "gateway.py")
    with pytest.raises(LearnerError, match=r"several folders in .* have edited files: `first`, `second`"):
        read(tmp_path).content("gateway.py")


@pytest.mark.parametrize(
    "name", ["gateway (1).py", "gateway(2).py", "gateway - Copy.py", "gateway-1.py", "gateway_copy.py"]
)
def test_a_file_that_a_browser_renamed_is_taken_and_noted(tmp_path: Path, name: str) -> None:
    put(tmp_path / name.replace(" - Copy", " Copy"))
    submission = read(tmp_path)
    assert submission.content("gateway.py") == MINE.encode()
    assert submission.notes == [f"`{name.replace(' - Copy', ' Copy')}` is taken as `gateway.py`"]


def test_a_copy_beside_the_file_itself_is_not_taken(tmp_path: Path) -> None:
    put(tmp_path / "gateway.py")
    put(tmp_path / "gateway (1).py", "other")
    assert read(tmp_path) == Submission({"gateway.py": MINE.encode()})


def test_two_copies_without_the_file_itself_leave_it_missing(tmp_path: Path) -> None:
    put(tmp_path / "gateway (1).py")
    put(tmp_path / "gateway (2).py")
    with pytest.raises(LearnerError, match="is missing"):
        read(tmp_path).content("gateway.py")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_is_taken_as_utf_8_and_noted(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    put(tmp_path / "gateway.py", (mark + "# müde\r\n").encode(encoding))
    submission = read(tmp_path)
    assert submission.content("gateway.py") == "# müde\n".encode()
    assert submission.notes == ["`gateway.py` is UTF-16 and is taken as UTF-8"]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf# mine\r\n", b"# mine\r", b"# mine\r\n"])
def test_a_byte_order_mark_and_foreign_line_ends_make_no_difference(tmp_path: Path, content: bytes) -> None:
    put(tmp_path / "gateway.py", content)
    assert read(tmp_path) == Submission({"gateway.py": MINE.encode()})


def test_a_zip_file_is_read_without_unpacking_it(tmp_path: Path) -> None:
    archive = zipped(
        tmp_path / "anna.zip", **{"anna/gateway.py": MINE, "__MACOSX/anna/._gateway.py": "fork", "anna/x": "x"}
    )
    submission = read(archive)
    assert submission.content("gateway.py") == MINE.encode()
    assert submission.notes == ["the files are taken from `anna` in the submission"]
    assert [path.name for path in tmp_path.iterdir()] == ["anna.zip"]


@pytest.mark.parametrize(
    "name", ["../gateway.py", "a/../../gateway.py", "a/b/c/d/e/f/gateway.py", ".hidden/gateway.py"]
)
def test_an_entry_outside_of_a_zip_file_is_not_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(LearnerError, match="is missing"):
        read(zipped(tmp_path / "bad.zip", **{name: MINE})).content("gateway.py")


def test_a_link_in_a_zip_file_is_not_read(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("gateway.py")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(LearnerError, match="is missing"):
        read(tmp_path / "bad.zip").content("gateway.py")


def test_a_zip_bomb_is_refused_after_the_first_bytes(tmp_path: Path) -> None:
    with pytest.raises(LearnerError, match="more than 65,536 bytes"):
        read(zipped(tmp_path / "bomb.zip", **{"gateway.py": b"#" * 50_000_000})).content("gateway.py")


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x03\x04", b""])
def test_a_file_that_is_not_a_zip_file_is_one_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(LearnerError, match="is neither a folder nor a zip file"):
        read(put(tmp_path / "bad.zip", content)).content("gateway.py")


def test_a_damaged_entry_is_one_error(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "bad.zip", **{"gateway.py": os.urandom(2000).hex()})
    content = bytearray(archive.read_bytes())
    content[200:400] = bytes(200)
    archive.write_bytes(content)
    with pytest.raises((LearnerError), match="cannot be unpacked"):
        read(archive).content("gateway.py")


def link_outside(path: Path) -> None:
    path.symlink_to("/etc/hostname")


@pytest.mark.parametrize("make", [link_outside, Path.mkdir, os.mkfifo], ids=["link", "folder", "pipe"])
def test_what_is_not_a_regular_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "gateway.py")
    with pytest.raises(LearnerError, match="is not a regular file"):
        read(tmp_path).content("gateway.py")


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "gateway.py")
    submission = tmp_path / "anna"
    submission.mkdir()
    (submission / "03-rate-limiting").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LearnerError, match="is missing"):
        read(submission).content("gateway.py")


def test_each_file_is_taken_or_refused_by_itself(tmp_path: Path) -> None:
    put(tmp_path / "orders.py")
    put(tmp_path / "fulfilment.py", b"#" * (LARGEST + 1))
    submission = read_submission(TWO_FILES, tmp_path)
    assert submission.content("orders.py") == MINE.encode()
    for name, said in (("fulfilment.py", "more than 65,536 bytes"), ("diagnosis.toml", "is missing")):
        with pytest.raises(LearnerError, match=said):
            submission.content(name)


def test_advice_fits_a_work_copy_or_the_submission_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_WORK", str(tmp_path / "work"))
    mine, other = tmp_path / "work" / LAB.name, tmp_path / "anna" / LAB.name
    for folder, run in ((mine, "./er reset 03"), (other, f"ls -la '{other}'")):
        folder.mkdir(parents=True)
        with pytest.raises(LearnerError) as raised:
            read(folder).content("gateway.py")
        assert raised.value.run == run
