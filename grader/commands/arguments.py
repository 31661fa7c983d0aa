"""The arguments that several commands share."""

import click

from grader.course.course import Course, Lab


class LabNumber(click.ParamType[Lab]):
    """A lab by its number or name."""

    name = "lab"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Lab:
        """Return the lab.

        Raises ErError with the known numbers for an unknown one.
        """
        del param, ctx
        return Course.here().lab(value)


LAB = click.argument("lab", type=LabNumber(), metavar="NN")
