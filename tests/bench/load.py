"""Closed-loop clients over kept-alive connections on loopback, run as a process of their own.

One thread and one selector drive all clients, so that no client waits for another's interpreter lock. Each line on
stdin is an order as JSON, each line on stdout what came of it.
"""

import gc
import hashlib
import hmac
import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass, field
from html import unescape
from urllib.parse import urlencode

GIVE_UP_SECONDS = 60.0
MOST_ERRORS = 20
_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')


class Unexpected(Exception):
    """An answer that the story cannot go on with."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to do: which story, against which port, by how many clients, until when."""

    story: str
    port: int
    clients: int
    seconds: float
    most: int = 1_000_000
    path: str = "/"
    cookie: str = ""
    etag: str = ""
    secret: str = ""
    tag: str = "0"


@dataclass(slots=True)
class Outcome:
    """How many stories came to their end in how many seconds, how long steps took, and what went wrong."""

    flows: int = 0
    seconds: float = 0.0
    took: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    statements: dict[str, int] = field(default_factory=dict)
    commits: dict[str, int] = field(default_factory=dict)
    body: str = ""
    cookie: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a story, named for the table."""

    step: str
    method: str
    path: str
    form: dict[str, str] | None = None
    status: int = 200
    etag: str = ""
    json: bytes = b""
    headers: tuple[str, ...] = ()


@dataclass(slots=True)
class Answer:
    """One answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


Story = Generator[Ask, Answer, None]


def reading(order: Order, _: str) -> Story:
    """Open one page."""
    yield Ask("get", "GET", order.path)


def revisiting(order: Order, _: str) -> Story:
    """Ask for one page again with the ETag of the copy at hand; the answer must be that the copy is still right."""
    answer = yield Ask("get", "GET", order.path, status=304, etag=order.etag)
    if answer.headers.get("etag") != order.etag:
        message = f"{order.path} answered 304 for another ETag than that of the copy"
        raise Unexpected(message)


def bare_enrollment(_: Order, name: str) -> Story:
    """Enroll in the bare application: page, form, post, confirmation."""
    yield Ask("page", "GET", "/page")
    yield Ask("form", "GET", "/enroll")
    answers = {"program": "ccma", "plan": "1", "name": name, "email": f"{name}@example.org"}
    sent = yield Ask("post", "POST", "/enroll", answers, 303)
    yield Ask("done", "GET", sent.headers["location"])


def enrollment(order: Order, name: str) -> Story:
    """Enroll in the product: program page, form, post of everything the form holds, confirmation."""
    yield Ask("page", "GET", order.path)
    form = yield Ask("form", "GET", f"{order.path}/enroll?plan=upfront")
    given = fields(form.text) | {
        "legal_name": f"Student {name}",
        "email": f"{name}@example.org",
        "phone": "(555) 010-0199",
        "state": "NY",
        "zip": "10001",
        "zone": "America/New_York",  # the form's script writes it there
        "signature": f"Student {name}",
    }
    sent = yield Ask("post", "POST", f"{order.path}/enroll", given, 303)
    shown = yield Ask("done", "GET", sent.headers["location"])
    if name.encode() not in shown.body:
        raise Unexpected("the confirmation does not name the student")


def sign_in(order: Order, _: str) -> Story:
    """Sign in by the form; `path` holds address and password, divided by a blank."""
    email, _blank, password = order.path.partition(" ")
    form = yield Ask("form", "GET", "/sign-in")
    yield Ask("post", "POST", "/sign-in", fields(form.text) | {"email": email, "password": password}, 303)


