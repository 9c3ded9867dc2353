"""The commands that audit the school's records, repair them by what the payment service says, and thin them out."""

import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator

import click
from flask import Blueprint

from provider.cards import reconciling as cards
from provider.jobs.rules import Later
from provider.kernel import clock
from provider.kernel.settings import settings
from provider.oversight.audit import breaches, invariants, promise
from provider.oversight.retention import rules
from provider.payments.gateway import ServiceError
from provider.payments.service import ask, connected
from provider.refunds import card_payouts
from provider.refunds.reconciling import unknown_intents
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


@bp.cli.command("reconcile")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="The first day to look at, like 2026-11-20.")
def reconcile(*, since: dt.datetime | None) -> None:
    """Ask the payment service for every charge, refund and dispute since its last look, and repair what differs."""
    school.refresh()
    if not connected():
        click.echo("The keys of the payment service are not set, so there is nothing to compare with.")
        sys.exit(1)
    now = clock.now()
    start = cards.since_last(now) if since is None else since.replace(tzinfo=settings().SCHOOL_ZONE)
    number = 0
    try:
        for line in _repaired(start, now):
            click.echo(line)
            number += 1
    except ServiceError as error:
        click.echo(f"The payment service did not answer: {error}. What is named above was repaired; ask again.")
        sys.exit(1)
    click.echo(f"{number} looked into." if number else "Nothing differs.")


def _repaired(start: dt.datetime, now: dt.datetime) -> Iterator[str]:
    yield from cards.repair(start, now=now)
    returns = ask(lambda gateway: list(gateway.returns_between(start, now + cards.OVERLAP)))
    for intent in unknown_intents(returns):
        try:
            card_payouts.settle_intent({"intent": intent}, now=now)
        except Later as later:
            yield f"The refunds of {intent} could not be compared yet: {later.why}. The worker asks again by itself."
        else:
            yield f"The refunds of {intent} were compared."


@bp.cli.command("retention")
@click.option("--dry-run", is_flag=True, help="Print what would be blanked or removed, and change nothing.")
def retention(*, dry_run: bool) -> None:
    """Blank or remove the personal data whose months are over, and print how much, by rule."""
    for rule in rules(clock.now()):
        number = rule.count() if dry_run else rule.apply()
        click.echo(f"{number:>8,} {rule.what} (kept {rule.kept})")
    click.echo("Nothing was changed." if dry_run else "Done.")
