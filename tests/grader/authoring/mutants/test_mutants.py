"""The mutants of the labs, and of a copy of lab 03 that a test changes."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from own_mutants import forget_mutants

from grader.authoring.mutants.mutant import chosen, mutants, sample
from grader.base.errors import ErError
from grader.course.course import Course, Lab
from grader.course.fixes import STARTER, base_files, candidate_files, candidates
from grader.course.patch import Patch, diff
from grader.course.source import code

LABS = Course.here().labs()
MUTANTS = {lab.name: mutants(lab) for lab in LABS}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A copy of lab 03 that a test may change."""
    folder = Path(shutil.copytree(Course.here().lab("03").path, tmp_path / "labs" / "03-rate-limiting"))
    return Lab(forget_mutants(folder))


def codes(files: dict[str, str]) -> tuple[str, ...]:
    return tuple(code(file, text) for file, text in sorted(files.items()))


def rewritten(lab: Lab, before: str, after: str) -> None:
    path = lab.path / "fixes" / "accepted" / "token-bucket-lua" / "gateway.py"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_a_mutant_differs_from_its_base_every_fix_and_every_other_mutant(lab: Lab) -> None:
    found = [codes(mutant.files) for mutant in MUTANTS[lab.name]]
    assert max(Counter(found).values()) == 1
    assert not set(found) & {codes(candidate_files(lab, name)) for name in candidates(lab)}


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_a_mutant_compiles_and_is_a_small_patch_on_its_base(lab: Lab) -> None:
    for mutant in MUTANTS[lab.name][::5]:
        compile(mutant.files[mutant.file], mutant.file, "exec")
        base = base_files(lab, mutant.base)
        patch = Patch("", mutant.base, diff(base, mutant.files))
        assert patch.files == [mutant.file]
        assert patch.applied(base) == mutant.files
        assert patch.changed_lines <= 20, mutant.full_name


def test_a_line_of_the_starter_makes_no_mutant() -> None:
    lines = [line for mutant in MUTANTS["03-rate-limiting"] for line in mutant.before.splitlines()]
    assert "RATE, BURST = 10, 20" in lines
    starter = base_files(Course.here().lab("03"), STARTER)["gateway.py"].splitlines()
    for line in ("    timeout=httpx2.Timeout(5, pool=2),", "    socket_timeout=1,"):
        assert (line in starter, line in lines) == (True, False), line


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_each_lab_yields_mutants_of_all_its_fixes_in_numbers_that_can_be_played(lab: Lab) -> None:
    names = [mutant.full_name for mutant in MUTANTS[lab.name]]
    assert 20 <= len(names) <= 200
    assert len(set(names)) == len(names)
    assert {name.partition(":")[0] for name in names} == {
        f"accepted/{path.name}" for path in lab.path.glob("fixes/accepted/*")
    }


@pytest.mark.parametrize(
    ("number", "mistakes"),
    [
        ("01", {"drawn-once", "operand-dropped"}),  # one jitter for each process; the last attempt is not bounded
        ("02", {"except-narrowed"}),  # a trial that ends in an exception never ends
        ("03", {"local-halves", "key-per-replica"}),  # nothing is shared
        ("04", {"finally-after-success", "except-removed"}),  # slots leak; a wait in vain ends in 500
        ("05", {"await-removed", "ttl-too-short"}),  # nothing is invalidated; a page is kept for a second
        ("06", {"constant-plus-one"}),  # a view is tried three times
        ("14", {"query-loosened"}),  # an order that exists begins again
    ],
)
def test_mistakes_that_strangers_made_are_among_the_mutants(number: str, mistakes: set[str]) -> None:
    found = MUTANTS[Course.here().lab(number).name]
    assert mistakes <= {mutant.operator.name for mutant in found}


def test_names_tell_operator_and_line_and_stay_when_another_mistake_joins_the_fixes(lab: Lab) -> None:
    before = [mutant.full_name for mutant in mutants(lab)]
    line = base_files(lab, "accepted/token-bucket-lua")["gateway.py"].splitlines().index("RATE, BURST = 10, 20") + 1
    names = [f"accepted/token-bucket-lua:halved-constant-{line}{end}" for end in ("", "-2")]
    assert [name for name in before if f"halved-constant-{line}" in name] == names
    base = base_files(lab, "accepted/token-bucket-lua")
    mistake = {"gateway.py": base["gateway.py"].replace("BURST = 10", "BURST = 5")}
    patch = Patch("It looks safe.", "accepted/token-bucket-lua", diff(base, mistake))
    (lab.path / "fixes" / "rejected" / "half.patch").write_text(patch.text)
    assert [mutant.full_name for mutant in mutants(lab)] == [name for name in before if name != names[0]]


def test_comments_and_docstrings_stay_and_make_no_mutant(lab: Lab) -> None:
    shutil.rmtree(lab.path / "fixes" / "rejected")
    before = mutants(lab)
    rewritten(lab, "Two replicas forward", "The 2 replicas of page:{x} forward")
    after = mutants(lab)
    assert len(after) == len(before)
    mine = [mutant for mutant in after if mutant.base == "accepted/token-bucket-lua"]
    assert all("The 2 replicas of page:{x}" in mutant.files["gateway.py"] for mutant in mine)


def test_a_lab_with_several_files_names_the_file_and_mutates_a_shared_one_once() -> None:
    found = MUTANTS["07-observability"]
    assert {mutant.name.rsplit("-", 2)[1] for mutant in found if mutant.name[-2:].isdecimal()} <= {
        "orders",
        "fulfilment",
    }
    assert {mutant.file for mutant in found if mutant.base == "accepted/contrib"} == {"orders.py"}


def test_a_sample_is_spread_over_the_operators_and_drawn_by_its_seed() -> None:
    found = MUTANTS["06-load-balancing"]
    operators = {mutant.operator.name for mutant in found}
    drawn = sample(found, len(operators), seed=7)
    assert {mutant.operator.name for mutant in drawn} == operators
    assert sample(found, len(operators), seed=7) == drawn
    assert sample(found, len(operators), seed=8) != drawn
    assert [mutant for mutant in found if mutant in drawn] == drawn
    assert sample(found, 1000, seed=7) == found


def test_mutants_are_chosen_by_their_full_names() -> None:
    found = MUTANTS["03-rate-limiting"]
    assert chosen(found, []) == found
    assert chosen(found, [found[3].full_name]) == [found[3]]
    with pytest.raises(ErError, match="there is no mutant `accepted/nothing:halved-constant-1`; the nearest is"):
        chosen(found, ["accepted/nothing:halved-constant-1"])


def test_what_the_manifest_says_of_a_mutant_belongs_to_it(lab: Lab) -> None:
    first, second = [mutant.full_name for mutant in mutants(lab)[:2]]
    said = {first: "equivalent: `hit` waits anyway", second: "outside: nobody promised it"}
    with (lab.path / "lab.toml").open("a") as manifest:
        manifest.write("\n[mutants]\n" + "".join(f'"{name}" = "{why}"\n' for name, why in said.items()))
    declared = {mutant.full_name: mutant for mutant in mutants(Lab(lab.path)) if mutant.declared}
    assert {name: mutant.declared for name, mutant in declared.items()} == said
    assert [mutant.equivalent for mutant in declared.values()] == [True, False]