def event(order: Order, name: str) -> Story:
    """Tell what happened to a charge, as the payment service does; `path` is where, `secret` what it is signed with."""
    at = int(time.time())
    thing = {
        "id": f"pi_{name}",
        "object": "payment_intent",
        "amount": 64_900,
        "currency": "usd",
        "customer": f"cus_{name}",
        "metadata": {"reference": "CH-UNKNOWN"},
        "status": "succeeded",
    }
    told = {
        "id": f"evt_{name}",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": at,
        "livemode": False,
        "data": {"object": thing},
    }
    body = json.dumps(told).encode()
    signature = hmac.new(order.secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    yield Ask("post", "POST", order.path, json=body, headers=(f"Stripe-Signature: t={at},v1={signature}",))


STORIES: dict[str, Callable[[Order, str], Story]] = {
    "reading": reading,
    "revisiting": revisiting,
    "bare_enrollment": bare_enrollment,
    "enrollment": enrollment,
    "sign_in": sign_in,
    "event": event,
}

# Connections come and go as people do; eight that stay for good may all have landed with one worker.
PAGES_TO_A_CONNECTION = 50
OF_ONE_PAGE = ("reading", "revisiting", "event")


def fields(html: str) -> dict[str, str]:
    """Return hidden fields with their values, every box ticked, and the first choice of each set of radio buttons."""
    found: dict[str, str] = {}
    for tag in _INPUT.findall(html):
        attributes = dict(_ATTRIBUTE.findall(tag[6:]))
        name, kind = attributes.get("name"), attributes.get("type")
        if not name:
            continue
        if kind == "hidden" or (kind == "radio" and "checked" in attributes):
            found[name] = unescape(attributes.get("value", ""))
        elif kind == "checkbox":
            found[name] = "on"
    return found


class Client:
    """One browser: a kept connection, its cookies, and the story it is in."""

    def __init__(self, order: Order, number: int, outcome: Outcome) -> None:
        self.order, self.number, self.outcome = order, number, outcome
        self.told = 0
        self.connection: socket.socket | None = None
        self.watched = False
        self.received = bytearray()
        self.cookies: dict[str, str] = {}
        self.story: Story
        self.ask: Ask
        self.began = self.sent = 0.0

    def begin(self) -> None:
        """Start the next story as somebody new."""
        self.told += 1
        self.cookies = dict(pair.split("=", 1) for pair in self.order.cookie.split("; ") if pair)
        self.story = STORIES[self.order.story](self.order, f"c{self.order.tag}x{self.number}x{self.told}")
        self.began = time.perf_counter()
        self.send(next(self.story))

    def send(self, ask: Ask) -> None:
        """Send one request."""
        if self.connection is None:
            self.connection = socket.create_connection(("127.0.0.1", self.order.port), timeout=GIVE_UP_SECONDS)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = urlencode(ask.form).encode() if ask.form is not None else ask.json
        head = [f"{ask.method} {ask.path} HTTP/1.1", f"Host: 127.0.0.1:{self.order.port}", "Accept: text/html"]
        if self.cookies:
            head.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if ask.etag:
            head.append(f"If-None-Match: {ask.etag}")
        if ask.form is not None:
            head += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        elif ask.json:
            head += ["Content-Type: application/json; charset=utf-8", f"Content-Length: {len(body)}", *ask.headers]
        self.ask, self.sent = ask, time.perf_counter()
        self.connection.sendall("\r\n".join([*head, "", ""]).encode() + body)

    def receive(self) -> Answer | None:
        """Read what has come; the answer once it is whole."""
        assert self.connection is not None
        piece = self.connection.recv(1 << 18)
        if not piece:
            message = f"{self.ask.step}: the connection was closed before the answer"
            raise Unexpected(message)
        self.received += piece
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return None
        lines = self.received[:end].decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self.cookies[cookie] = content
            headers[name.lower()] = value
        status = int(lines[0].split(" ", 2)[1])
        length = 0 if status == 304 else int(headers["content-length"])
        if len(self.received) < end + 4 + length:
            return None
        answer = Answer(status, headers, bytes(self.received[end + 4 :]))
        self.received.clear()
        return answer

    def take(self, answer: Answer) -> bool:
        """Keep what was measured and go on with the story; False at its end."""
        now = time.perf_counter()
        outcome, ask = self.outcome, self.ask
        outcome.took.setdefault(ask.step, []).append(now - self.sent)
        if "x-statements" in answer.headers:
            outcome.statements[ask.step] = int(answer.headers["x-statements"])
            outcome.commits[ask.step] = int(answer.headers["x-commits"])
        if answer.status != ask.status:
            message = f"{ask.method} {ask.path} answered {answer.status}: {answer.text[-1500:]}"
            raise Unexpected(message)
        try:
            self.send(self.story.send(answer))
        except StopIteration:
            outcome.flows += 1
            outcome.took.setdefault("flow", []).append(now - self.began)
            outcome.body = answer.text
            outcome.etag = answer.headers.get("etag", "")
            outcome.cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            return False
        return True


class Crowd:
    """All clients of one order."""

    def __init__(self, order: Order) -> None:
        self.order, self.outcome = order, Outcome()
        self.selector = selectors.DefaultSelector()
        self.begun = 0
        self.deadline = 0.0
        self.stories_to_a_connection = PAGES_TO_A_CONNECTION if order.story in OF_ONE_PAGE else 1

    def run(self) -> Outcome:
        """Let the clients tell their stories again and again until the time or the count is up."""
        started = time.perf_counter()
        self.deadline = started + self.order.seconds
        for number in range(self.order.clients):
            self.begin_next(Client(self.order, number, self.outcome))
        while self.selector.get_map():
            ready = self.selector.select(GIVE_UP_SECONDS)
            if not ready:
                self.outcome.errors.append(f"no answer for {GIVE_UP_SECONDS:.0f} s")
                break
            for key, _ in ready:
                self.hear(key.data)
        self.outcome.seconds = time.perf_counter() - started
        return self.outcome

    def begin_next(self, client: Client) -> None:
        """Begin a client's next story, unless the time or the count is up."""
        if self.begun >= self.order.most or time.perf_counter() >= self.deadline:
            self.leave(client)
            return
        self.begun += 1
        if client.told % self.stories_to_a_connection == 0:
            self.leave(client)
        client.begin()
        self.watch(client)

    def hear(self, client: Client) -> None:
        """Take in what a client's server sent, and let the client go on."""
        try:
            answer = client.receive()
            if answer is None:
                return
            if answer.headers.get("connection") == "close":
                self.leave(client)
            if client.take(answer):
                self.watch(client)
            else:
                self.begin_next(client)
        except (OSError, Unexpected) as error:
            self.outcome.errors.append(f"{type(error).__name__}: {error}")
            self.leave(client)
            if len(self.outcome.errors) < MOST_ERRORS:
                self.begin_next(client)

    def watch(self, client: Client) -> None:
        """Wait for a client's answer; a connection that is kept is watched already."""
        if client.connection is not None and not client.watched:
            self.selector.register(client.connection, selectors.EVENT_READ, client)
            client.watched = True

    def leave(self, client: Client) -> None:
        """Hang up; the client's next request calls again."""
        if client.connection is not None:
            if client.watched:
                self.selector.unregister(client.connection)
            client.connection.close()
        client.connection, client.watched = None, False
        client.received.clear()


def main() -> None:
    """Do orders until stdin ends."""
    gc.disable()
    for line in sys.stdin:
        outcome = Crowd(Order(**json.loads(line))).run()
        print(json.dumps(asdict(outcome)), flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
