"""The line to the payment service: what Stripe's client makes of every kind of bad answer, and what the proxy adds."""

import contextlib
import datetime as dt
import http.client
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from config import Config
from provider.payments import stripe_events, stripe_gateway
from provider.payments.gateway import Gateway, IntentStatus, NotLetIn, Refused, ServiceError, Unknown, Unreachable
from provider.payments.stripe_gateway import StripeGateway
from tests.harness import fault_proxy
from tests.harness import service_words as words
from tests.harness.card_service import CardService
from tests.harness.server import ROOT, free_port
from tests.harness.service_words import Fault

INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 500,
    "client_secret": "pi_1_secret",
    "created": 1_795_000_000,
    "currency": "usd",
    "customer": "cus_1",
    "last_payment_error": {"code": "card_declined", "decline_code": "lost_card"},
    "latest_charge": None,
    "livemode": False,
    "metadata": {"reference": "CH-1"},
    "payment_method": None,
    "status": "requires_payment_method",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardService]:
    with CardService(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def fresh(service: CardService) -> CardService:
    service.reset()
    return service


@dataclass
class Door:
    """A server that answers what it is told to, the last answer for good, and keeps what it was sent."""

    answers: list[tuple[int, str]]
    url: str = ""
    arrived: list[tuple[str, bytes]] = field(default_factory=list)

    def next(self) -> tuple[int, str]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextlib.contextmanager
def standing(*answers: tuple[int, str]) -> Iterator[Door]:
    door = Door(list(answers))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            door.arrived.append((self.headers.get("Stripe-Signature", ""), sent))
            status, body = door.next()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST  # noqa: N815 - the name it has

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        door.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield door
        finally:
            server.shutdown()
            thread.join()


def gateway_at(url: str, *, key: str = fault_proxy.SECRET_KEY) -> StripeGateway:
    return StripeGateway(Config(STRIPE_SECRET_KEY=key, STRIPE_API_URL=url))


def charge(gateway: Gateway, customer: str, method: str, *, key: str) -> IntentStatus:
    return gateway.charge(
        key=key, amount_cents=500, customer_id=customer, method_id=method, reference="CH-1", present=False
    ).status


def card(service: CardService) -> tuple[str, str]:
    """Save a card; return its customer's id and its own."""
    customer = service.gateway.create_customer(key=f"customer {time.monotonic_ns()}", reference="E-1")
    setup = service.gateway.begin_setup(key=f"setup {time.monotonic_ns()}", customer_id=customer, reference="CD-1")
    return customer, str(service.confirm_setup(setup.id, words.GOOD).method_id)


def until(what: object, seconds: float = 10.0) -> bool:
    """Wait until a question is answered with yes."""
    assert callable(what)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    "status, body",
    [
        (200, "<html>welcome to the hotel's network</html>"),
        (200, "{}"),
        (200, "[]"),
        (200, '{"id": "pi_1"'),
        (200, ""),
        (200, json.dumps(INTENT | {"status": "a new one"})),
        (200, json.dumps(INTENT | {"status": "succeeded", "latest_charge": "ch_1"})),
        (404, "<html>no such page</html>"),
        (404, "{}"),
        (400, '{"error": "text"}'),
        (409, '{"error": {"type": "invalid_request_error", "message": "in use"}}'),
        (409, '{"error": {"type": "idempotency_error", "message": "in use"}}'),
        (424, '{"error": {"type": "api_error", "message": "an outside system"}}'),
        (429, '{"error": {"type": "invalid_request_error", "code": "lock_timeout", "message": "later"}}'),
        (503, ""),
    ],
)
def test_what_cannot_be_understood_leaves_the_outcome_open(status: int, body: str) -> None:
    with standing((status, body)) as door, pytest.raises(Unreachable):
        gateway_at(door.url).intent("pi_1")


@pytest.mark.parametrize(
    "status, error, refusal",
    [
        (400, {"type": "invalid_request_error", "code": "charge_disputed"}, Refused),
        (400, {"type": "idempotency_error"}, Refused),
        (400, {"type": "invalid_request_error", "code": "resource_missing"}, Unknown),
        (401, {"type": "invalid_request_error"}, NotLetIn),
        (402, {"type": "card_error", "code": "card_declined"}, Refused),
        (403, {"type": "invalid_request_error"}, NotLetIn),
        (404, {"type": "invalid_request_error", "code": "resource_missing"}, Unknown),
    ],
)
def test_what_the_service_will_not_do_is_known_not_to_have_happened(
    status: int, error: dict[str, str], refusal: type[ServiceError]
) -> None:
    with (
        standing((status, json.dumps({"error": error | {"message": "no"}}))) as door,
        pytest.raises(ServiceError) as caught,
    ):
        gateway_at(door.url).given_back("re_1")
    assert caught.type is refusal


