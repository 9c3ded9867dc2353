from provider.accounts import actions, queries
from provider.accounts.rules import FIRST_ADMIN, FIRST_ADMIN_SUBJECT
from provider.kernel import clock
from provider.kernel.database import unit_of_work
import datetime as dt

def test_x(app, visitor):
    with app.app_context():
        with unit_of_work():
            link = actions.make_link(purpose=FIRST_ADMIN, subject=FIRST_ADMIN_SUBJECT, at=clock.now(), lasts=dt.timedelta(hours=1))
            token = actions.token_of(link)
    with app.app_context():
        assert not queries.has_admin()
def test_y(app, visitor):
    with app.app_context():
        with unit_of_work():
            link = actions.make_link(purpose=FIRST_ADMIN, subject=FIRST_ADMIN_SUBJECT, at=clock.now(), lasts=dt.timedelta(hours=1))
    p = visitor.get("/nowhere", 404)
    assert p.title
