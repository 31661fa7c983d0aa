"""The documents agree with the course."""

import difflib
import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from grader.authoring.lint import messages
from grader.cli import er
from grader.course.catalog import read_catalog
from grader.course.course import Course, Lab
from grader.course.fixes import accepted, candidate_files

COURSE = Course.here()
DOCUMENTS = sorted(path for pattern in ("*.md", "docs/*.md", "labs/*/*.md") for path in COURSE.root.glob(pattern))


def test_the_readmes_emergency_table_matches_the_catalogue() -> None:
    rows = [
        f"| {row.problem} | {row.symptoms} | {row.immediate_fix} | {row.long_term_solution} | {row.time_to_relief} |"
        for row in read_catalog(COURSE).emergency.values()
    ]
    assert "\n".join(rows) in (COURSE.root / "README.md").read_text()


def test_the_output_in_the_readme_has_the_words_of_lab_03() -> None:
    text, manifest = (COURSE.root / "README.md").read_text(), COURSE.lab("03").manifest
    says = {check.name: check.says for check in manifest.check}
    shown = dict(re.findall(r"^✗ (\S+)  (.+)$", text, re.MULTILINE))
    assert shown
    assert shown.items() <= says.items()
    assert f"Lab 03, {manifest.title}. {manifest.blurb}\n" in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(COURSE.root)))
def test_links_inside_the_repository_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(COURSE.root)))
def test_every_command_in_the_documents_exists(document: Path) -> None:
    makefile = (COURSE.root / "Makefile").read_text()
    made = set(re.findall(r"er new (\d\d)", document.read_text()))
    targets = set(re.findall(r"^([a-z]+)(?:-%)?:", makefile, re.MULTILINE))
    for words in commands(document.read_text()):
        match words:
            case ["make", target, *_]:
                assert target.partition("-")[0] in targets, words
                numbers = re.findall(r"-(\d\d)$", target)
            case ["./er" | "er", name, *arguments] if re.fullmatch("[a-z]+", name):
                command = er.commands[name]
                known = {option for parameter in command.params for option in (*parameter.opts, "--help")}
                assert {word for word in arguments if word.startswith("--")} <= known, words
                numbers = [] if name == "new" else re.findall(r"(?<!\S)\d\d(?!\S)", " ".join(arguments[:1]))
            case [".venv/bin/pytest", *arguments]:
                paths = [word for word in arguments if word.startswith("tests/")]
                assert all((COURSE.root / path).exists() for path in paths), words
                continue
            case _:
                continue
        assert all(COURSE.lab(number) for number in numbers if number not in made)


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each piece of code that a document shows."""
    blocks = re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)
    for block in blocks:
        yield from (line.removeprefix("$ ").split() for line in block.splitlines())
        text = text.replace(block, "")
    yield from (span.split() for span in re.findall(r"`([^`]+)`", text))


def test_lint_reports_each_finding_that_the_authors_page_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "BLANK", "\0")
    sources = [
        path.read_text() for folder in ("authoring", "course") for path in COURSE.root.glob(f"grader/{folder}/**/*.py")
    ]
    said = [text for source in sources for _, text in messages.messages(source) if len(text) > len("`\0` is")]
    patterns = [re.compile(re.escape(text).replace("\0", ".+")) for text in said]
    _, table, below = (COURSE.root / "docs/authoring.md").read_text().partition("| finding | what to do |\n|---|---|\n")
    findings = re.findall(r"(?m)^\| (.+?) \| ", below.partition("\n\n")[0])
    assert table
    assert findings
    assert [finding for finding in findings if not any(pattern.fullmatch(finding) for pattern in patterns)] == []


def test_readme_and_docs_print_commands_as_they_are_typed() -> None:
    for path in (COURSE.root / "README.md", *COURSE.root.glob("docs/*.md")):
        assert not [words for words in commands(path.read_text()) if words[:1] == ["er"] and words[1:]], path


def test_contributing_names_modules_that_exist_and_every_package() -> None:
    text = (COURSE.root / "CONTRIBUTING.md").read_text()
    for path in re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", text):
        assert any((COURSE.root / folder / path).exists() for folder in (".", "grader", "services")), path
    packages = re.findall(r"^\| `([a-z]+)` \|", text, re.MULTILINE)
    assert sorted(packages) == sorted(path.parent.name for path in COURSE.root.glob("grader/*/__init__.py"))


def test_the_page_on_trust_names_every_cheat_and_no_other() -> None:
    cheats = {path.stem for path in COURSE.root.glob("tests/cheats/patients/*.py")}
    text = (COURSE.root / "docs" / "trust.md").read_text()
    tried = re.findall(r"Tried by\s([^.]+)\.", text) + re.findall(r"^\|.*\|([^|]*`[^|]*)\|$", text, re.MULTILINE)
    named = {
        pattern: set(fnmatch.filter(cheats, pattern)) for cell in tried for pattern in re.findall(r"`([^`]+)`", cell)
    }
    assert all(named.values()), named
    assert set().union(*named.values()) == cheats


def test_the_workflow_in_the_readme_is_whole_and_gives_the_action_inputs_that_it_has() -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```", (COURSE.root / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert text.startswith("# .github/workflows/")
    action = yaml.safe_load((COURSE.root / "action.yml").read_text())
    workflow = yaml.safe_load(text)
    # YAML 1.1 reads the key `on` as true.
    assert workflow.keys() == {"name", True, "permissions", "jobs"}
    (job,) = workflow["jobs"].values()
    assert job.keys() >= {"runs-on", "permissions", "steps"}
    *_, step = job["steps"]
    assert re.fullmatch(r"your-school/pattern-er@v\d+", step["uses"])
    assert step["with"].keys() <= action["inputs"].keys()


def test_the_brief_of_each_lab_says_how_many_lines_the_answers_took() -> None:
    for lab in COURSE.labs():
        told = re.search(r"answers?\s+took\s(.+?)\.\s", (lab.path / "README.md").read_text(), re.DOTALL)
        assert told, lab.name
        took = sorted(added(lab, name) for name in accepted(lab))
        assert [int(lines) for lines in re.findall(r"\d+", told[1])] == took, lab.name


def added(lab: Lab, fix: str) -> int:
    """Return the number of lines that a fix adds to the starter."""
    return sum(
        line.startswith("+ ")
        for name, text in candidate_files(lab, fix).items()
        for line in difflib.ndiff((lab.patient / name).read_text().splitlines(), text.splitlines())
    )


def test_the_readme_begins_with_commands_that_lead_from_nothing_to_a_lab() -> None:
    typed = re.findall(r"^\$ (.+)$", (COURSE.root / "README.md").read_text(), re.MULTILINE)
    clone, enter, start, grade, *_ = typed
    folder = re.fullmatch(r"git clone \S+/([\w-]+)\.git", clone)
    assert folder
    assert (enter, start, grade) == (f"cd {folder[1]}", "make lab-03", "make grade-03")
