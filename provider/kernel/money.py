"""Money is whole cents of US dollars; this writes and reads the amounts people see."""

import re

_TYPED = re.compile(r"\$?\s*(\d{1,3}(?:,\d{3})+|\d{1,7})(?:\.(\d{2}))?\Z")
MOST_CENTS = 10_000_000_00


def dollars(cents: int) -> str:
    """Write cents as people read them: ``$1,299.00``, a minus before the sign."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}${whole:,}.{rest:02d}"


def parse(typed: str) -> int | None:
    """Read ``1299``, ``1,299.00`` or ``$1,299.00`` as cents; None when it is not an amount."""
    match = _TYPED.match(typed.strip())
    if match is None:
        return None
    cents = int(match[1].replace(",", "")) * 100 + int(match[2] or 0)
    return cents if cents <= MOST_CENTS else None