def test_a_decline_without_its_charge_is_looked_up() -> None:
    decline = json.dumps({"error": {"type": "card_error", "code": "card_declined", "message": "no"}})
    others = INTENT | {"id": "pi_0", "metadata": {"reference": "CH-0"}}
    listed = {"object": "list", "url": "/v1/payment_intents", "has_more": False}
    with standing((402, decline), (200, json.dumps(listed | {"data": [others, INTENT]}))) as door:
        found = gateway_at(door.url).charge(
            key="k", amount_cents=500, customer_id="cus_1", method_id="pm_1", reference="CH-1", present=False
        )
    assert (found.id, found.status, found.failure) == ("pi_1", IntentStatus.FAILED, "lost_card")
    with standing((402, decline), (200, json.dumps(listed | {"data": [others]}))) as door, pytest.raises(Refused):
        charge(gateway_at(door.url), "cus_1", "pm_1", key="k")


def test_where_nobody_listens_the_outcome_is_open() -> None:
    with pytest.raises(Unreachable):
        gateway_at(f"http://127.0.0.1:{free_port()}").intent("pi_1")


def test_a_wrong_key_is_told_from_a_lost_line(fresh: CardService) -> None:
    with pytest.raises(NotLetIn, match="Invalid API Key"):
        gateway_at(fresh.url, key="sk_test_of_another_account").intent("pi_1")


def test_nothing_is_repeated_by_itself(fresh: CardService) -> None:
    for fault in (Fault.BUSY, Fault.BROKEN, Fault.LOST_AFTER):
        fresh.fail_next(fault)
        with pytest.raises(Unreachable):
            fresh.gateway.create_customer(key=fault, reference="E-1")
    assert fresh.calls() == {"create_customer": 3}


def test_a_hanging_call_is_given_up_and_has_happened_all_the_same(
    fresh: CardService, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, method = card(fresh)
    monkeypatch.setattr(stripe_gateway, "READ_SECONDS", 0.2)
    hasty = gateway_at(fresh.url)
    fresh.hang_for(0.8)
    fresh.fail_next(Fault.HANG, call="charge")
    began = time.monotonic()
    with pytest.raises(Unreachable):
        charge(hasty, customer, method, key="k")
    assert time.monotonic() - began < 0.7
    with pytest.raises(Unreachable, match="in-progress"):  # 409: the first one still runs
        charge(hasty, customer, method, key="k")
    assert until(lambda: len(fresh.totals()) == 1)
    assert charge(fresh.gateway, customer, method, key="k") is IntentStatus.SUCCEEDED
    assert len(fresh.totals()) == 1


def test_a_key_is_forgotten_after_24_hours(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    at = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    clock.write_text(at.isoformat())
    with CardService(tmp_path / "service", clock_file=clock) as service:
        customer, method = card(service)
        counts = []
        for hours in (0, 24, 24.001):
            clock.write_text((at + dt.timedelta(hours=hours)).isoformat())
            charge(service.gateway, customer, method, key="k")
            counts.append(len(service.totals()))
        assert counts == [1, 1, 2]
        assert [one.created_at for one in service.gateway.intents_of(customer)] == [
            at + dt.timedelta(hours=24, seconds=3),
            at,
        ]


def test_a_plan_goes_wrong_the_same_way_for_the_same_seed(fresh: CardService) -> None:
    def outcomes(seed: int) -> str:
        fresh.plan_faults(seed, 0.5, Fault.BUSY, Fault.BROKEN)
        said = ""
        for number in range(20):
            try:
                fresh.gateway.create_customer(key=f"{seed} {said} {number}", reference="E-1")
                said += "."
            except Unreachable as error:
                said += "b" if "Too many" in str(error) else "5"
        return said

    first = outcomes(1)
    assert outcomes(1) == first != outcomes(2)
    assert set(first) == set(".b5")


def post(service: CardService, path: str, asked: dict[str, str], key: str) -> tuple[int, object]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)) as line:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST", path, urlencode(asked), headers)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read())["error"].get("code")


