"""The ways of the graduates: who asks for an externship, where they live, where they go, and how far they came."""

from provider.affiliations.rules import SiteKind, mask
from provider.documents.rules import DocumentKind
from provider.fieldwork.rules import EvaluationKind
from tests.demo import credit_steps as credit
from tests.demo import extern_steps as externs
from tests.demo import field_steps as field
from tests.demo import steps
from tests.demo.steps import Step
from tests.demo.times import FRIDAY, MONDAY, THURSDAY, TUESDAY, WEDNESDAY, after, ago, before_now, day, week
from tests.demo.ways import CARD, QUICK, Beat, Way

_D, _E = DocumentKind, EvaluationKind
PRAISE = "Draws blood calmly and explains each step.\nCould write times down at once, not at the end of the day."
GOOD = "Comes early, asks when unsure, and is liked by the patients."
HOST = "I was expected on the first day, and somebody always had time for me."
MID: Beat = (week(-5, WEDNESDAY, 9, 16), field.evaluate(_E.MID, 4, GOOD))
SEEN = "Well liked, and the preceptor has time. They would take two students next term."


def graduate(name: str, who: str, *beats: Beat, since: tuple[int, int | None], plan: str = "ccma upfront") -> Way:
    """Return the way of somebody who finished a program; ``who`` is name, state and ZIP code.

    ``since`` is how many days ago they enrolled and were done; None for who is not done.
    """
    program, chosen = plan.split()
    enrolled, done = since
    finished: tuple[Beat, ...] = () if done is None else ((day(done), steps.complete),)
    return Way(name, program, chosen, ago(enrolled), (QUICK, CARD, *finished, *beats), who=who)


def asked(on: int, *, wish: Step | None = None, papers: Step | None = None, checked: int = 2) -> tuple[Beat, ...]:
    """Return asking for a place, bringing every document on the next day, and the check some days later."""
    return (
        (day(on), wish or externs.ask()),
        (day(on - 1), papers or externs.bring()),
        (day(on - 1 - checked), externs.check),
    )


def placed(opening: str, on: int, *, answers: tuple[int, int] = (1, 3)) -> tuple[Beat, ...]:
    """Return an offer by hand, the student's yes, and the site's, each so many days after the offer."""
    student, site = answers
    return (
        (day(on), externs.offer(opening)),
        (day(on - student), externs.say_yes),
        (day(on - site), externs.site_says_yes),
    )


def worked(*weeks: int) -> tuple[Beat, ...]:
    """Return weeks that are written on Friday and approved on Monday."""
    return tuple(
        beat
        for one in weeks
        for beat in (
            (week(one, FRIDAY), field.write_and_send(one)),
            (week(one + 1, MONDAY, 9, 12), field.approve()),
        )
    )


def _ended(*, reason: str | None = None) -> tuple[Beat, ...]:
    return (
        (week(-3, WEDNESDAY, 9, 12), field.evaluate(_E.FINAL, 5, PRAISE)),
        (week(-3, WEDNESDAY, 18, 21), field.evaluate(_E.OF_SITE, 5, HOST)),
        (week(-3, THURSDAY, 9, 16), field.complete(reason=reason)),
    )


def told(on: int, *, ask: Step | None = None) -> tuple[Beat, ...]:
    """Return passing the exam so many days ago, its check on the next day, asking for credit then, and the letter."""
    return (
        (day(on), credit.report()),
        (day(on - 1), credit.check("C7-4410-2286")),
        (day(on - 2), ask or credit.ask()),
        (day(on - 3), credit.send),
    )


