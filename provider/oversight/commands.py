"""The commands that audit the school's records, and take away personal data whose time is over."""

import sys
from collections import Counter

import click
from flask import Blueprint

from provider.kernel import clock
from provider.oversight.audit import breaches, invariants, promise
from provider.oversight.retention import rules
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


@bp.cli.command("retention")
@click.option("--dry-run", is_flag=True, help="Print what would be blanked or removed, and change nothing.")
def retention(*, dry_run: bool) -> None:
    """Blank or remove the personal data whose months are over, and print how much, by rule."""
    for rule in rules(clock.now()):
        number = rule.count() if dry_run else rule.apply()
        click.echo(f"{number:>8,} {rule.what} (kept {rule.kept})")
    click.echo("Nothing was changed." if dry_run else "Done.")
