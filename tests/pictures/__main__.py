"""Writes every page and letter as a picture, 375 and 1280 px wide, light and dark: `make pictures`."""

import argparse
import asyncio
import html
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.harness.chromium import ARGUMENTS, executable
from tests.harness.pages import TICK_ALL, everything
from tests.harness.room import Visit
from tests.harness.stage import Stage, staged

WIDTHS = (375, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
AT_ONCE = 4
# A picture taken before the new size is drawn shows strips of the old one.
TWO_FRAMES = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


class Camera:
    """Takes the pictures of one run; each person has a browser context of their own."""

    def __init__(self, browser: Browser, stage: Stage, folder: Path) -> None:
        self.browser = browser
        self.stage = stage
        self.folder = folder
        self.contexts: dict[str | None, BrowserContext] = {}
        self.wrong: list[str] = []
        self.names: list[str] = []

    async def context(self, who: str | None) -> BrowserContext:
        if who not in self.contexts:
            context = await self.browser.new_context(reduced_motion="reduce")
            if who is not None:
                cookies = await asyncio.to_thread(self.stage.cookies, who)
                url = self.stage.server.base_url
                await context.add_cookies([{"name": n, "value": v, "url": url} for n, v in cookies.items()])
            self.contexts[who] = context
        return self.contexts[who]

    async def page(self, visit: Visit) -> None:
        context = await self.context(visit.who)
        page = await context.new_page()
        answer = await page.goto(self.stage.server.base_url + visit.path)
        if visit.sent_empty:
            async with page.expect_navigation() as navigation:
                await page.locator("main form[method=post] button[type=submit]").last.click()
            answer = await navigation.value
        if visit.press:
            await page.evaluate(TICK_ALL)
            async with page.expect_navigation() as navigation:
                await page.locator("main button[type=submit]", has_text=visit.press).first.click()
            answer = await navigation.value
        if answer is None or answer.status != visit.status:
            self.wrong.append(f"{visit.name}: {visit.path} answered {answer.status if answer else None}")
        await self.shoot(page, visit.name)

    async def letter(self, template: str, body: str) -> None:
        page = await (await self.context(None)).new_page()
        await page.set_content(body)
        await self.shoot(page, f"mail-{template}")

    async def shoot(self, page: Page, name: str) -> None:
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 700})
            height = await page.evaluate("document.documentElement.scrollHeight")
            await page.set_viewport_size({"width": width, "height": height})  # the whole page at once, not in strips
            for scheme in SCHEMES:
                await page.emulate_media(color_scheme=scheme)
                await page.evaluate(TWO_FRAMES)
                await page.screenshot(path=self.folder / f"{name}-{width}-{scheme}.png")
        self.names.append(name)
        await page.close()


async def take(stage: Stage, folder: Path, only: str, chromium: str) -> Camera:
    """Take the pictures whose name begins as asked, some at a time."""
    visits = [visit for visit in everything(stage) if visit.name.startswith(only)]
    letters = {name: body for name, body in stage.letters.items() if f"mail-{name}".startswith(only)}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        camera = Camera(browser, stage, folder)
        for who in dict.fromkeys(visit.who for visit in visits):
            await camera.context(who)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(visit: Visit) -> None:
            async with gate:
                await camera.page(visit)

        await asyncio.gather(*(one(visit) for visit in visits))
        for name, body in letters.items():
            await camera.letter(name, body)
        await browser.close()
    return camera


def write_index(folder: Path, names: Sequence[str]) -> None:
    """Write one page that shows all pictures side by side."""
    rows = "".join(
        f"<h2>{html.escape(name)}</h2>"
        + "".join(f'<img loading="lazy" src="{name}-{w}-{s}.png" height="500">' for w in WIDTHS for s in SCHEMES)
        for name in names
    )
    (folder / "index.html").write_text(f"<!doctype html><meta charset=utf-8><title>Pictures</title>{rows}")


def main() -> int:
    """Start a school with a season, take the pictures, and say what answered otherwise than it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=None, help="the folder to write to")
    parser.add_argument("--only", default="", help="the beginning of the names to take")
    asked = parser.parse_args()
    folder = asked.out or Path(tempfile.mkdtemp(prefix="school-pictures-"))
    folder.mkdir(parents=True, exist_ok=True)
    chromium, started = executable(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="school-stage-") as place, staged(Path(place)) as stage:
        camera = asyncio.run(take(stage, folder, asked.only, chromium))
        shutil.copyfile(stage.server.log, folder / "server.log")
    write_index(folder, sorted(camera.names))
    print(f"{len(camera.names)} pages in {time.monotonic() - started:.0f} s: {folder / 'index.html'}")
    for sentence in camera.wrong:
        print(f"  {sentence}")
    return 1 if camera.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
