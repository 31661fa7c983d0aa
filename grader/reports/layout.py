"""The layout that all HTML pages share: they load nothing and run nothing."""

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from grader.base.sanitize import plain


def page_environment(*packages: str) -> Environment:
    """Return an environment with the templates of these packages and the shared layout.

    Text from a submission or a patient never becomes markup.
    """
    return Environment(
        loader=ChoiceLoader([PackageLoader(package, "") for package in (*packages, "grader.reports")]),
        autoescape=select_autoescape(default_for_string=True, default=True),
        undefined=StrictUndefined,
        finalize=lambda value: plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
