"""What people write, in Chromium: nothing of it runs, on any page that shows it."""

from collections.abc import Callable, Iterator

import pytest

from provider.accounts.rules import Role
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db
from tests.harness.canaries import ESCAPED, plant, story
from tests.harness.crawl import crawl
from tests.harness.stage import Stage, staged
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor
from tests.harness.watch import Watched

# What a person reads on the page, with what stands in its fields.
READ = "[document.body.textContent, ...[...document.querySelectorAll('input, textarea')].map(f => f.value)].join(' ')"
pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A school of its own, with a canary wherever one can be written."""
    with staged(tmp_path_factory.mktemp("canaries")) as made:
        plant(made.app, made.season)
        story(made.app, made.season)
        with made.app.app_context():
            run_due(clock.now())
            db.session.remove()
        yield made


def test_nothing_that_people_write_runs(open_browser: Callable[..., Watched], stage: Stage) -> None:
    admin = stage.season.staff[Role.ADMIN]
    visitor = Visitor(stage.app)
    sign_in(visitor, admin)
    adapter = stage.app.url_map.bind("localhost")
    shown = {
        adapter.match(page.path.partition("?")[0])[0]: page.path
        for page in crawl(visitor, "/", "/staff")
        if ESCAPED.search(page.text)
    }
    assert len(shown) > 20
    watched = open_browser(admin)
    for path in shown.values():
        page = watched.go(path)
        assert page.locator("img[src=x]").count() == 0
        assert "<img src=x onerror" in page.evaluate(READ), path
