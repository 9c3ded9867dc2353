import re
from collections.abc import Callable

from flask import Flask
from flask.ctx import AppContext

from provider.accounts.rules import Role
from provider.enrollments import actions, queries
from provider.enrollments.lists import EnrollmentLine, Filters, staff_page
from provider.enrollments.rules import SEARCH_KIND, CancelReason, EnrollmentState
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import insert_all, unit_of_work
from provider.kernel.paging import Page as Paged
from provider.search.models import SearchWord
from provider.search.queries import COMMON, typed_words
from tests.harness import season
from tests.harness.season import Season, Student
from tests.harness.statements import statements
from tests.harness.stories import STAFF, later
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]


def enrolled(*students: Student) -> list[str]:
    """Enroll students one after the other; returns their references."""
    for student in students:
        with unit_of_work():
            season.enroll(student, clock.now())
    return [student.enrollment for student in students]


def numbered(count: int) -> list[str]:
    return enrolled(*(Student(f"Student Nr{number}", f"nr{number}@example.org") for number in range(count)))


def students_on(page: Page) -> list[str]:
    return [link.to_text().strip() for link in page.all("tbody th a")]


def references_of(page: Paged[EnrollmentLine]) -> list[str]:
    return [line.reference for line in page.rows]


def test_the_list_costs_the_same_with_one_row_and_with_three(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    counts = []
    for added in (1, 2):
        with app.app_context():
            enrolled(*(Student("Ana", f"ana{added}{n}@example.org") for n in range(added)))
        with statements(app) as counted:
            page = admin.get("/staff/enrollments")
        counts.append((len(students_on(page)), len(counted)))
    assert counts == [(1, 5), (3, 5)]


def test_one_enrollment_costs_the_same_with_more_installments_and_letters(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    small, large = Student("Ana", "ana@example.org", "ccma"), Student("Bo", "bo@example.org", "ccma", "installments")
    with app.app_context():
        enrolled(small, large)
        for student in (small, large):
            with unit_of_work():
                season.pay(student, clock.now())
        with unit_of_work():
            season.pay(large, clock.now())
    counts = []
    for student in (small, large):
        with statements(app) as counted:
            admin.get(f"/staff/enrollments/{student.enrollment}")
        counts.append(len(counted))
    assert counts[0] == counts[1]
    assert counts[0] < 40


def test_search_finds_every_word_by_its_beginning(context: AppContext) -> None:
    smith, lopez, jose = "Ana Smith", "Ana María López", "José Álvarez"
    enrolled(Student(smith, "smith@example.org"), Student(lopez, "aml@example.org"), Student(jose, "j@example.org"))
    wanted = {
        "": [jose, lopez, smith],
        "ana": [lopez, smith],
        "lop ANA": [lopez],
        "ana maria lopez": [lopez],
        "jose": [jose],
        "alvárez josé": [jose],
        "smith@example.org": [smith],
        "SMITH@EX": [smith],
        "nobody": [],
        "ana nobody": [],
        "ana maria lopez a u c d e": [],  # no word begins with u, not even a random reference
        "sm%th": [],
    }
    found = {typed: [line.legal_name for line in staff_page(Filters(typed)).rows] for typed in wanted}
    assert found == wanted
    with unit_of_work():  # now the words are those of thousands of records
        strangers = range(10**6, 10**6 + COMMON)
        for word in ("ana", "jose"):
            insert_all(SearchWord, [{"kind": SEARCH_KIND, "word": word, "subject_id": id_} for id_ in strangers])
    assert [word.common for word in typed_words(SEARCH_KIND, "ana lopez")] == [True, False]
    assert {typed: [line.legal_name for line in staff_page(Filters(typed)).rows] for typed in wanted} == wanted


def test_search_finds_a_reference_whole_or_by_its_beginning(context: AppContext) -> None:
    first, second = numbered(2)
    assert references_of(staff_page(Filters(second))) == [second]
    assert references_of(staff_page(Filters(first.lower()[:6]))) == [first]


def test_filters_narrow_by_state_and_by_program(context: AppContext) -> None:
    kept = Student("Kept", "kept@example.org", "cpt")
    gone = Student("Gone", "gone@example.org")
    _, second = enrolled(kept, gone)
    with unit_of_work():
        found = queries.by_reference(second, lock=True)
        actions.cancel(enrollment=found, reason=CancelReason.STAFF, actor=STAFF, at=clock.now())
    program = queries.by_reference(second).program_id
    states = {state: references_of(staff_page(Filters(states=(state,)))) for state in EnrollmentState}
    assert {state: rows for state, rows in states.items() if rows} == {
        EnrollmentState.STARTED: [kept.enrollment],
        EnrollmentState.CANCELED: [gone.enrollment],
    }
    assert references_of(staff_page(Filters(program_id=program))) == [gone.enrollment]
    assert references_of(staff_page(Filters(program_id=program, states=(EnrollmentState.STARTED,)))) == []


def test_paging_shows_each_row_once_in_both_directions(context: AppContext) -> None:
    references: list[str] = []
    for count in range(6):
        pages = [staff_page(Filters(), size=2)]
        while pages[-1].older is not None:
            pages.append(staff_page(Filters(), before=pages[-1].older, size=2))
        assert [reference for page in pages for reference in references_of(page)] == references
        assert [len(page.rows) for page in pages] == ([2] * (count // 2) + [1] * (count % 2) or [0])
        assert (pages[0].newer, pages[-1].older) == (None, None)
        back = [pages[-1]]
        while back[-1].newer is not None:
            back.append(staff_page(Filters(), after=back[-1].newer, size=2))
        assert sorted(reference for page in back for reference in references_of(page)) == sorted(references)
        references = numbered(1) + references


def test_a_page_has_fifty_rows_and_links_to_the_next(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    with app.app_context():
        numbered(51)
    page = admin.get("/staff/enrollments?state=started")
    assert (len(students_on(page)), students_on(page)[0]) == (50, "Student Nr50")
    (older,) = (link.attrs["href"] for link in page.all(".pagination a"))
    page = admin.get(f"/staff/enrollments{older}")
    assert students_on(page) == ["Student Nr0"]
    (newer,) = (link.attrs["href"] for link in page.all(".pagination a"))
    assert re.fullmatch(r"\?state=started&after=\d+", newer)
    assert students_on(admin.get(f"/staff/enrollments{newer}"))[-1] == "Student Nr1"


STRANGE = ("before=x", "before=-1", "after=99999999999999999999999", "before=%E2%91%A0", "after=2147483648",
           "state=nonsense", "program=nonsense", "nonsense=1", "before=1&before=2")  # fmt: skip
UNSEARCHABLE = ("q=" + "a" * 3000, "q=a%00b", "q=%E2%80%AEb", "q=a&q=b")


def test_a_strange_address_shows_a_list_and_never_fails(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    assert {admin.get(f"/staff/enrollments?{query}").title for query in STRANGE} == {"Enrollments"}
    assert {tuple(admin.get(f"/staff/enrollments?{query}", 422).errors) for query in UNSEARCHABLE} == {("q",)}
    for room in ("tasks", "mail", "payments", "refunds", "completions"):
        for query in STRANGE:
            admin.get(f"/staff/{room}?{query}")


def test_an_unknown_reference_is_not_there(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    titles = {
        admin.get(f"/staff/enrollments/E-22222222{page}", 404).title
        for page in ("", "/agreement", "/cancel", "/payments/new", "/refunds/new", "/withdrawal")
    }
    assert titles == {"Page not found"}


def test_the_story_is_told_newest_first_with_amounts_and_names(app: Flask, colleague: Colleague) -> None:
    bursar = colleague(Role.BURSAR)
    student = Student("Ana", "ana@example.org")
    with app.app_context():
        enrolled(student)
        with unit_of_work():
            season.prove(student, later(minutes=0))
    bursar.get(f"/staff/enrollments/{student.enrollment}/payments/new")
    page = bursar.submit({"external_reference": "T-1", "proof_note": "statement 7"})
    titles = [" ".join(title.to_text().split()) for title in page.all(".timeline__title")]
    events = [title for title in titles if not title.startswith("Letter")]
    assert events == [
        "Installment 1 paid",
        "Payment recorded $1,899.00",
        "Enrollment active",
        "E-mail address confirmed, payment awaited",
        "Agreement accepted",
    ]
    metas = [" ".join(meta.to_text().split()) for meta in page.all(".timeline__meta")]
    assert [meta.partition(" · ")[2] for meta in metas if "·" in meta] == [
        "Sam Staff",
        "Sam Staff",
        "Sam Staff",
        "by itself",
        "the student, not signed in",
    ]


def test_an_unpaid_enrollment_is_canceled_only_when_sure(app: Flask, colleague: Colleague) -> None:
    admissions = colleague(Role.ADMISSIONS)
    with app.app_context():
        (reference,) = numbered(1)
    admissions.get(f"/staff/enrollments/{reference}/cancel")
    assert admissions.submit({}, 422).errors == {"sure": ["Cancel this enrollment: Tick this box to go on."]}
    page = admissions.submit({"sure": "true"})
    assert "The enrollment is canceled." in page.words()
    admissions.get(f"/staff/enrollments/{reference}/cancel")
    again = admissions.submit({"sure": "true"}, 422)
    assert list(again.errors) == ["_schema"]


def test_completing_twice_tells_the_second_one(app: Flask, colleague: Colleague) -> None:
    admissions = colleague(Role.ADMISSIONS)
    student = Student("Ana", "ana@example.org")
    with app.app_context():
        enrolled(student)
        with unit_of_work():
            season.pay(student, clock.now())
    page = admissions.get(f"/staff/enrollments/{student.enrollment}")
    token = admissions.token()
    path = f"/staff/enrollments/{student.enrollment}/completion"
    admissions.post(path, {}, token=token)
    assert "The program is marked as completed." in admissions.follow().words(".notice--success")
    admissions.post(path, {}, token=token)
    page = admissions.follow()
    assert page.words(".notice--bad").startswith("This is completed by now and cannot become completed.")
    assert page.path == f"/staff/enrollments/{student.enrollment}"


def test_a_hold_is_released_by_a_button(app: Flask, cardless: Season, visitor: Visitor, colleague: Colleague) -> None:
    reference = cardless["late"].enrollment
    admissions = colleague(Role.ADMISSIONS)
    assert "On hold since" in admissions.get(f"/staff/enrollments/{reference}").words(".heading")
    admissions.post(f"/staff/enrollments/{reference}/hold-release", {})
    page = admissions.follow()
    assert "On hold" not in page.words(".heading")
    assert "Hold released" in page.words(".timeline")
    assert admissions.get("/staff/tasks?kind=payment_hold").all("tbody tr") == []
    with app.app_context():
        run_due(later(days=2))
    assert "On hold" not in admissions.get(f"/staff/enrollments/{reference}").words(".heading")