def test_the_proxy_refuses_what_stripe_no_longer_takes(fresh: CardService) -> None:
    customer, method = card(fresh)
    asked = {"amount": "500", "currency": "usd", "customer": customer, "payment_method": method, "confirm": "true"}
    refused = post(fresh, "/v1/payment_intents", asked | {"payment_method_types[0]": "card"}, fault_proxy.SECRET_KEY)
    assert refused == (400, "payment_method_types_no_longer_supported")


def test_localstripe_still_refuses_what_it_does_not_know(fresh: CardService) -> None:
    customer, method = card(fresh)
    asked = {"amount": "500", "currency": "usd", "customer": customer, "payment_method": method, "confirm": "true"}
    assert post(fresh, "/v1/payment_intents", asked | {"no_such_thing": "1"}, fault_proxy.SECRET_KEY)[0] == 400


def test_the_browsers_key_opens_the_browsers_calls_alone(fresh: CardService) -> None:
    for key in (fault_proxy.PUBLISHABLE_KEY, "", "sk_test_other"):
        assert post(fresh, "/v1/customers", {}, key) == (401, None)
    setup = fresh.gateway.begin_setup(key="s", customer_id=card(fresh)[0], reference="CD-1")
    assert post(fresh, f"/v1/setup_intents/{setup.id}/confirm", {"key": "pk_test_other"}, "")[0] == 401


def test_the_browser_gets_the_script_and_may_call_from_another_origin(fresh: CardService) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", fresh.port, timeout=10)) as line:
        line.request("GET", "/js.stripe.com/v3/")
        answer = line.getresponse()
        assert (answer.status, answer.getheader("Content-Type")) == (200, "application/javascript; charset=utf-8")
        assert b"confirmCardSetup" in answer.read()
        line.request("OPTIONS", "/v1/setup_intents/seti_1/confirm", headers={"Origin": "http://127.0.0.1:8000"})
        answer = line.getresponse()
        answer.read()
        assert answer.getheader("Access-Control-Allow-Origin") == "http://127.0.0.1:8000"


def test_events_are_delivered_signed_until_they_are_answered(fresh: CardService) -> None:
    with standing((500, ""), (302, ""), (200, "")) as door:
        card(fresh)
        fresh.deliver_events(f"{door.url}/hooks/stripe")
        assert until(lambda: len(door.arrived) == 3)
        time.sleep(0.3)
    fresh.hold_events()
    assert len({body for _, body in door.arrived}) == 1
    for signature, body in door.arrived:
        event = stripe_events.read(body, signature, secret=fresh.secret, now=dt.datetime.now(dt.UTC))
        assert event.kind == "setup_intent.succeeded"


def test_events_come_often_and_out_of_order_when_asked(fresh: CardService) -> None:
    customer, method = card(fresh)
    fresh.take_events()
    with standing((200, "")) as door:
        fresh.deliver_events(f"{door.url}/", copies=3, latest_seconds=0.5, seed=1)
        for number in range(6):
            charge(fresh.gateway, customer, method, key=str(number))
        assert until(lambda: len(door.arrived) == 18)
    fresh.hold_events()
    ids = [json.loads(body)["id"] for _, body in door.arrived]
    assert [ids.count(one) for one in sorted(set(ids))] == [3] * 6
    assert ids != sorted(ids)


def listening(port: int) -> list[str]:
    """Return the addresses on which somebody listens at a port, as the kernel writes them."""
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]


def ports_of_child(log: Path) -> int:
    return int(log.read_text().split("Running on http://[::1]:")[1].split(" ")[0])


def test_both_servers_stand_on_loopback_and_end_with_whoever_started_them(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tests.harness.card_service import CardService\n"
        "with CardService(Path(sys.argv[1])) as service:\n"
        "    print(service.port, flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    proxy = int(parent.stdout.readline())
    log = tmp_path / "localstripe.log"
    assert until(lambda: "Running on" in log.read_text())
    behind = ports_of_child(log)
    assert (listening(proxy), listening(behind)) == (["0100007F"], ["00000000000000000000000001000000"])
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert until(lambda: listening(proxy) == listening(behind) == [])


def test_the_application_starts_without_the_library() -> None:
    program = "import sys, provider.app; sys.exit('stripe' in sys.modules or 'requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
