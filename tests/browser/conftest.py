"""One Chromium and one school in the middle of a season for all browser tests; SQLite, since pages are the same."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.harness.chromium import ARGUMENTS, executable
from tests.harness.stage import Stage, staged
from tests.harness.watch import Watched, watch

Open = Callable[..., Watched]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The school and everybody in it."""
    with staged(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser process."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium: Browser, stage: Stage) -> Iterator[Open]:
    """Give somebody (an address, or nobody) a browser of their own; whatever it complains about fails the test."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def opened(who: str | None = None, *, width: int = 1280, scripts: bool = True) -> Watched:
        context = chromium.new_context(
            base_url=stage.server.base_url,
            viewport={"width": width, "height": 800},
            java_script_enabled=scripts,
            reduced_motion="reduce",  # colors are read at once, not halfway from light to dark
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        if who is not None:
            cookies = stage.cookies(who).items()
            context.add_cookies([{"name": n, "value": v, "url": stage.server.base_url} for n, v in cookies])
        watched.append(watch(context, stage.server.base_url, stage.service.url))
        return watched[-1]

    yield opened
    for context in contexts:
        context.close()
    assert [complaint for each in watched for complaint in each.complaints] == []
