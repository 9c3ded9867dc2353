"""The figures of the public front: a comparison of careers against ready bytes, its size, and its SQL statements.

The bare side answers as many bytes, made at its start, and no header but those that Flask sets by itself.
"""

from itertools import combinations

from provider.careers.loading import DATA, load
from provider.careers.rules import address_of
from tests.bench import bare, seen, table
from tests.bench.load import Order
from tests.bench.measure import Loader, Sheet, rate_ratio
from tests.bench.servers import Side

COMPARISON = "/careers/medical-assistant-vs-phlebotomist"
CONNECTIONS = 8
KILOBYTE = 1000


class Front:
    """All figures of the public front; the two sides are started and stopped as needed."""

    def __init__(self, sheet: Sheet, plain: Side, product: Side, loader: Loader) -> None:
        self.sheet, self.plain, self.product, self.loader = sheet, plain, product, loader

    def run(self, *, rounds: int, seconds: float, visits: int) -> None:
        """Measure everything; the caller ends what is still running."""
        self.plain.stop()
        self.product.stop()
        self.product.app = ""
        self.product.start()
        size = self.bytes_of(COMPARISON)
        self.plain.start(**{bare.READY_BYTES: str(size)})
        self.pages(size, rounds, seconds)
        self.unchanged(rounds, seconds)
        self.sizes()
        self.plain.stop()
        self.sheet.notes += seen.facts(f"http://127.0.0.1:{self.product.port}{COMPARISON}", visits)
        self.statements()

    def bytes_of(self, path: str) -> int:
        """Return how many bytes a page has before compression."""
        return len(self.loader.must(Order("reading", self.product.port, 1, 30, most=1, path=path)).body.encode())

    def pages(self, size: int, rounds: int, seconds: float) -> None:
        """Open the comparison again and again, and as many ready bytes."""
        orders = {
            "bare": Order("reading", self.plain.port, CONNECTIONS, seconds, path="/ready"),
            "product": Order("reading", self.product.port, CONNECTIONS, seconds, path=COMPARISON),
        }
        both = self.loader.in_turns(orders, rounds)
        self.sheet.compare(table.FRONT, rate_ratio(both["product"], both["bare"]), both["bare"], both["product"])
        self.sheet.notes.append(f"{COMPARISON} and the bare page beside it: {size:,} bytes each")

    def unchanged(self, rounds: int, seconds: float) -> None:
        """Ask both sides again with the ETag of the copy at hand; any other answer than 304 is an error."""
        orders: dict[str, Order] = {}
        for name, port, path in (("bare", self.plain.port, "/tagged"), ("product", self.product.port, COMPARISON)):
            etag = self.loader.must(Order("reading", port, 1, 30, most=1, path=path)).etag
            orders[name] = Order("revisiting", port, CONNECTIONS, seconds, path=path, etag=etag)
        both = self.loader.in_turns(orders, rounds)
        self.sheet.compare(table.UNCHANGED, rate_ratio(both["product"], both["bare"]), both["bare"], both["product"])

    def sizes(self) -> None:
        """Find the largest pages of two and of four careers, with no state and with each that asks for something."""
        known = load(DATA)
        states = sorted({license_.state for license_ in known.licenses})
        for bar, count in ((table.TWO, 2), (table.FOUR, 4)):
            addresses = [f"/careers/{address_of(careers)}" for careers in combinations(known.careers, count)]
            paths = [path + query for path in addresses for query in ("", *(f"?state={state}" for state in states))]
            size, path = max((self.bytes_of(path), path) for path in paths)
            self.sheet.add(bar, size / KILOBYTE, product=f"of {len(paths)} pages")
            self.sheet.notes.append(f"{bar.figure}: {path}")

    def statements(self) -> None:
        """Count the statements of a page and of its 304, on a server that counts, once the page was made."""
        self.product.stop()
        self.product.app = "tests.bench.counting:create_app()"
        self.product.start(BENCH_COUNT="1")
        # One connection stays with one worker, which makes the page first; what counts is the last answer.
        again = self.loader.must(Order("reading", self.product.port, 1, 30, most=8, path=COMPARISON))
        order = Order("revisiting", self.product.port, 1, 30, most=8, path=COMPARISON, etag=again.etag)
        unchanged = self.loader.must(order)
        self.sheet.add(
            table.FRONT_STATEMENTS,
            again.statements["get"] + unchanged.statements["get"],
            bare="0",
            product=f"page {again.statements['get']}, 304 {unchanged.statements['get']}",
        )
