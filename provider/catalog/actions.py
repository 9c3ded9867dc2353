"""Loading a catalog file: what it says becomes what the school offers, and each change is told.

The file wins: what it names is made as it says, whatever staff wrote since, as a new version that leaves the earlier
one standing. What it does not name stays as it is, except that a program's plans are taken whole.
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provider.catalog import contract
from provider.history.actions import difference, note
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.datafiles import Source, Where
from provider.kernel.errors import DomainError
from provider.kernel.money import dollars
from provider.policies import actions as policies
from provider.policies import queries as policy_queries
from provider.policies.rules import PolicyVersion, StateFloor
from provider.programs import actions as programs
from provider.programs import queries as program_queries
from provider.programs import recommendations
from provider.programs.models import Blueprint, Credential, Program
from provider.programs.rules import Content, InclusionLine, Link, StateRule
from provider.tuition import actions as tuition
from provider.tuition.rules import Plan, PlanDraft

SAMPLE = Path(__file__).with_name("sample.yaml")
NOTHING = "Nothing changed."


def load_file(path: Path, *, actor: Actor, at: dt.datetime) -> list[str]:
    """Load a catalog file and return a sentence for each change; an empty list when everything stands there already.

    Raises BrokenFile with file, line and reason of every problem; then nothing of it may be kept.
    """
    known = program_queries.credentials()
    source, data = contract.loaded(path, frozenset(credential.code for credential in known))
    return _Loading(source, actor, at, {credential.code: credential for credential in known}).load(data)


class _Loading:
    """One file on its way into the tables."""

    def __init__(self, source: Source, actor: Actor, at: dt.datetime, known: dict[str, Credential]) -> None:
        self.source = source
        self.actor = actor
        self.at = at
        self.credentials = known
        self.programs = {program.code: program for program in program_queries.programs()}
        self.changes: list[str] = []
        self.problems: list[tuple[Where, str]] = []

    def load(self, data: dict[str, Any]) -> list[str]:
        for name, take in (
            ("refund_policies", self._policy),
            ("state_floors", self._floor),
            ("credentials", self._credential),
            ("programs", self._program),
            ("faq", self._faq),
        ):
            for number, entry in enumerate(data[name]):
                try:
                    take(entry, (name, number))
                except DomainError as refusal:
                    self.problems.append(((name, number), refusal.sentence))
        if self.problems:
            raise self.source.broken(self.problems)
        return self.changes

    def _policy(self, entry: dict[str, Any], where: Where) -> None:
        wanted = PolicyVersion(entry["number"], entry["hours"], entry["effective_from"], entry["summary"])
        known = {version.number: version for version in policy_queries.versions()}
        if wanted.number in known:
            if known[wanted.number] != wanted:
                self._refuse(where, f"Refund policy {wanted.number} stands with other words: take a new number.")
            return
        if wanted.number != len(known) + 1:
            self._refuse(where, f"The next refund policy has the number {len(known) + 1}.")
            return
        policies.add_version(
            hours=wanted.hours,
            summary=wanted.summary,
            effective_from=wanted.effective_from,
            actor=self.actor,
            at=self.at,
        )
        self.changes.append(f"Refund policy version {wanted.number} added.")

    def _floor(self, entry: dict[str, Any], _: Where) -> None:
        floor = StateFloor(
            state=entry["state"],
            anchor=entry["anchor"],
            amount=entry["amount"],
            unit=entry["unit"],
            citation=entry["citation"],
            source=entry["source"],
            as_of=entry["as_of"],
            rule=entry["rule"],
            keeps_money=entry["keeps_money"],
        )
        new = floor.citation not in {row.citation for row in policy_queries.floor_rows() if row.state == floor.state}
        _row, changed = policies.save_floor(
            floor=floor,
            confidence=entry["confidence"],
            source_url=entry["source_url"],
            actor=self.actor,
            at=self.at,
        )
        if changed:
            self.changes.append(f"State law {floor.state}, {floor.citation}: {'added' if new else 'changed'}.")

    def _credential(self, entry: dict[str, Any], where: Where) -> None:
        exam = entry["exam"]
        values = {
            "slug": entry["slug"],
            "name": entry["name"],
            "body": entry["body"],
            "renewal_months": entry["renewal_months"],
            "content": {"notes": entry["notes"], "sources": [dict(source) for source in entry["sources"]]},
        } | {name: exam.get(name) for name in ("minutes", "scored_items", "unscored_items", "options_per_item")}
        credential = self.credentials.get(entry["code"])
        if credential is None:
            credential = Credential(code=entry["code"], updated_at=self.at, **values)
            credential.blueprints, credential.recommendations = [], []
            db.session.add(credential)
            db.session.flush()
            self.credentials[credential.code] = credential
            self._tell(credential, "credential.added", f"Credential {credential.code} added.", difference({}, values))
        elif any(getattr(credential, name) != value for name, value in values.items()):
            changed = difference({name: getattr(credential, name) for name in values}, values)
            for name, value in values.items():
                setattr(credential, name, value)
            credential.updated_at = self.at
            self._tell(credential, "credential.changed", f"Credential {credential.code} changed.", changed)
        if exam.get("blueprint"):
            self._blueprint(credential, exam["blueprint"], (*where, "exam", "blueprint"))
        if entry["recommendation"]:
            self._recommendation(credential, entry["recommendation"], (*where, "recommendation"))

    def _blueprint(self, credential: Credential, entry: dict[str, Any], where: Where) -> None:
        topics = [dict(topic) for topic in entry["topics"]]
        known = {blueprint.version: blueprint for blueprint in credential.blueprints}
        if entry["version"] in known:
            if known[entry["version"]].topics != topics:
                self._refuse(where, f"Topics of {credential.code} “{entry['version']}” are stored: take a new version.")
            return
        credential.blueprints.insert(0, Blueprint(version=entry["version"], topics=topics))
        words = f"Exam topics of {credential.code} added: {entry['version']}."
        self._tell(credential, "credential.blueprint_added", words)

    def _recommendation(self, credential: Credential, entry: dict[str, Any], where: Where) -> None:
        known = {advice.valid_from: advice for advice in credential.recommendations}
        if (found := known.get(entry["valid_from"])) is not None:
            if any(getattr(found, name) != entry[name] for name in recommendations.SAID):
                begun = f"{found.valid_from:%Y-%m-%d}"
                self._refuse(where, f"Another recommendation for {credential.code} begins on {begun}: take a new date.")
            return
        try:
            self._begin(credential, recommendations.Advice(**entry))
        except recommendations.RecommendationRefused as refusal:
            self._refuse(where, refusal.sentence)

    def _begin(self, credential: Credential, advice: recommendations.Advice) -> None:
        """Begin a recommendation; the one that had no end yet ends on the day before."""
        for lasting in credential.recommendations:
            if lasting.valid_to is None and lasting.valid_from < advice.valid_from:
                last_on = advice.valid_from - recommendations.ONE_DAY
                recommendations.end(recommendation=lasting, last_on=last_on, actor=self.actor, at=self.at)
                self.changes.append(f"Recommendation for {credential.code} ended on {last_on:%Y-%m-%d}.")
        made = recommendations.begin(credential=credential, advice=advice, actor=self.actor, at=self.at)
        credential.recommendations.insert(0, made)
        self.changes.append(f"Recommendation for {credential.code} added, not confirmed yet.")

    def _program(self, entry: dict[str, Any], where: Where) -> None:
        program = self.programs.get(entry["code"])
        position = int(where[-1])
        if program is None:
            program = programs.add_program(
                slug=entry["slug"], code=entry["code"], position=position, actor=self.actor, at=self.at
            )
            self.changes.append(f"Program {program.code} added.")
        elif (program.slug, program.position) != (entry["slug"], position):
            program.slug, program.position = entry["slug"], position
            self._tell(program, "program.moved", f"Program {program.code}: address or place on the page changed.")
        before = program.versions[0].number if program.versions else 0
        version = programs.save_program_version(
            program=program,
            title=entry["title"],
            class_weeks=entry["class_weeks"],
            sample=entry["sample"],
            content=_content(entry),
            actor=self.actor,
            at=self.at,
        )
        if 0 < before < version.number:
            self.changes.append(f"Program {program.code}: version {version.number} added.")
        self._plans(program, entry)
        if entry["on_sale"]:
            tuition.check_real(drafts=_drafts(entry))
        if programs.set_on_sale(program=program, on_sale=entry["on_sale"], actor=self.actor, at=self.at):
            self.changes.append(f"Program {program.code}: {'put on sale' if entry['on_sale'] else 'taken off sale'}.")

    def _plans(self, program: Program, entry: dict[str, Any]) -> None:
        added, retired = tuition.set_plans(program=program, drafts=_drafts(entry), actor=self.actor, at=self.at)
        for plan in retired:
            self.changes.append(f"Program {program.code}: plan {plan.slug} retired.")
        for plan in added:
            words = f"version {plan.version} of plan" if plan.version > 1 else "plan"
            price = dollars(plan.total_cents)
            self.changes.append(f"Program {program.code}: {words} {plan.slug} added, {price}.")

    def _faq(self, entry: dict[str, Any], where: Where) -> None:
        slug, position = entry["slug"], int(where[-1])
        known = program_queries.faq_by_slug(slug)
        before = known and (known.question, known.answer, known.position)
        programs.save_faq(position=position, actor=self.actor, at=self.at, **entry)
        if before is None:
            self.changes.append(f"Question {slug} added.")
        elif before != (entry["question"], entry["answer"], position):
            self.changes.append(f"Question {slug} changed.")

    def _tell(
        self, subject: Credential | Program, event: str, sentence: str, data: dict[str, Any] | None = None
    ) -> None:
        note(subject, event, actor=self.actor, at=self.at, data=data)
        self.changes.append(sentence)

    def _refuse(self, where: Where, sentence: str) -> None:
        self.problems.append((where, sentence))


def _drafts(entry: Mapping[str, Any]) -> list[PlanDraft]:
    return [
        PlanDraft(plan["slug"], plan["title"], Plan(plan["kind"], plan["total"], plan["count"]), plan["sample"])
        for plan in entry["plans"]
    ]


def _content(entry: dict[str, Any]) -> Content:
    return Content(
        summary=entry["summary"],
        teaching=entry["teaching"],
        outcome=entry["outcome"],
        credentials=tuple(entry["credentials"]),
        inclusions=tuple(InclusionLine(**line) for line in entry["inclusions"]),
        prerequisites=tuple(entry["prerequisites"]),
        state_rules=tuple(StateRule(**rule) for rule in entry["state_rules"]),
        links=tuple(Link(**link) for link in entry["links"]),
        externship_hours=entry["externship_hours"],
    )
