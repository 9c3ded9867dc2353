"""A school in the middle of a season, to click through without any account: `make demo`."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from config import Config
from provider.app import create_app
from provider.kernel import clock
from tests.demo import folder, guide, season
from tests.harness.card_service import CardService
from tests.harness.server import ROOT

KEEP = "DEMO_KEEP"
# What belongs to a school of one's own, and has no place in a demonstration.
NOT_OURS = ("BASE_URL", "DATABASE_URL", "MAIL_URL", "SECRET_KEY", "CATALOG_FILE", "CAREERS_DIR", "DEBUG")
CARDS = "STRIPE_"
PAY_TO = "Sample Bank, account 000 123 456, routing 000 000 000 | 100 Sample Street, Albany, NY 12207"


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the demonstration; only the port and the folder are its user's."""
    kept = {name: value for name, value in given.items() if name not in NOT_OURS and not name.startswith(CARDS)}
    return kept | {
        "PORT": given.get("PORT") or "8000",
        "INSTANCE_DIR": str(ROOT / (given.get("INSTANCE_DIR") or "instance-demo")),
        "DEMONSTRATION": "true",
        "PAYMENT_INSTRUCTIONS": PAY_TO,
    }


def make(environ: Mapping[str, str], service: CardService) -> str:
    """Make the season; return the guide to it."""
    started = time.monotonic()
    print("Ninety students enroll, pay, change their minds and go to sites. This takes up to a minute.", flush=True)
    logging.getLogger("provider").setLevel(logging.CRITICAL)  # that a letter fails is part of the story
    app, clock_file = create_app(Config.load(environ)), clock_of(environ)
    now = clock.now()
    season.prepare(app, now, clock_file)
    cast = season.make(app, service, now, clock_file)
    print(f"Done in {time.monotonic() - started:.0f} s.", flush=True)
    with app.app_context():
        return guide.written(cast)


def serve(environ: Mapping[str, str]) -> int:
    """Serve until Ctrl-C, as `make run` does; return the exit code, 0 when a person ended it."""
    command = [sys.executable, str(ROOT / ".ci/start.py")]
    serving = subprocess.Popen(command, env=dict(environ), start_new_session=True)  # one Ctrl-C is passed on once
    for sent in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(sent, lambda number, _frame: serving.send_signal(number))
    return serving.wait()


def clock_of(environ: Mapping[str, str]) -> Path:
    """Return the file from which the payment service reads the time while the season is made."""
    return Path(environ["INSTANCE_DIR"]) / "clock"


def main() -> int:
    """Make the demonstration anew, unless it is to be kept, say who is who, and serve it."""
    environ = environment(os.environ)
    place = Path(environ["INSTANCE_DIR"])
    kept = bool(os.environ.get(KEEP)) and folder.is_whole(place)
    if not kept:
        folder.clear(place)
    with CardService(place / "service", clock_file=clock_of(environ), keep=True) as service:
        environ |= service.settings
        if not kept:
            folder.finish(place, make(environ, service))
        service.deliver_events(f"http://127.0.0.1:{environ['PORT']}/hooks/stripe")
        print(folder.guide(place, f"http://127.0.0.1:{environ['PORT']}"), flush=True)
        return serve(environ)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        sys.exit("\nStopped before the season was whole; the next start begins anew.")
