"""The doors of the public front."""

import json
from collections.abc import Callable, Mapping

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from provider.careers import charts, drawing, exports, rules, showing, suits
from provider.careers.library import Career, UnknownCareer
from provider.careers.pages import file, once, shown, unknown
from provider.careers.queries import library
from provider.catalog.pages import Moment
from provider.kernel.doors import PUBLIC, Door
from provider.kernel.errors import NotFound
from provider.places.rules import STATE_NAMES

door = Door("careers", __name__, needs=PUBLIC)
door.register_error_handler(UnknownCareer, unknown)
JSON, CSV, SVG, PNG = "application/json", "text/csv; charset=utf-8", "image/svg+xml", "image/png"


@door.get("/careers")
def index() -> ResponseReturnValue:
    known = library()
    asked = tuple(dict.fromkeys(request.args.getlist("career")))
    chosen = tuple(slug for slug in asked if slug in known.careers)
    if "career" not in request.args:
        return shown("careers/index.html", lambda moment: {**showing.index(known, moment), "chosen": (), "problem": ""})
    if chosen == asked and rules.FEWEST <= len(chosen) <= rules.MOST:
        return redirect(url_for("careers.show", address=rules.address_of(chosen)), code=303)
    problem = "Choose two, three or four careers to compare."
    if chosen != asked:
        problem = "We do not describe one of these careers. Choose two to four from the list."
    return once(
        "careers/index.html",
        lambda moment: {**showing.index(known, moment), "chosen": chosen, "problem": problem},
        422,
    )


@door.get("/careers/<address>")
def show(address: str) -> ResponseReturnValue:
    name, _, ending = address.partition(".")
    if ending not in {"", "json", "csv"} or address.endswith("."):
        raise NotFound
    careers, moved = _careers(name, lambda right: _article_at(right + address[len(name) :]))
    if moved:
        return moved
    known = library()
    told, _ = known.ordered(careers)
    if ending == "json":
        return file(JSON, lambda _: json.dumps(exports.as_json(known, told), ensure_ascii=False, indent=1))
    if ending == "csv":
        return file(CSV, lambda _: exports.as_csv(known, told))
    return _article(careers)


@door.get("/careers/<address>/history")
def history(address: str) -> ResponseReturnValue:
    career = library().career(address)
    return shown("careers/history.html", lambda _: showing.history(career))


@door.get("/careers/<address>/chart.svg")
def chart(address: str) -> ResponseReturnValue:
    careers, moved = _careers(address, lambda right: url_for("careers.chart", address=right, of=request.args.get("of")))
    if moved:
        return moved
    drawn = _chart(careers)
    name = f"{address}-{drawn.key}.svg"
    return file(SVG, lambda _: drawing.standing_alone(drawn), variant=drawn.key, name=name)


@door.get("/careers/<address>/chart.png")
def picture(address: str) -> ResponseReturnValue:
    careers, moved = _careers(address, lambda right: url_for("careers.picture", address=right))
    if moved:
        return moved
    told, _ = library().ordered(careers)
    drawn = charts.of(told)
    return file(PNG, lambda _: drawing.picture(library().title(told), drawn[0] if drawn else None))


@door.get("/licensing")
def licensing() -> ResponseReturnValue:
    state, wrong = _state()
    known = library()

    def values(_: object) -> Mapping[str, object]:
        return {**showing.licensing(known, state), "problem": wrong}

    return (
        once("careers/licensing.html", values, 422) if wrong else shown("careers/licensing.html", values, variant=state)
    )


@door.get("/sources")
def sources() -> ResponseReturnValue:
    return shown("careers/sources.html", lambda _: showing.sources(library()))


def _careers(address: str, right: Callable[[str], str]) -> tuple[tuple[Career, ...], ResponseReturnValue | None]:
    """Return the careers of an address, or the way to their one address; raises UnknownCareer."""
    found = library().several(rules.slugs_of(address))
    ordered = rules.address_of(career.slug for career in found)
    if ordered == address:
        return found, None
    return found, redirect(right(ordered), code=301)


def _article_at(address: str) -> str:
    """Return the way to an article, with the state that was asked for."""
    return url_for("careers.show", address=address, state=_state()[0] or None)


def _article(careers: tuple[Career, ...]) -> Response:
    state, wrong = _state()
    answers = {name: value for name, value in request.args.items() if name.startswith(suits.PREFIX)}

    def values(moment: Moment) -> Mapping[str, object]:
        return {**showing.article(library(), careers, moment, state, answers), "problem": wrong}

    if wrong:
        return once("careers/article.html", values, 422)
    return once("careers/article.html", values) if answers else shown("careers/article.html", values, variant=state)


def _state() -> tuple[str, str]:
    """Return the state that was asked for (two letters), and what is wrong with it."""
    asked = request.args.get("state", "")
    if not asked or asked in STATE_NAMES:
        return asked, ""
    return "", "We do not know this state. Choose one from the list."


def _chart(careers: tuple[Career, ...]) -> charts.Chart:
    """Return the chart that was asked for, the first one unless told; raises NotFound."""
    drawn = charts.of(library().ordered(careers)[0])
    wanted = request.args.get("of", drawn[0].key if drawn else "")
    found = next((chart for chart in drawn if chart.key == wanted), None)
    if found is None:
        raise NotFound
    return found
