"""What comes in by mail in the demonstration, how far its writers are believed, and what staff do with it."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP

import sqlalchemy as sa

from provider.accounts.rules import Role
from provider.kernel.actors import Actor
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.mail.rules import Mailbox
from provider.mailroom import drafting, storing
from provider.mailroom import queries as mailroom
from provider.mailroom.models import IncomingMail
from provider.site import actions as site
from provider.site.rules import Topic
from provider.threads import actions, answering, canned, queries, sorting
from provider.threads.models import Thread
from tests.demo import paper
from tests.demo.office import STAFF, Office
from tests.demo.steps import Player
from tests.mailroom.notes import bounced

Deed = Callable[[dt.datetime], None]
HOUR = dt.timedelta(hours=1)
EXTERNSHIP, ENQUIRIES, CREDITS = Mailbox.EXTERNSHIP, Mailbox.ENQUIRIES, Mailbox.COLLEGE_CREDITS
STRANGER = ("Jordan Ellery", "jordan.ellery@example.com")
GONE = ("Marisol Vega", "marisol.vega@example.net")
TALKS: Sequence[tuple[str, str]] = (
    ("Is the exam at the end of the class or later?", "Later. You choose the day once you have finished the program."),
    ("How long does it take?", "Two hours for most certificates. The page of your exam tells the exact time."),
    ("May I take it at home?", "Yes, with a camera, or at a test center. You choose when you book it."),
    ("What do I bring to the center?", "A photo ID whose name is exactly the one you registered with."),
    ("My ID has my maiden name. Is that a problem?", "Yes. Change the name in your exam account before you book."),
    ("Which chapters should I read twice?", "The ones with the most questions: your exam’s page lists them by share."),
    ("Are there practice tests?", "Two, in your classroom, under the last unit. Take the second one a week before."),
    (
        "I got 68 percent in the first. Is that bad?",
        "It is where most people start. Look at what went wrong, by topic.",
    ),
    ("84 percent today. Am I ready?", "That is well above what is needed. Book a day that suits you."),
    ("Booked for Saturday in two weeks. Wish me luck.", "Good luck. Report the result on your page, pass or not."),
)
QUIET: Sequence[str] = (
    "Thank you for the quick help, everything works now.",
    "I found the answer on your page about tuition. No need to write back.",
    "Please take me off your list, I enrolled elsewhere.",
    "Our clinic has a new telephone number, please update your records.",
    "The brochure came today, thank you.",
    "Just to say that the class is great.",
)
QUIET_NUMBER = 48  # with the others more than one page of the list of all


@dataclass
class Post:
    """The mail of the demonstration: who writes, and under which name each mail is known."""

    office: Office
    players: Sequence[Player]
    mails: dict[str, str] = field(default_factory=dict)

    def player(self, way: str) -> Player:
        """Return the last who went a way; the guide names the first."""
        return [one for one in self.players if one.way == way][-1]

    def thread(self, name: str) -> Thread:
        """Return the thread that a mail is in, held for a change."""
        found = queries.of_incoming(self.mails[name])
        assert found is not None, name
        return queries.by_reference(found.thread.reference, lock=True)

    def mail(
        self,
        name: str,
        writer: Player | tuple[str, str],
        to: Mailbox,
        subject: str,
        text: str,
        *,
        file: bytes | None = None,
        answers: str = "",
        **headers: str,
    ) -> Deed:
        """Let a mail come in; ``answers`` is another mail, to whose thread our last letter is answered."""
        known = (writer.student.name, writer.student.email) if isinstance(writer, Player) else writer

        def come(at: dt.datetime) -> None:
            message = EmailMessage(policy=SMTP)
            message["From"], message["To"] = f'"{known[0]}" <{known[1]}>', f"{to}@example.org"
            message["Subject"], message["Date"] = subject, at
            message["Message-ID"] = f"<demo-{name}@{known[1].rpartition('@')[2]}>"
            if answers:
                message["In-Reply-To"] = self._last_letter(answers)
            for header, value in headers.items():
                message[header.replace("_", "-")] = value
            message.set_content(text)
            if file is not None:
                message.add_attachment(file, maintype="application", subtype="pdf", filename="scan 0042.pdf")
            self.mails[name] = _take_in(message.as_bytes(), to, known[1], at)

        return come

    def _last_letter(self, name: str) -> str:
        thread = self.thread(name)
        sent = [one.letter for one in queries.messages(thread) if one.letter is not None]
        about = sa.select(OutboxLetter).where(OutboxLetter.about == thread.reference).order_by(OutboxLetter.id.desc())
        last = sent[-1] if sent else db.session.scalars(about).first()
        assert last is not None, name
        return last.message_id

    def proves(self, name: str, way: str) -> Deed:
        """Let a student press the button of the letter that a mail came in."""

        def press(at: dt.datetime) -> None:
            with unit_of_work():
                thread, student = self.thread(name), self.player(way).student
                assert thread.person is not None, name
                about = mailroom.about(thread.mailbox, thread.person)
                actions.prove(thread, actor=student.herself, at=at, about=about)
                drafting.believe(thread, actor=student.herself, at=at)

        return press

    def answer(self, name: str, role: Role, text: str, key: str = "") -> Deed:
        """Let staff answer from the page."""

        def write(at: dt.datetime) -> None:
            with unit_of_work():
                thread = self.thread(name)
                seen = queries.messages(thread)[-1].reference
                answering.answer(
                    thread, text=text, seen=seen, key=f"demo-{key or name}", signed=STAFF[role][0],
                    actor=self.office.actors[role], at=at,
                )  # fmt: skip

        return write

    def by(self, role: Role) -> Actor:
        """Return a colleague."""
        return self.office.actors[role]

    def does(self, name: str, act: Callable[[Thread, dt.datetime], object]) -> Deed:
        """Let staff sort a thread."""

        def sort(at: dt.datetime) -> None:
            with unit_of_work():
                act(self.thread(name), at)

        return sort

    def note(self, name: str, text: str) -> Deed:
        """Let the credit officer write something beside a thread."""
        by = self.office.actors
        return self.does(
            name,
            lambda thread, at: answering.note(
                thread, text=text, key=f"demo-{name}", actor=by[Role.CREDIT_OFFICER], at=at
            ),
        )

    def merges(self, name: str, other: str) -> Deed:
        """Let admissions put two threads together."""

        def put(at: dt.datetime) -> None:
            with unit_of_work():
                both = (self.thread(name).reference, self.thread(other).reference)
                sorting.merge(*queries.pair(*both), actor=self.by(Role.ADMISSIONS), at=at)

        return put

    def comes_back(self, name: str) -> Deed:
        """Let a mail server say that our last letter in a thread did not arrive."""

        def come(at: dt.datetime) -> None:
            thread = self.thread(name)
            report = bounced(self._last_letter(name), thread.correspondent)
            db.session.rollback()
            _take_in(report, thread.mailbox, "", at)

        return come

    def quietly(self, number: int) -> Deed:
        """Let somebody write by the contact form what needs no answer, and staff say so."""
        words, email = QUIET[number % len(QUIET)], f"reader{number}@example.com"

        def write(at: dt.datetime) -> None:
            with unit_of_work():
                thread = site.send_message(
                    name=f"Reader {number}", email=email, topic=Topic.OTHER, message=words, client=email, at=at
                )
                sorting.close(thread, actor=self.by(Role.ADMISSIONS), at=at)

        return write


def _texts(office: Office) -> Deed:
    """Let staff keep two texts for answers."""

    def keep(at: dt.datetime) -> None:
        with unit_of_work():
            by = office.actors[Role.COORDINATOR]
            papers = "Hello {name},\n\nwe still need:\n\n{missing}\n\nUpload it on the page of your documents."
            canned.write(title="Papers are missing", mailbox=EXTERNSHIP, text=papers, actor=by, at=at)
            looking = "Hello {name},\n\nwe look into it and write again by tomorrow."
            canned.write(title="We look into it", mailbox=None, text=looking, actor=by, at=at)

    return keep


def _take_in(content: bytes, to: Mailbox, sender: str, at: dt.datetime) -> str:
    """Store a mail as the listener does; the worker files it. Returns its reference."""
    with unit_of_work():
        storing.store([storing.Arrival(content, ((to, f"{to}@example.org"),), sender, "127.0.0.1", at)])
    newest = sa.select(IncomingMail.reference).order_by(IncomingMail.id.desc())
    return db.session.scalars(newest.limit(1)).one()


def deeds(post: Post, now: dt.datetime) -> Iterator[tuple[dt.datetime, Deed]]:
    """Return the mail of the last weeks with what came of it, each with its instant."""
    yield now - 71 * HOUR, _texts(post.office)
    for told in (_students(post), _strangers(post), _machines(post), _talk(post), _quiet(post)):
        for hours, deed in told:
            yield now - hours * HOUR, deed


def _students(post: Post) -> Iterator[tuple[float, Deed]]:
    """Mail of students: not proved, proved, answered and come back, with a file, and for the money back."""
    player = post.player
    yield (
        5.0,
        post.mail(
            "unproved",
            player("paying"),
            ENQUIRIES,
            "When is my next installment?",
            "Hello,\n\ncan you tell me when my next installment is due, and how much it is?\n\nThank you",
        ),
    )
    yield (
        50.0,
        post.mail(
            "papers",
            player("documents missing"),
            EXTERNSHIP,
            "What is still missing?",
            "Hi,\n\nI sent my papers last week. What do you still need from me?\n\nShanice",
        ),
    )
    yield 49.5, post.proves("papers", "documents missing")
    yield (
        70.0,
        post.mail(
            "returned", player("late"), ENQUIRIES, "I cannot pay this week", "My shift was cut. May I pay on the 15th?"
        ),
    )
    yield 69.0, post.proves("returned", "late")
    yield (
        66.0,
        post.answer(
            "returned", Role.BURSAR, "You may. Nothing happens until then; please send the transfer on the 15th."
        ),
    )
    yield (
        3.0,
        post.mail(
            "returned again",
            player("late"),
            ENQUIRIES,
            "Re: I cannot pay this week",
            "Thank you. It went out this morning.\n\n"
            "On Friday, the school wrote:\n> You may. Nothing happens until then.\n",
            answers="returned",
        ),
    )
    yield (
        26.0,
        post.mail(
            "scan",
            player("hours to enter"),
            EXTERNSHIP,
            "My new TB test",
            "The result is in the scan. Is it good enough?",
            file=paper.page("Tuberculosis test (sample)", "Negative", "Made for a demonstration."),
        ),
    )
    yield (
        25.0,
        post.does(
            "scan",
            lambda thread, at: sorting.assign(
                thread,
                post.by(Role.COORDINATOR).reference,
                may_have={str(post.by(Role.COORDINATOR).reference)},
                actor=post.by(Role.COORDINATOR),
                at=at,
            ),
        ),
    )
    yield 1.0, post.mail(
        "money back", player("refund window open"), ENQUIRIES, "Please cancel",
        "Good morning,\n\nI changed my mind this morning. Please send my money back.\n\nThank you",
    )  # fmt: skip


def _strangers(post: Post) -> Iterator[tuple[float, Deed]]:
    """Mail of people without an account: two that are one, one whose address is gone, and spam."""
    yield 30.0, post.mail("twice", STRANGER, ENQUIRIES, "Evening classes?", "Do you have classes in the evening?")
    yield 29.0, post.mail("twice again", STRANGER, ENQUIRIES, "Classes", "I forgot to ask: and at the weekend?")
    yield 20.0, post.merges("twice", "twice again")
    yield 90.0, post.mail("gone", GONE, ENQUIRIES, "Spanish", "Is the phlebotomy class taught in Spanish, too?")
    yield 80.0, post.answer("gone", Role.ADMISSIONS, "Not yet. The exam can be taken in English only.")
    yield (
        44.0,
        post.mail(
            "prize",
            ("Winners Desk", "claims@win.example"),
            ENQUIRIES,
            "You have been selected",
            "Claim your prize today.",
        ),
    )
    yield (
        43.0,
        post.does("prize", lambda thread, at: sorting.mark_as_spam(thread, actor=post.by(Role.ADMISSIONS), at=at)),
    )


def _machines(post: Post) -> Iterator[tuple[float, Deed]]:
    """A letter that came back, an automatic reply, and a mail under a colleague's address that nothing proves."""
    yield 79.5, post.comes_back("gone")
    yield (
        46.0,
        post.mail(
            "away",
            ("Dr. Lena Hoff", "lena.hoff@clinic.example"),
            EXTERNSHIP,
            "Out of office: Places for students",
            "I am back on Monday.",
            Auto_Submitted="auto-replied",
        ),
    )
    yield 6.0, post.mail(
        "boss", STAFF[Role.BURSAR], ENQUIRIES, "Urgent: list of students",
        "Please send me the list of all students with their addresses. I have no access from here.",
    )  # fmt: skip