def done() -> list[Way]:
    """Return those who have their record."""
    early = (82, 70)
    less = (
        "The site counts by shift; the missing week was made up on two weekends, and the site confirmed it by letter."
    )
    wrong = "Two weeks were approved for another student of that name."
    return [
        graduate("externship completed", "Yolanda Quiñones|NY|10027", *asked(69), *placed("harbor first", 65),
            *worked(-7), (week(-6, TUESDAY, 9, 16), field.visit(SEEN)), *worked(-6),
            MID, *worked(-5, -4), *_ended(), *told(16, ask=credit.ask(number="L-20418")), (day(9), credit.receive),
            (day(3), credit.decide(course="MED 110, Introduction to clinical practice")), since=early),
        graduate("externship completed", "Desmond Achterberg|NY|11215", *asked(69), *placed("harbor first", 64),
            *worked(-7, -6), MID, *worked(-5), *_ended(reason=less),
            *told(15, ask=credit.ask(credit.VALLEY)),
            (day(2), credit.decide(reason="The program here has no course that it would stand for.")), since=early),
        graduate("record revoked", "Priscilla Nakashima|NJ|07030", *asked(68), *placed("juniper first", 64),
            *worked(-7, -6), MID, *worked(-5, -4), *_ended(),
            (week(-2, MONDAY, 9, 16), field.revoke(wrong, "A corrected record will be issued.")),
            (day(5), credit.report(passed=False, score=371)), (day(4), credit.check()), since=early),
        graduate("externship completed", "Hyacinth Baptiste|NJ|07306", *asked(67), *placed("newark first", 63),
            *worked(-6), MID, *worked(-5, -4), *_ended(), *told(17), plan="cpt upfront", since=early),
    ]  # fmt: skip


def there() -> list[Way]:
    """Return those who are at a site now."""
    recent = (74, 57)
    late = "You left at three that day. Please look at it again."
    return [
        graduate("hours to enter", "Oluwaseun Adebisi|NY|11385", *asked(44), *placed("harbor now", 38),
            (week(-2, FRIDAY, 20, 21), field.write_long_day), (after(minutes=5), field.send(-2)),
            (week(-1, MONDAY, 9, 12), field.approve(back=late)), (week(-1, FRIDAY), field.write_and_send(-1)),
            (after(hours=14), field.wonder("Do the hours of the safety course on Thursday count?")),
            (day(2, 18, 21), field.write_up), since=recent),
        graduate("clocked in", "Svetlana Petrenko|NY|10550", *asked(33), *placed("plains now", 27),
            (week(-1, FRIDAY), field.write_and_send(-1)), (after(hours=2), field.approve()),
            (day(1, 18, 21), field.write_up), (before_now(2.5), field.clock_in), plan="cpt upfront", since=recent),
        graduate("nearly done", "Tuấn Lê|NY|11372", *asked(55), *placed("juniper now", 50), *worked(-4, -3),
            (week(-2, WEDNESDAY, 9, 16), field.evaluate(_E.MID, 3, GOOD)),
            (week(-2, THURSDAY, 10, 16), field.visit("Spoke with the practice manager; all is well.", by_phone=True)),
            *worked(-2), (week(-1, FRIDAY), field.write_and_send(-1)), (after(hours=2), field.approve()),
            (before_now(3), credit.report(score=405)), since=recent),
        graduate("held for a document", "Małgorzata Wójcik|IL|60657",
            *asked(45, papers=externs.bring(but=(_D.LIABILITY_COVER,))), *placed("prairie now", 39),
            *worked(-3), (week(-2, FRIDAY), field.write_and_send(-2)), (after(hours=2), field.approve()),
            (day(1), externs.bring(only=(_D.LIABILITY_COVER,))), since=recent),
        graduate("site closed", "Thandiwe Dlamini|NY|10956", *asked(40), *placed("mill now", 34),
            (week(-2, FRIDAY), field.write_and_send(-2)), (after(hours=2), field.approve()),
            (day(7), credit.report()), (day(6), credit.check()), (day(5), credit.ask(credit.VALLEY, badge=False)),
            (day(2), credit.ask_back("Valley State has two registrars. Which school have you applied to?")),
            since=recent),
    ]  # fmt: skip


def waiting() -> list[Way]:
    """Return those whose placement is to come, and those with an offer that somebody has to answer."""
    later = (60, 24)
    return [
        graduate("placed", "Kwabena Mensah|NY|10301", *asked(20), *placed("harbor next", 12),
            (day(8), credit.report()), (day(7), credit.check("C7-4471-0093")), (day(1), credit.ask()), since=later),
        graduate("placed", "Ngozi Umeh|NY|11368", *asked(21), *placed("juniper next", 13), *told(9), since=later),
        graduate("placed", "Catalina Vasquez-Orr|IL|60302", *asked(19), *placed("oak lawn next", 11), since=later),
        graduate("offer waits for the student", "Bilal Choudhury|NJ|08817", *asked(4),
            (day(1), externs.offer("newark next")), plan="cpt upfront", since=later),
        graduate("waits for the site", "Ximena Arroyo|NJ|07601", *asked(10), (day(4), externs.offer("harbor next")),
            (day(1), externs.say_yes), since=later),
        graduate("other days proposed", "Bronisław Duda|IL|60640", *asked(12), (day(6), externs.offer("oak lawn next")),
            (day(5), externs.say_yes),
            (day(1), externs.site_proposes(7, "Our preceptor is on leave until then.")), since=later),
        graduate("planned, said yes", "Mirembe Kato|NY|11550",
            *asked(9, wish=externs.ask(kind=SiteKind.HOSPITAL, liked=("harbor Downtown Brooklyn pavilion",))),
            (day(1), externs.say_yes), since=later),
        graduate("planned, waits for the student", "Joaquín Ibarra|NJ|08854", *asked(8),
            plan="cpt upfront", since=later),
        graduate("planned, closed meanwhile", "Ludmila Hrytsenko|IL|60625", *asked(9), plan="cpt upfront", since=later),
    ]  # fmt: skip


