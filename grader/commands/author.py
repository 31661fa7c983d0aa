"""The commands of lab authors.

Each command imports what it needs, because `er --help` needs nothing and must be fast.
"""
# ruff: noqa: PLC0415

import math
import sys
import time
from functools import partial
from pathlib import Path

import click

from grader.commands.arguments import LAB, LabNumber
from grader.course.course import Course, Lab

FIXES = click.option(
    "--fix", "fixes", multiple=True, metavar="NAME", help="Only this fix, or `starter`; can be repeated."
)


@click.command()
@click.argument("labs", nargs=-1, type=LabNumber(), metavar="[NN]...")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Grades at a time, by default one per two cores; with more, some cannot be judged.",
)
@click.option("--since", metavar="REV", help="Only labs that differ from this git revision; lab 03 if none does.")
@click.option(
    "--minutes", type=click.FloatRange(0), metavar="M", help="Start no grade after M minutes, and list the rest."
)
@click.option("--shard", metavar="I/N", help="Only the I-th of N parts.")
@click.option("--quick", is_flag=True, help="Stop each grade as soon as its verdict is certain.")
@FIXES
@click.option("--resume", is_flag=True, help="Keep the proofs of earlier calls on the same files.")
@click.option("--json", "document", type=click.Path(path_type=Path), help="Write the proofs to this file as JSON.")
@click.option("--junit", "xml", type=click.Path(path_type=Path), help="Write the proofs to this file as JUnit XML.")
def verify(  # noqa: PLR0913, PLR0917 # the options of one command
    labs: tuple[Lab, ...],
    jobs: int | None,
    since: str | None,
    minutes: float | None,
    shard: str | None,
    document: Path | None,
    xml: Path | None,
    fixes: tuple[str, ...],
    *,
    quick: bool,
    resume: bool,
) -> None:
    """Prove labs: grade each starter and fix against the manifest."""
    from grader.authoring import proof_table
    from grader.authoring.changes import changed_labs
    from grader.authoring.verify import Verification, jobs_of, read_shard
    from grader.base.console import open_console
    from grader.engine.provision import set_up
    from grader.grading.slots import at_once

    until = math.inf if minutes is None else time.monotonic() + minutes * 60
    course, console = Course.here(), open_console()
    chosen = list(labs) or (changed_labs(course, since) if since else course.labs())
    work = jobs_of(course, chosen, fixes, read_shard(shard), quick=quick)
    for lab in dict.fromkeys(job.lab for job in work):
        set_up(lab, console)
    show = partial(proof_table.show_proof, console)
    verification = Verification(course, jobs or at_once(), show, quick=quick, resume=resume, until=until)
    sys.exit(proof_table.verify(console, verification, work, document, xml))


@click.command()
@click.argument("labs", nargs=-1, type=LabNumber(), metavar="[NN]...")
@click.option("--list", "listing", is_flag=True, help="Print the mutants and play nothing.")
@click.option("--mutant", "names", multiple=True, metavar="NAME", help="Only this mutant; can be repeated.")
@click.option("--survivors", is_flag=True, help="Only those that passed when they were last played.")
@click.option("--most", type=click.IntRange(1), metavar="N", help="A sample of N from each lab, from all operators.")
@click.option("--seed", type=int, help="Draw the sample that this seed drew before.")
@click.option("--jobs", type=click.IntRange(1), help="Grades at a time, by default one per two cores.")
@click.option("--minutes", type=click.FloatRange(0), metavar="M", help="Start no grade after M minutes.")
@click.option("--resume", is_flag=True, help="Keep the verdicts of earlier calls where the lab plays the same.")
@click.option("--json", "document", type=click.Path(path_type=Path), help="Write all mutants with their fates here.")
def mutate(  # noqa: PLR0913, PLR0917 # the options of one command
    labs: tuple[Lab, ...],
    names: tuple[str, ...],
    most: int | None,
    seed: int | None,
    jobs: int | None,
    minutes: float | None,
    document: Path | None,
    *,
    listing: bool,
    survivors: bool,
    resume: bool,
) -> None:
    """Make mistakes in accepted fixes, and list those that pass.

    Without NN, the command takes all labs. A mutant that passes is a hole in the checks, unless it does the same as its
    base or breaks no promise. The manifest says so in [mutants].
    """
    from grader.authoring.mutants import trial_table
    from grader.authoring.mutants.mutant import chosen, mutants, sample
    from grader.authoring.mutants.trial import MutantTrials
    from grader.base.console import open_console
    from grader.engine.provision import set_up
    from grader.grading.slots import at_once
    from grader.incident.plan import fresh_seed

    until = math.inf if minutes is None else time.monotonic() + minutes * 60
    course, console = Course.here(), open_console()
    found = chosen([mutant for lab in labs or course.labs() for mutant in mutants(lab)], names)
    show = partial(trial_table.show_trial, console)
    trials = MutantTrials(course, jobs or at_once(), show, resume=resume, until=until)
    if survivors:
        found = [mutant for mutant in found if trials.survived(mutant)]
    if most:
        seed = fresh_seed() if seed is None else seed
        by_lab = [[mutant for mutant in found if mutant.lab == lab] for lab in labs or course.labs()]
        found = [mutant for group in by_lab for mutant in sample(group, most, seed)]
        console.print(f"a sample of {len(found)} mutants; --seed {seed} draws it again")
    if listing:
        trial_table.show_mutants(console, found)
        return
    for lab in dict.fromkeys(mutant.lab for mutant in found):
        set_up(lab, console)
    sys.exit(trial_table.try_mutants(console, trials, found, document))


