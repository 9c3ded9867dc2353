"""The folder of a demonstration: made anew each time, and never any folder that is not one."""

import re
import shutil
import sys
from pathlib import Path

# Begun: this folder may be removed. Whole: the season was made to its end.
BEGUN, WHOLE = ".demonstration", "who-is-who.txt"


def clear(place: Path) -> None:
    """Remove an earlier demonstration and begin a new one; end with a sentence when something else lies there."""
    if place.exists() and any(place.iterdir()) and not (place / BEGUN).exists():
        sys.exit(f"{place} is no demonstration, so it is not removed. Set INSTANCE_DIR to another folder, or to none.")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700, parents=True)
    (place / BEGUN).touch()


def finish(place: Path, written: str) -> None:
    """Keep the guide, by which a later start knows that the season is whole."""
    (place / WHOLE).write_text(written)


def is_whole(place: Path) -> bool:
    """Say whether a season was made here to its end."""
    return (place / BEGUN).exists() and (place / WHOLE).exists()


def guide(place: Path, address: str) -> str:
    """Return the guide to the season with where its letters lie; its links lead to where it is served this time."""
    written = re.sub(r"http://127\.0\.0\.1:\d+", address, (place / WHOLE).read_text())
    finish(place, written)
    letters = f"  Letters are files in {place / 'mail'} (a maildir; any mail program reads it)."
    return f"{written}\n{letters}\n"
