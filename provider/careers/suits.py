"""The short questions that help to choose: answered in the address of the page, counted here, kept nowhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provider.careers.library import Career, Library, Question, lowered

PREFIX = "q-"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the answers that tell these careers apart, and the one that was chosen."""

    question: Question
    answers: tuple[tuple[str, str, tuple[Career, ...]], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Suits:
    """The questions, and which careers the answers point to, most often named first."""

    asked: tuple[Asked, ...]
    tally: tuple[tuple[Career, int], ...]

    @property
    def answered(self) -> int:
        """Count the questions that were answered."""
        return sum(1 for one in self.asked if one.chosen)

    @property
    def result(self) -> str:
        """Say what the answers point to; never more than that."""
        if not self.answered:
            return ""
        most = max(number for _, number in self.tally)
        best = [career.name for career, number in self.tally if number == most]
        if len(best) == len(self.tally):
            return "Your answers fit all of these careers alike."
        names = lowered(best)
        if len(best) > 1:
            return f"Your answers point to these alike: {names}."
        return f"Most of your answers point to: {names}."


def asked(library: Library, careers: Sequence[Career], answers: Mapping[str, str]) -> Suits:
    """Return the questions on which the careers differ; an answer that is none of theirs counts as not given."""
    found = []
    for question in library.questions:
        options = tuple(
            (name, label, fitting)
            for name, label in question.answers
            if (fitting := tuple(career for career in careers if career.fit.get(question.id) == name))
        )
        if len(options) > 1:
            given = answers.get(PREFIX + question.id, "")
            found.append(Asked(question, options, given if given in {name for name, _, _ in options} else ""))
    tally = {career.slug: 0 for career in careers}
    for one in found:
        for name, _, fitting in one.answers:
            for career in fitting:
                tally[career.slug] += name == one.chosen
    ranked = sorted(careers, key=lambda career: -tally[career.slug])
    return Suits(tuple(found), tuple((career, tally[career.slug]) for career in ranked))