@click.command()
@LAB
@click.option(
    "--runs", type=click.IntRange(0), required=True, help="Runs of the starter and of each fix; 0 plays none."
)
@click.option("--disturb", is_flag=True, help="Play as many runs again on a disturbed machine.")
@FIXES
@click.option("--append", is_flag=True, help="Add to the runs of earlier calls.")
def calibrate(lab: Lab, runs: int, fixes: tuple[str, ...], *, disturb: bool, append: bool) -> None:
    """Measure the margins of lab NN and write its calibration.toml."""
    from grader.authoring.calibration_table import calibrate as calibrate_
    from grader.base.console import open_console
    from grader.engine.provision import set_up

    console = open_console()
    images = set_up(lab, console)
    sys.exit(calibrate_(console, Course.here(), lab, images, runs, fixes, disturb=disturb, append=append))


@click.command()
@click.argument("labs", nargs=-1, type=LabNumber(), metavar="[NN]...")
@click.option("--fix", is_flag=True, help="Write the generated parts of briefs and debriefs first.")
def lint(labs: tuple[Lab, ...], *, fix: bool) -> None:
    """Find mistakes in labs without running them.

    Without NN, the command reads all labs, the documents, and the messages of this program.
    """
    from grader.authoring.generated import write_parts
    from grader.authoring.lint import lint as lint_
    from grader.authoring.lint import lint_documents

    course = Course.here()
    for path in (path for lab in (labs or course.labs()) if fix for path in write_parts(lab)):
        click.echo(f"wrote {path.relative_to(course.root)}")
    findings = [finding for lab in labs or course.labs() for finding in lint_(course, lab)]
    findings += [] if labs else lint_documents(course)
    for finding in findings:
        click.echo(finding.shown(course.root))
    click.echo(f"{len(findings)} finding{'s' * (len(findings) != 1)}" if findings else "clean")
    sys.exit(1 if findings else 0)


@click.command()
@click.argument("number", metavar="NN")
@click.argument("slug")
@click.option(
    "--like", type=LabNumber(), metavar="NN", help="Begin with the services, users, checks and fixes of this lab."
)
def new(number: str, slug: str, like: Lab | None) -> None:
    """Create lab NN-SLUG from a template or from another lab.

    The command then lists the parts that are left to write.
    """
    from grader.authoring.lint import lint as lint_
    from grader.authoring.scaffold import new as new_

    course = Course.here()
    lab = new_(course, number, slug, like)
    click.echo(f"made {lab.path.relative_to(course.root)}; it runs as it is: make lab-{number}. Left to write:")
    for finding in lint_(course, lab):
        click.echo(f"  {finding.shown(course.root)}")


@click.command()
@LAB
@click.argument("mistake", required=False)
@click.option("--to", "target", type=click.Path(path_type=Path), help="Write into this folder, by default in .er/fix/.")
@click.option("--from", "source", type=click.Path(path_type=Path), help="Make the patch from this folder's files.")
@click.option("--on", "base", metavar="BASE", help="The base of the patch with --from: accepted/NAME or starter.")
def fix(lab: Lab, mistake: str | None, target: Path | None, source: Path | None, base: str | None) -> None:
    """Write a rejected fix as files, or make its patch from them.

    Without MISTAKE, the command does so for all rejected fixes of lab NN. An accepted fix can be written, too, as the
    base of a new mistake.
    """
    if source and target:
        raise click.UsageError("--from and --to exclude each other")
    if base and not source:
        raise click.UsageError("--on needs --from")
    from grader.authoring.mistake import make_patch, write_out
    from grader.course.fixes import rejected

    course = Course.here()
    folder = source or target or course.state / "fix" / lab.name / (mistake or "")
    for name in [mistake] if mistake else rejected(lab):
        mine = folder if mistake else folder / name
        if source:
            patch = make_patch(lab, name, mine, base)
            count = patch.changed_lines
            click.echo(f"{name}.patch changes {count} line{'s' * (count != 1)} of {patch.base}")
            continue
        left = write_out(lab, name, mine)
        made = name if name in rejected(lab) else "NEW-MISTAKE"
        click.echo(f"wrote {mine}; edit, then: ./er fix {lab.number} {made} --from {mine}")
        for path in left:
            click.echo(f"  {path} has hunks that do not apply: make these changes by hand, then delete it")


COMMANDS = (verify, mutate, calibrate, lint, fix, new)
