"""Mutants: wrong fixes made mechanically from a lab's accepted ones, in the lines that a learner would write."""

import difflib
import random
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.authoring.mutants.operators import OPERATORS, Operator
from grader.authoring.mutants.syntax import Change, Syntax
from grader.base.errors import ErError
from grader.course.course import Lab
from grader.course.fixes import STARTER, accepted, base_files, candidate_files, candidates
from grader.course.patch import Files
from grader.course.source import code


@dataclass(frozen=True)
class Mutant:
    """A wrong fix, `base:name`.

    `line` is in `file` of the base, as patches see it: without the comment that an accepted fix begins with. `before`
    has the base's lines that the mutant changes, and `files` all edited files.
    """

    lab: Lab
    base: str
    name: str
    operator: Operator
    file: str
    line: int
    before: str
    files: Files

    @property
    def full_name(self) -> str:
        """Return the name that is unique in its lab."""
        return f"{self.base}:{self.name}"

    @property
    def declared(self) -> str:
        """Return the manifest's reason why it may pass, or an empty string."""
        return self.lab.manifest.mutants.get(self.full_name, "")

    @property
    def equivalent(self) -> bool:
        """Tell whether the manifest says that it does the same as its base."""
        return self.declared.startswith("equivalent:")

    def diff(self) -> list[str]:
        """Return the lines that it removes and adds, each with its sign."""
        before = base_files(self.lab, self.base)[self.file].splitlines()
        lines = difflib.unified_diff(before, self.files[self.file].splitlines(), n=0, lineterm="")
        return [line for line in list(lines)[2:] if not line.startswith("@@") and line[1:].strip()]


def mutants(lab: Lab) -> list[Mutant]:
    """Return all mutants of a lab's accepted fixes in a fixed order.

    Each one compiles, and has other code than its base, every fix of the lab and every other mutant.
    """
    seen = {_codes(candidate_files(lab, name)) for name in candidates(lab)}
    found = []
    for fix, folder in accepted(lab).items():
        for mutant in _of_fix(lab, f"accepted/{fix}", folder):
            codes = _codes(mutant.files)
            if codes not in seen and _compiles(mutant.files[mutant.file]):
                seen.add(codes)
                found.append(mutant)
    return found


def sample(found: Sequence[Mutant], most: int, seed: int) -> list[Mutant]:
    """Return at most so many mutants, spread over the operators and drawn by the seed, in their order."""
    draw = random.Random(seed)
    by_operator: dict[str, list[Mutant]] = {}
    for mutant in found:
        by_operator.setdefault(mutant.operator.name, []).append(mutant)
    for group in by_operator.values():
        draw.shuffle(group)
    drawn: set[str] = set()
    while len(drawn) < min(most, len(found)):
        for group in by_operator.values():
            if group and len(drawn) < most:
                drawn.add(group.pop().full_name)
    return [mutant for mutant in found if mutant.full_name in drawn]


def chosen(found: Sequence[Mutant], names: Sequence[str]) -> list[Mutant]:
    """Return the mutants of these full names, or all without a name.

    Raises ErError with the nearest name for an unknown one.
    """
    known = [mutant.full_name for mutant in found]
    for name in names:
        if name not in known:
            raise ErError(f"there is no mutant `{name}`{nearest(name, known)}", run="./er mutate --list")
    return [mutant for mutant in found if not names or mutant.full_name in names]


def nearest(name: str, known: Sequence[str]) -> str:
    """Return the end of a message that names the nearest known name, if there is one."""
    return "".join(f"; the nearest is `{match}`" for match in difflib.get_close_matches(name, known, n=1, cutoff=0.0))


def _of_fix(lab: Lab, base: str, folder: Path) -> Iterator[Mutant]:
    """Yield the mutants of the files that one fix itself has, also those that do not compile or differ from others."""
    files, starter = base_files(lab, base), base_files(lab, STARTER)
    for file in sorted(path.name for path in folder.glob("*.py")):
        syntax = Syntax(files[file])
        lines = files[file].splitlines()
        written = _written(starter[file].splitlines(), lines)
        where = f"{Path(file).stem.replace('_', '-')}-" if len(lab.manifest.edit) > 1 else ""
        for operator in OPERATORS:
            on_line: Counter[int] = Counter()
            for change in sorted(operator.changes(syntax), key=_position):
                on_line[change.line] += 1
                if written.isdisjoint(range(change.line, change.last + 1)):
                    continue
                again = f"-{on_line[change.line]}" if on_line[change.line] > 1 else ""
                name = f"{operator.name}-{where}{change.line}{again}"
                before = "\n".join(lines[change.line - 1 : change.last])
                mutated = {**files, file: syntax.applied(change)}
                yield Mutant(lab, base, name, operator, file, change.line, before, mutated)


def _position(change: Change) -> tuple[int, list[tuple[int, int, str]]]:
    return change.line, sorted(change.edits)


def _written(starter: list[str], lines: list[str]) -> set[int]:
    """Return the numbers of the lines that are not the starter's."""
    matcher = difflib.SequenceMatcher(None, starter, lines, autojunk=False)
    kept = {block.b + number for block in matcher.get_matching_blocks() for number in range(1, block.size + 1)}
    return set(range(1, len(lines) + 1)) - kept


def _codes(files: Files) -> tuple[tuple[str, str], ...]:
    return tuple((file, code(file, text)) for file, text in sorted(files.items()))


def _compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "mutant", "exec")
        except SyntaxError:
            return False
    return True
