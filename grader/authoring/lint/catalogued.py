"""The catalogue: it has a lab's pattern and emergency, and relates them."""

from collections.abc import Iterator

from grader.authoring.lint.finding import Finding, line_of
from grader.course.catalog import read_catalog
from grader.course.course import Course, Lab


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find a pattern and an emergency that are unknown or unrelated."""
    catalog, manifest, path = read_catalog(course), lab.manifest, lab.path / "lab.toml"
    text = path.read_text()
    unknown = []
    if manifest.pattern not in catalog.pattern:
        unknown.append(("pattern", manifest.pattern))
    if manifest.emergency not in catalog.emergency:
        unknown.append(("emergency", manifest.emergency))
    if manifest.stopgap and manifest.stopgap.pattern not in catalog.pattern:
        unknown.append(("pattern", manifest.stopgap.pattern))
    for field, key in unknown:
        line = line_of(text, f'{field} = "{key}"')
        yield Finding(path, line, f"the catalogue has no {field} `{key}`", "see `labs/catalog.toml`")
    if not unknown and manifest.pattern not in catalog.row(manifest.emergency).patterns:
        yield Finding(
            path,
            line_of(text, "emergency = "),
            f"the emergency `{manifest.emergency}` does not name the pattern `{manifest.pattern}`",
            "name it in that row of `labs/catalog.toml`, or another emergency here",
        )
