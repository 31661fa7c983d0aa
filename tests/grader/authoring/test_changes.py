import shutil
import subprocess
from pathlib import Path

import pytest

from grader.authoring.changes import changed_labs
from grader.base.errors import ErError
from grader.course.course import Course

HERE = Course.here()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git checkout of all labs and of the code below them."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("labs", "services", "compose", "grader"):
        shutil.copytree(HERE.root / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "all")
    return root


@pytest.fixture
def course(checkout: Path) -> Course:
    """The checkout as it was committed."""
    git(checkout, "reset", "--quiet", "--hard")
    git(checkout, "clean", "--quiet", "--force", "-d")
    return Course(checkout, checkout / "work")


def git(root: Path, *args: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *identity, *args], check=True, timeout=30)


def append(course: Course, file: str, lines: int) -> None:
    path = course.root / file
    path.write_text(path.read_text() + "# changed\n" * lines)


def numbers(course: Course) -> list[str]:
    return [lab.number for lab in changed_labs(course, "HEAD")]


@pytest.mark.parametrize(
    ("file", "labs"),
    [
        ("labs/03-rate-limiting/locustfile.py", ["03"]),
        ("services/quotes.py", ["03", "04"]),
        ("services/pages.py", ["02"]),
        ("services/kit/app.py", ["03"]),
        ("grader/evidence/checks.py", ["03"]),
        ("services/another.py", ["03"]),
        ("compose/postgres.yaml", ["05", "14"]),
        ("compose/images/postgres/postgresql.conf", ["05", "14"]),
        ("compose/images/kafka/server.properties", ["07"]),
        ("compose/redis/users.acl", ["03", "05", "16"]),
        ("compose/stack.yaml", ["03"]),
        ("README.md", ["03"]),
        ("labs/04-bulkhead/debrief.md", ["03"]),
        ("labs/04-bulkhead/calibration.toml", ["03"]),
    ],
)
def test_a_lab_changes_with_its_folder_services_and_stores(course: Course, file: str, labs: list[str]) -> None:
    path = course.root / file
    path.write_text("changed\n")
    git(course.root, "add", "--all")
    assert numbers(course) == labs


def test_an_unknown_revision_is_one_clear_error(course: Course) -> None:
    with pytest.raises(ErError, match="git does not know `nowhere`"):
        changed_labs(course, "nowhere")


def test_a_checkout_without_changes_proves_lab_03(course: Course) -> None:
    assert numbers(course) == ["03"]


def test_labs_changed_most_come_first(course: Course) -> None:
    append(course, "labs/02-circuit-breaker/lab.toml", 2)
    append(course, "labs/06-load-balancing/lab.toml", 9)
    append(course, "labs/06-load-balancing/README.md", 50)
    append(course, "compose/postgres.yaml", 5)
    append(course, "labs/14-saga/locustfile.py", 1)
    assert numbers(course) == ["06", "14", "05", "02"]


def test_shared_code_proves_lab_03_only_when_no_lab_has_changed(course: Course) -> None:
    append(course, "grader/evidence/checks.py", 40)
    append(course, "labs/04-bulkhead/lab.toml", 1)
    assert numbers(course) == ["04"]


def test_binary_and_moved_files_count_as_changes(course: Course) -> None:
    (course.root / "labs/02-circuit-breaker/picture").write_bytes(b"\0\1")
    git(course.root, "mv", "labs/04-bulkhead/locustfile.py", "labs/06-load-balancing/users, \u00fc.py")
    git(course.root, "add", "--all")
    assert sorted(numbers(course)) == ["02", "04", "06"]