def _talk(post: Post) -> Iterator[tuple[float, Deed]]:
    """One long thread: forty messages about an exam."""
    who, name = post.player("completed"), "talk"
    for number, (asked, answered) in enumerate(TALKS):
        at, before = 20 * 24.0 - number * 42, "" if not number else f"{name}{number - 1}"
        own, thanks = f"{name}{number}", f"{name}{number} thanks"
        yield at, post.mail(own, who, CREDITS, "My exam", asked, answers=before)
        if not number:
            yield at - 1, post.proves(own, "completed")
        yield at - 2, post.answer(own, Role.CREDIT_OFFICER, answered)
        yield at - 3, post.mail(thanks, who, CREDITS, "Re: My exam", "Thank you!", answers=own)
        yield at - 4, post.note(thanks, "Answered by mail; nothing to enter.")
    last = f"{name}{len(TALKS) - 1} thanks"
    yield (
        20 * 24.0 - len(TALKS) * 42,
        post.does(last, lambda thread, at: sorting.close(thread, actor=post.by(Role.CREDIT_OFFICER), at=at)),
    )


def _quiet(post: Post) -> Iterator[tuple[float, Deed]]:
    """Messages of the contact form that needed no answer, over ten weeks: the list has a second page."""
    for number in range(QUIET_NUMBER):
        yield 100.0 + number * 33, post.quietly(number)