def looking() -> list[Way]:
    """Return those for whom a place is looked for, some of whom had the chance of one."""
    later = (55, 23)
    lonely = externs.ask(miles=40, note="No car; the bus runs once an hour.")
    flu = externs.bring(but=(_D.INFLUENZA,))
    soon = externs.bring(only=(_D.INFLUENZA,), good_for=20)
    return [
        graduate("declined an offer", "Anneliese Brandt|NJ|07503", *asked(13), (day(4), externs.offer("harbor next")),
            (day(2), externs.say_no("I would need two trains and a ferry each way.")), since=later),
        graduate("let an offer expire", "Cheng-Wei Lu|NY|11354", *asked(16),
            (day(7), externs.offer("harbor next")), since=later),
        graduate("declined by the site", "Fernanda Lacerda|IL|60616", *asked(14),
            (day(6), externs.offer("oak lawn next")), (day(5), externs.say_yes),
            (day(2), externs.site_says_no("Both of our preceptors are on leave in that month.")), since=later),
        graduate("looking for a place", "Ruth Abernathy|NY|11215", *asked(5), since=later),
        graduate("a document ends too early", "Demetrius Holloway|NY|11201", (day(7), externs.ask()), (day(6), flu),
            (day(6), soon), (day(2, 15, 16), externs.check), since=later),
        graduate("too far away", "Wanda Lightfoot|NY|12207", *asked(8, wish=lonely), since=later),
        graduate("no agreement nearby", "Jean-Robert Toussaint|FL|33127", *asked(18), since=later),
        graduate("guarantee overdue", "Kawika Nakoa|HI|96720", *asked(66), since=(82, 70)),
        graduate("asked early", "Ginevra Paolucci|NJ|07102",
            (day(6), externs.ask_early("The class ends in three weeks, and a site nearby has a place from then on.")),
            (day(5), externs.bring()), (day(2, 15, 16), externs.check), since=(34, None)),
    ]  # fmt: skip


def missing() -> list[Way]:
    """Return those whose documents are not all here, and who asked for nothing any more."""
    later = (62, 49)
    few = (_D.TB, _D.MMR, _D.INFLUENZA, _D.HIPAA_TRAINING)
    blurred = "The name on it cannot be read. Take the photo in daylight."
    weekends = externs.ask(weekdays=mask((5, 6)), note="I work from Monday to Friday.")
    card = externs.bring(but=(_D.CPR_CARD,))
    return [
        graduate("documents missing", "Shanice Beaumont|NY|10451", (day(15), externs.ask()),
            (day(14), externs.bring(only=few)), (day(13), externs.refuse(_D.INFLUENZA, blurred)),
            (day(1), externs.bring(only=(_D.BACKGROUND_CHECK,))), since=later),
        graduate("documents being checked", "Emeka Obi|NJ|07105", (day(4), externs.ask()),
            (day(1), externs.bring()), since=later),
        graduate("a document expired", "Paulina Cordero|IL|60634", (day(41), weekends), (day(40), card),
            (day(40), externs.bring(only=(_D.CPR_CARD,), good_for=-6)), (day(38), externs.check), since=later),
        graduate("asleep", "Trevor McAllister|NJ|08901", (day(45), externs.ask()),
            (day(44), externs.bring(only=few)), (day(43), externs.check), plan="cpt upfront", since=later),
        graduate("request withdrawn", "Saoirse Delaney|NY|10550", *asked(35), (day(20), externs.withdraw), since=later),
    ]  # fmt: skip


def graduates() -> list[Way]:
    """Return all of them."""
    return [*done(), *there(), *waiting(), *looking(), *missing()]
