"""Cheats: patients that try to pass without the pattern, or do harm."""

from pathlib import Path

from grader.course.course import Course

LAB = Course.here().lab("03")
STARTER = LAB.patient / "gateway.py"
RIGHT = LAB.path / "fixes" / "accepted" / "token-bucket-lua" / "gateway.py"
PATIENTS = Path(__file__).parent / "patients"
CHEATS = sorted(path.stem for path in PATIENTS.glob("*.py"))

PREAMBLE = """
def load(source):
    names = {{"__name__": "gateway"}}
    exec(compile(source, "/patient/gateway.py", "exec"), names)
    return names


RIGHT = {right!r}
STARTER = {starter!r}
"""
"""Names that a cheat may use: the starter, and a right fix that it serves only after the cheat has worked."""


def submit(cheat: str, folder: Path) -> Path:
    """Write a submission that holds a cheat, and return its folder."""
    folder.mkdir()
    preamble = PREAMBLE.format(right=RIGHT.read_text(), starter=STARTER.read_text())
    (folder / "gateway.py").write_text(preamble + (PATIENTS / f"{cheat}.py").read_text())
    return folder
