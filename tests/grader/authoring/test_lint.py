"""Each rule of `er lint`, on a copy of lab 03.

The copy is broken in one way. The finding must name the right file and line.
"""

import dataclasses
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from own_mutants import forget_mutants

from grader.authoring.lint import lint, lint_documents
from grader.authoring.lint.exports import exported_metrics
from grader.authoring.lint.measures import metrics
from grader.authoring.mutants.mutant import mutants
from grader.course.calibration import Calibration, Threshold, holds_for
from grader.course.course import Course, Lab
from grader.course.fixes import STARTER, base_files
from grader.course.patch import Files, Patch, PatchError, diff

HERE = Course.here()
NAME = HERE.lab("03").name
PATCH = "fixes/rejected/plain-503.patch"
NEW_FILE = "--- /dev/null\n+++ b/more/more.py\n@@ -0,0 +1 @@\n+x = 1\n"

MUTANT = next(mutant.full_name for mutant in mutants(HERE.lab("03")) if "RATE, BURST" in mutant.before)

MEASURED = Threshold(check="polite-tenants-served", side="min", threshold=0.8, starter=0.1, stopgap=0.9)


def calibrate(lab: Lab, *thresholds: Threshold) -> None:
    made = Calibration(
        measured="2026-11-23",
        machine="",
        runs=1,
        holds_for=holds_for(lab),
        threshold=list(thresholds) or [MEASURED],
    )
    (lab.path / "calibration.toml").write_text(made.text())


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course with an up-to-date calibration of lab 03."""
    for name in ("labs", "compose", "services", "loadtests"):
        shutil.copytree(HERE.root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    # Because briefs and debriefs link it.
    (tmp_path / "docs").mkdir()
    shutil.copy(HERE.root / "docs" / "handbook.md", tmp_path / "docs")
    calibrate(Lab(forget_mutants(tmp_path / "labs" / NAME)))
    return Course(tmp_path, tmp_path / "work")


def change(course: Course, file: str, before: str, after: str, *, calibrated: bool = True) -> None:
    """Replace all occurrences of a text in a file of the lab.

    `calibrated` makes the calibration look up to date again.
    """
    path = course.root / "labs" / NAME / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    if calibrated:
        lab = Lab(course.root / "labs" / NAME)
        if found := [finding for finding in lint(course, lab) if finding.path.name == "lab.toml" and not finding.line]:
            assert found
        else:
            with suppress(PatchError):
                calibrate(lab)


def found(course: Course) -> list[str]:
    return [
        f"{finding.path.relative_to(course.root / 'labs' / NAME)}:{finding.line} {finding.what}"
        for finding in lint(course, Lab(course.root / "labs" / NAME))
    ]


def line(course: Course, file: str, text: str) -> int:
    lines = (course.root / "labs" / NAME / file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_the_labs_of_this_course_are_clean_except_for_calibrations() -> None:
    for lab in HERE.labs():
        assert [finding for finding in lint(HERE, lab) if finding.path.name != "calibration.toml"] == []


def test_the_documents_and_messages_of_this_course_are_clean() -> None:
    assert lint_documents(HERE) == []


def test_documents_and_messages_that_are_not_plain_english_are_found(course: Course) -> None:
    texts = {
        "README.md": "Fine.\n\nWhoever reads.\n",
        "docs/trust.md": "| anew |\n\n```\nledger\n```\nA `ledger` and the\nledger, a *control twin*, two twins.\n",
        "grader/base/locks.py": 'X = 1\nraise ErError(f"`{x}` is no lock")\n',
    }
    for name, text in texts.items():
        path = course.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert [finding.shown(course.root).partition(";")[0] for finding in lint_documents(course)] == [
        "README.md:3: `Whoever`",
        "docs/trust.md:1: `anew`",
        "docs/trust.md:7: nothing explains the word `ledger`",
        "grader/base/locks.py:2: `is no`",
    ]


def test_a_copy_of_lab_03_is_clean(course: Course) -> None:
    assert found(course) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "at", "says"),
    [
        # the manifest
        ("lab.toml", "minutes = 80", "minuts = 80", None, "unknown key; the nearest is `minutes`"),
        ("lab.toml", 'edit = ["gateway.py"]', 'edit = ["proxy.py"]', "edit =", "`edit` names `proxy.py`"),
        # the patient
        ("patient/gateway.py", "# TODO", "# DONE", "", "no edited file has a `# TODO`"),
        ("patient/gateway.py", "app = create_app()", "app = create_app()\n" + "x = 1\n" * 60, "", "lines of code"),
        ("compose.yaml", "services:\n", "services:\n" + "\n" * 30, "31", "lines"),
        ("locustfile.py", "SYMBOLS = (", "X = 1\n" * 20 + "SYMBOLS = (", "", "lines of code"),
        ("locustfile.py", "SYMBOLS = (", 'SYMBOLS = ("surge", ', "SYMBOLS", "the phase `surge`"),
        # fixes
        ("lab.toml", "plain-503 = {", "plain-504 = {", "plain-504 =", "there is no fix `plain-504`"),
        ("lab.toml", "[fixes]\n", '[fixes]\nsliding-window = { fails = ["answers-are-real"] }\n', "sliding-window =", "the accepted fix"),
        ("lab.toml", 'fake-success = { fails = ["answers-are-real", ', "fake-success = { fails = [", "", "no rejected fix fails `answers-are-real`"),
        ("lab.toml", "# It lets so much load through that the evidence for these checks depends on the machine.\n", "", "read-then-write =", "without a reason"),
        ("fixes/accepted/sliding-window/gateway.py", "import", "import (", "", "of `gateway.py` is not Python"),
        (PATCH, "status_code=503)", "status_code=503", "", "of `gateway.py` is not Python"),
        (PATCH, "Base: accepted/token-bucket-lua\n", "", "", "the header has 0 lines `Base:"),
        (PATCH, "Base: ", "Base: starter\nBase: ", "Base:", "the header has 2 lines `Base:"),
        (PATCH, "accepted/token-bucket-lua", "accepted/token-bucket", "Base:", "has no base `accepted/token-bucket`"),
        (PATCH, "--- a/", "--- ", "Base:", "no diff follows the header"),
        (PATCH, "gateway.py", "proxy.py", "--- a/", "`proxy.py` is not a file that the lab's `edit` names"),
        (PATCH, "wait > 0", "waits > 0", "", "it does not apply to `accepted/token-bucket-lua`: patch failed: gateway.py:"),
        ("fixes/accepted/token-bucket-lua/gateway.py", "wait > 0", "wait > 0.0", "", "it does not apply to `accepted/token-bucket-lua`"),
        (PATCH, "It tempts", "Whoever tempts", "Whoever", "`Whoever`"),
        # the contract
        ("lab.toml", 'broken_by = "plain-503"', 'broken_by = "plain-504"', "A gateway answers", "no rejected fix `plain-504` breaks the promise"),
        ("lab.toml", 'broken_by = "plain-503"', 'broken_by = "sliding-window"', "A gateway answers", "no rejected fix `sliding-window` breaks the promise"),
        ("lab.toml", 'broken_by = "plain-503"', 'broken_by = "fixed-window"', "A gateway answers", "`fixed-window` fails no check of the promise that it breaks"),
        ("lab.toml", 'checks = ["retry-after-is-true", "retry-after-rounded-up"]', 'checks = ["retry-after-is-real"]', None, "unknown check `retry-after-is-real`; the nearest is `retry-after-is-true`"),
        ("lab.toml", 'checks = ["refusals-are-429-with-retry-after"]', 'checks = ["retry-after-is-true"]', 'name = "refusals-are-429-with-retry-after"', "no promise has the check `refusals-are-429-with-retry-after`"),
        ("lab.toml", 'says = "`Retry-After` is true: ', 'says = "It is true. ', "It is true", "a promise of 2 sentences"),
        ("lab.toml", 'says = "`Retry-After` is true: ', 'says = "It is true anew: ', "It is true", "`anew`"),
        ("lab.toml", 'says = "`Retry-After` is true: ', 'says = "It is true: ', None, "the generated part `contract` is out of date"),
        ("README.md", "<!-- generated: contract -->", "<!-- generated: change -->", "", "no generated part `contract`"),
        ("README.md", "## What to change", "- It is quick.\n- Not measured: it is small.\n\n## What to change", "It is quick", "an item of the contract that is not a promise: `It is quick.`"),
        ("lab.toml", 'checks = ["no-double-burst", "noisy-tenant-gets-its-limit"]\n\n[[milestone', 'checks = ["no-double-burst"]\n\n[[milestone', "[[milestone]]", "0 milestones have the check `noisy-tenant-gets-its-limit`"),
        ("lab.toml", "[level]\n", '[[milestone]]\nsays = "Count them."\nchecks = ["answers-are-real"]\n\n[level]\n', "[[milestone]]", "2 milestones have the check `answers-are-real`"),
        ("lab.toml", "[level]\n", '[[milestone]]\nsays = "Count them anew."\nchecks = ["answers-are-real"]\n\n[level]\n', "Count them", "`anew`"),
        ("README.md", "<!-- generated: milestones -->", "", None, "no generated part `milestones`"),
        ("README.md", "<!-- generated: stuck -->", "<!-- generated: mile -->", "generated: mile -->", "nothing generates a part `mile`"),
        # mutants that may pass
        ("lab.toml", "[fixes]\n", '[mutants]\n"accepted/token-bucket-lua:halved-constant-1" = "outside: `x` does not matter"\n\n[fixes]\n', "halved-constant-1", "there is no mutant `accepted/token-bucket-lua:halved-constant-1`; the nearest is"),
        ("lab.toml", "[fixes]\n", f'[mutants]\n"{MUTANT}" = "because"\n\n[fixes]\n', MUTANT, "has no reason"),
        ("lab.toml", "[fixes]\n", f'[mutants]\n"{MUTANT}" = "outside: `ceil` of nothing is promised"\n\n[fixes]\n', MUTANT, "quotes no code of its line"),
        # what checks read
        ("lab.toml", 'value = \'sum(load_beyond_promise{kind=~"noisy|relentless"})\'', "value = 'sum(http_requests_total)'", 'name = "no-double-burst"', "reads `http_requests_total`"),
        ("lab.toml", "total = '20 * sum(load_tally_total{kind=\"probe\",tally=\"waits_told\"})'", "total = 'sum(load_responses_total{kind=\"probe\"})'", 'name = "burst-is-honoured"', "depends on the answers"),
        ("lab.toml", "events = 540\n", "events = 9\n", 'name = "burst-is-honoured"', "9 events cannot decide"),
        ("lab.toml", "events = 540\n", "", 'name = "burst-is-honoured"', "the number of events of `burst-is-honoured` is unknown"),
        ("lab.toml", "polite = 40,", "polite = 2,", 'name = "polite-tenants-served"', "10 events cannot decide"),
        ("lab.toml", "great = 0.90", "great = 0.99", "[level]", "not in order"),
        ("lab.toml", 'name = "steady"\n', 'name = "steady"\nfaults = [{ service = "quotes", kind = "slow" }]\n', 'name = "steady"', "the first phase has a fault"),
        ("lab.toml", 'value = \'sum(load_beyond_promise{kind=~"noisy|relentless"})\'', "value = 'sum(audit_leaks_total)'", 'name = "no-double-burst"', "judges what patients emit"),
        ("lab.toml", "plain-503 = { ", 'plain-503 = { over = "nothing", ', "plain-503 =", "`plain-503` has `over`"),
        ("lab.toml", "plain-503 = { ", 'sliding-window = { over = "nothing" }\nplain-503 = { ', "sliding-window =", "`sliding-window` extends `nothing`"),
        ("lab.toml", "harmed = '''\n", "harmed = '''\n0 * sum(http_requests_total) + ", "[symptom]", "`symptom` reads `http_requests_total`"),
        ("lab.toml", "harmed = '''\n", "harmed = '''\n0 * sum(audit_leaks_total) + ", "[symptom]", "`symptom` judges what patients emit"),
        ("lab.toml", "harmed = '''\n", "harmed = '''\n0 * max(work_in_flight) + ", "harmed =", "`harmed` counts the plays before, too"),
        ("lab.toml", "harmed = '''\n", 'harmed = \'\'\'\n0 * sum(load_sent_total{phase=~"surge|night"}) + ', "harmed =", "`harmed` names the phase `night`"),
        ("lab.toml", "harmed = '''\n", 'harmed = \'\'\'\n0 * sum(load_sent_total{phase!="$phase"}) + ', "harmed =", "`harmed` names the phase `$phase`"),
        ("lab.toml", "harm = ", "harms = ", None, "`symptom.harm`: Field required"),
        # hardening
        ("compose.yaml", "  quotes:\n", "  quotes:\n    privileged: true\n", "privileged", "`quotes` sets `privileged`"),
        ("compose.yaml", "  quotes:\n", "  quotes:\n    cap_add: [NET_ADMIN]\n", "cap_add", "sets `cap_add`"),
        ("compose.yaml", "  quotes:\n", '  quotes:\n    ports: ["8000:8000"]\n', "ports", "sets `ports`"),
        ("compose.yaml", "  quotes:\n", "  quotes:\n    deploy: {}\n", "deploy", "sets `deploy`, which no lab needs"),
        ("compose.yaml", "  quotes:\n", '  quotes:\n    volumes: ["/var/run/docker.sock:/x"]\n', "volumes", "of the host"),
        ("compose.yaml", "  gateway-1:\n", "  gateway-1:\n    networks: [control]\n", "networks: [control]", "on other networks"),
        ("compose.yaml", "service: stock", "service: hardened", "quotes:", "does not extend a template"),
        ("compose.yaml", "  - ../../compose/stack.yaml\n", "", "", "does not include"),
        ("compose.yaml", "  quotes:\n", '  gateway-3:\n    extends: { file: ../../compose/service.yaml, service: skewed }\n    command: [python, -m, kit.patient, "gateway:app"]\n\n  quotes:\n', "", "can load 1.65 cores"),
        ("compose.yaml", "services:\n", "services:\n  redis: { extends: { file: ../../compose/redis.yaml, service: redis }, user: root }\n", "  redis:", "where a lab may set only `er.cpus`"),
        ("compose.yaml", "services:\n", "services:\n  store: { extends: { file: ../../compose/redis.yaml, service: redis }, labels: { er.cpus: 1 } }\n", "  store:", "where a lab may set only `er.cpus`"),
        ("compose.yaml", "services:\n", "services:\n  redis: { extends: { file: ../../compose/redis.yaml, service: redis }, labels: { er.cpus: 0.9 } }\n", "", "can load"),
        ("compose.yaml", "services:\n", "networks: { own: {} }\nservices:\n", "networks:", "no networks of its own"),
        # replicas
        ("lab.toml", 'name = "surge"\n', 'name = "surge"\nfaults = [{ service = "gateway-2", kind = "kill" }]\n', 'name = "surge"', "always hit `gateway-2`"),
        ("lab.toml", 'name = "surge"\n', 'name = "surge"\nfaults = [{ service = "quotes", caller = "gateway-1", kind = "slow" }]\n', 'name = "surge"', "always hit `gateway-1`"),
        # prose
        ("README.md", "## Not needed", "## Never needed", "", "no section `## Not needed`"),
        ("README.md", "<!-- generated: stuck -->", "<!-- generated: lost -->", "generated: lost", "nothing generates a part `lost`"),
        ("debrief.md", "generated: mistake fixed-window", "generated: mistake fixed-windo", "fixed-windo ", "nothing generates a part `mistake fixed-windo`"),
        ("fixes/rejected/fixed-window.patch", "It tempts because", "It tempts, as", None, "the generated part `mistake fixed-window` is out of date"),
        ("README.md", "<!-- generated: stuck -->", "<!-- generated: lost -->", "", "no generated part `stuck`"),
        ("README.md", "<!-- end -->\n\n## Milestones", "\n## Milestones", "generated: graded", "the generated part `graded` is out of date"),
        ("README.md", "<!-- end -->\n", "", "generated: contract", "a generated part without an end"),
        ("README.md", "answers-are-real", "answers-are-good", "generated: graded", "the generated part `graded` is out of date"),
        ("lab.toml", "elite = 0.95", "elite = 0.96", None, "the generated part `graded` is out of date"),
        ("hints.md", "## 3. The API", "### 3. The API", "", "2 hints"),
        ("hints.md", "## 1. The symptom", "```\n## 1. The symptom", "```", "a block of code"),
        ("debrief.md", "## When not to", "## Limits", "", "when not to use"),
        ("debrief.md", "- Paul Tarjan, [", "- Jane Doe, *A page\n  without*, 2017.\n- Paul Tarjan, [", "Jane Doe", "a source without a link"),
        ("debrief.md", "# Debrief", "Students ask.\n\n# Debrief", "Students", "`Students`"),
        ("hints.md", "# Hints", "Start\nanew.\n\n# Hints", "Start", "`anew`"),
        ("lab.toml", 'blurb = "', 'blurb = "Whoever floods is served. ', "blurb =", "`Whoever`"),
        ("lab.toml", 'noun = "', 'noun = "mocked ', "noun =", "`mocked`"),
        ("lab.toml", 'harm = "requests', 'harm = "requests mocked', "harm =", "`mocked`"),
        ("lab.toml", '[stopgap]\nsays = "', '[stopgap]\nsays = "Start anew. ', "Start anew", "`anew`"),
        ("lab.toml", '[level]\nsays = "', '[level]\nsays = "anew: ', "anew: ", "`anew`"),
        ("lab.toml", 'says = "Probe tenants that were silent', 'says = "Who was silent', "Who was silent", "`Who`"),
        ("README.md", "*receipt*", "receipt", "you do not edit. A receipt", "nothing explains the word `receipt`"),
        ("README.md", "The quotes API", "Each patient and a *probe*, a tenant that tests, see it. The quotes API", "Each patient", "nothing explains the word `patient`"),
        ("debrief.md", "# Debrief", "[a](nowhere.md)\n\n# Debrief", "nowhere", "a link to `nowhere.md`"),
        ("debrief.md", "# Debrief", "[a](README.md#none)\n\n# Debrief", "none", "no such heading"),
    ],
)  # fmt: skip
def test_a_lab_that_is_broken_in_one_way_has_that_finding(  # noqa: PLR0913, PLR0917 # the columns of the table
    course: Course, file: str, before: str, after: str, at: str | None, says: str
) -> None:
    change(course, file, before, after)
    findings = found(course)
    mine = [finding for finding in findings if says in finding]
    assert len(mine) >= 1, findings
    if at is not None:
        where = int(at) if at.isdecimal() else line(course, file, at) if at else 0
        assert re.search(rf":{where} ", mine[0]), mine


def test_every_check_of_a_lab_without_promises_has_a_finding(course: Course) -> None:
    path = course.root / "labs" / NAME / "lab.toml"
    text, removed = re.subn(r"\[\[promise\]\]\n(?:.+\n)+\n", "", path.read_text())
    assert removed
    path.write_text(text)
    unmeasured = [finding.split("`")[1] for finding in found(course) if "no promise has the check" in finding]
    names = [claim.name for claim in Lab(path.parent).manifest.check]
    assert unmeasured == [name for name in names if name != "answers-are-real"]


def test_twelve_checks_without_milestones_are_found(course: Course) -> None:
    assert not any("checks at once" in finding for finding in found(course))
    path = course.root / "labs" / NAME / "lab.toml"
    text, removed = re.subn(r"\[\[milestone\]\]\n(?:.+\n)+\n", "", path.read_text())
    assert removed
    path.write_text(text)
    assert "lab.toml:0 12 checks at once" in found(course)


def test_a_contract_may_explain_itself_and_list_what_is_not_measured(course: Course) -> None:
    change(
        course, "README.md", "## What to change", "- Not measured: it is small.\n\nIt is quick.\n\n## What to change"
    )
    assert found(course) == []


def replace_patch(lab: Path, changed: Callable[[Patch], Patch]) -> None:
    (lab / PATCH).write_text(changed(Patch.parse((lab / PATCH).read_text())).text)


def keep_four(folder: Path) -> None:
    for path in sorted(folder.iterdir())[4:]:
        path.unlink()


def keep_one(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != "token-bucket-lua":
            shutil.rmtree(path)


def to(lab: Path, patch: Patch, files: Files) -> Patch:
    """Return a patch from the same base to these files."""
    return dataclasses.replace(patch, diff=diff(base_files(Lab(lab), patch.base), files))


def base_text(lab: Path, patch: Patch) -> str:
    return base_files(Lab(lab), patch.base)["gateway.py"]


BREAKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no hints": (lambda lab: (lab / "hints.md").unlink(), "`hints.md` is missing"),
    "unknown file": (lambda lab: (lab / "notes.txt").touch(), "a lab has no such file"),
    "one accepted": (lambda lab: keep_one(lab / "fixes/accepted"), "1 accepted fixes"),
    "extra file in a fix": (lambda lab: (lab / "fixes/accepted/with-pyrate-limiter/x.py").touch(), "not a file that"),
    "empty fix": (lambda lab: (lab / "fixes/accepted/nothing").mkdir(), "an empty fix"),
    "no comment": (
        lambda lab: (lab / "fixes/accepted/sliding-window/gateway.py").write_text("import x\n"),
        "the first line is not a comment",
    ),
    "the starter": (
        lambda lab: shutil.copyfile(lab / "patient/gateway.py", lab / "fixes/accepted/sliding-window/gateway.py"),
        "the same as the starter",
    ),
    "four rejected": (
        lambda lab: keep_four(lab / "fixes/rejected"),
        "4 rejected fixes",
    ),
    "a folder instead of a patch": (lambda lab: (lab / "fixes/rejected/nothing").mkdir(), "not a patch of a mistake"),
    "a patch without a reason": (
        lambda lab: replace_patch(lab, lambda patch: dataclasses.replace(patch, reason="")),
        "no reason above `Base:`",
    ),
    "a patch of the base's comments": (
        lambda lab: replace_patch(
            lab, lambda patch: to(lab, patch, {"gateway.py": base_text(lab, patch) + "# more\n"})
        ),
        "it changes no code of `accepted/token-bucket-lua`",
    ),
    "a patch that adds a file": (
        lambda lab: replace_patch(lab, lambda patch: dataclasses.replace(patch, diff=patch.diff + NEW_FILE)),
        "it adds or removes a file",
    ),
    "a patch that leads to the starter": (
        lambda lab: replace_patch(lab, lambda patch: to(lab, patch, base_files(Lab(lab), STARTER))),
        "it changes no code of the starter",
    ),
    "a patch by the name of an accepted fix": (
        lambda lab: shutil.copyfile(lab / PATCH, lab / "fixes/rejected/sliding-window.patch"),
        "an accepted fix has the same name",
    ),
    "no calibration": (lambda lab: (lab / "calibration.toml").unlink(), "the lab is not calibrated"),
}


def test_a_mutant_that_passes_for_a_reason_is_no_finding(course: Course) -> None:
    said = f'[mutants]\n"{MUTANT}" = "outside: half of `RATE, BURST` is a limit too"\n\n[fixes]\n'
    change(course, "lab.toml", "[fixes]\n", said)
    assert found(course) == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_lab_that_lacks_something_has_that_finding(course: Course, name: str) -> None:
    break_, says = BREAKS[name]
    break_(course.root / "labs" / NAME)
    assert [finding for finding in found(course) if says in finding]


def test_a_hint_that_hands_over_code_is_found(course: Course) -> None:
    fix = (course.root / "labs" / NAME / "fixes/accepted/token-bucket-lua/gateway.py").read_text()
    code = max((line.strip() for line in fix.splitlines() if "await" in line), key=len)
    change(course, "hints.md", "# Hints", f"{code}?\n\n# Hints")
    assert [finding for finding in found(course) if "a line of token-bucket-lua" in finding]


def test_a_stale_calibration_is_found(course: Course) -> None:
    change(course, "locustfile.py", "range(17)", "range(18)", calibrated=False)
    at = line(course, "calibration.toml", "holds_for")
    assert found(course) == [f"calibration.toml:{at} the lab has changed since it was calibrated"]


def test_a_thin_margin_is_found(course: Course) -> None:
    lab = Lab(course.root / "labs" / NAME)
    calibrate(lab, MEASURED.model_copy(update={"accepted_margin": 1.2}))
    assert "has margins of 1.2 inside" in found(course)[0]


def test_figures_of_the_starter_that_are_missing_are_found(course: Course) -> None:
    lab = Lab(course.root / "labs" / NAME)
    assert found(course) == []
    calibrate(lab, MEASURED.model_copy(update={"starter": None}))
    assert "the figure of the starter for `polite-tenants-served` is missing" in found(course)[0]
    calibrate(lab, MEASURED.model_copy(update={"stopgap": None}))
    assert "the figures of the starter with the stopgap are missing" in found(course)[0]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('sum(load_sent_total{kind="noisy"}) - sum(a_total)', {"load_sent_total", "a_total"}),
        ('sum by (kind, le) (rate(b_bucket{le="0.5"}[1m]))', {"b_bucket", "rate"}),
        ('label_replace(c{x="y"}, "account", "$1", "subject", "(.*)") or vector(0)', {"c"}),
        ("x * on (account) group_left y", {"x", "y"}),
    ],
)
def test_the_metrics_of_a_query_are_found(query: str, names: set[str]) -> None:
    assert metrics(query) - {"group_left"} == names


@pytest.mark.parametrize(
    "metric",
    [
        "load_intended_total",
        "load_promised",
        "load_latency_seconds_bucket",
        "load_latency_seconds_count",
        "load_latency_seconds_sum",
        "ledger_entries_total",
        "work_in_flight_peak",
        "database_queries_total",
        "store_keys_lasting_peak",
        "canary_took_seconds_total",
        "outbox_waiting",
        "audit_orders_total",
    ],
)
def test_a_metric_of_load_kit_stores_or_services_is_evidence(metric: str) -> None:
    assert metric in exported_metrics(HERE.root)


@pytest.mark.parametrize(
    "metric", ["ledger_entries", "load_latency_seconds", "http_server_request_duration_seconds_sum"]
)
def test_a_name_without_an_exporter_is_not_evidence(metric: str) -> None:
    assert metric not in exported_metrics(HERE.root)


def test_a_metric_that_is_no_longer_exported_is_found(course: Course) -> None:
    path = course.root / "loadtests" / "export.py"
    path.write_text(path.read_text().replace('"load_beyond_promise"', '"load_beyond"'))
    assert [finding for finding in found(course) if "reads `load_beyond_promise`, which no stock service" in finding]


def test_a_patient_may_have_a_skewed_clock_and_the_seed_may_draw_who_is_hit(course: Course) -> None:
    change(course, "compose.yaml", "service: patient", "service: skewed")
    change(course, "lab.toml", "minutes =", 'replicas = [["gateway-1", "gateway-2"]]\nminutes =')
    fault = '{ service = "gateway-2", kind = "kill" }'
    change(course, "lab.toml", 'name = "surge"\n', f'name = "surge"\nfaults = [{fault}]\n')
    assert found(course) == []
