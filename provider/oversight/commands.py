"""The command that audits the school's records."""

import sys
from collections import Counter

import click
from flask import Blueprint

from provider.oversight.audit import breaches, invariants, promise
from provider.school import queries as school

bp = Blueprint("oversight", __name__, cli_group=None)


@bp.cli.command("audit")
def audit() -> None:
    """Recompute every invariant from the tables alone; name each breach and end with 1 if there is one."""
    school.refresh()
    counted: Counter[str] = Counter()
    for breach in breaches():
        counted[breach.invariant] += 1
        click.echo(f"BREACH {breach.invariant}: {breach.subject} {breach.sentence}")
    for name, check in invariants().items():
        click.echo(f"{counted[name]:>6} {name}: {promise(check)}")
    if counted:
        click.echo(f"{counted.total()} breaches found.")
        sys.exit(1)
    click.echo(f"All {len(invariants())} invariants hold.")
