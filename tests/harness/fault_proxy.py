"""A server in front of localstripe that adds what it lacks and reality has: keys, faults, events, disputes, lists.

``python -m tests.harness.fault_proxy --port 8421 --webhook http://127.0.0.1:8000/hooks/stripe`` serves on 127.0.0.1
alone, starts localstripe as its own child, and keeps everything in memory until it is stopped.
"""

import argparse
import contextlib
import datetime as dt
import hashlib
import json
import os
import pickle
import random
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.harness.event_post import Post
from tests.harness.localstripe_alone import CLOCK_FILE
from tests.harness.proxied_account import ProxiedAccount, Refusal
from tests.harness.proxy_calls import Call, Request, understood
from tests.harness.service_words import KEY_LIFE, Fault
from tests.harness.upstream import Upstream

SECRET_KEY = "sk_test_demonstration"
PUBLISHABLE_KEY = "pk_test_demonstration"
SIGNING_SECRET = "whsec_demonstration"
SCRIPT = "/js.stripe.com/v3/"
WHITE, DARK_ON_IT = b"background: '#fff',", b" color: '#1a1a1a',"  # its bank's window takes our ink, light in the dark
CONTROL = "/_faults/"
BROKEN = {"error": {"type": "api_error", "message": "An error occurred on our side."}}
BUSY = {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests."}}
NOT_LET_IN = {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided."}}
PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


class Lost(Exception):
    """No answer goes out; ``reset`` says that the line is torn rather than closed."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self.reset = reset


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out."""

    status: int
    body: bytes
    kind: str = "application/json"


@dataclass
class _Kept:
    at: dt.datetime
    asked: str
    reply: Reply | None  # None while it is being worked on


class FaultProxy:
    """One account behind one port."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.post = Post(SIGNING_SECRET, now)
        self.account = ProxiedAccount(upstream, self.post.tell, now)
        self._lock = threading.RLock()
        self._keys_lock = threading.Lock()
        self._keys: dict[str, _Kept] = {}
        self._faults: list[tuple[str, Fault]] = []
        self._share = 0.0
        self._planned: tuple[Fault, ...] = ()
        self._random = random.Random(0)
        self._hang_seconds = 30.0
        self.calls: dict[str, int] = {}

    def keep(self, file: Path) -> None:
        """Write down everything that a later proxy goes on with; what was not delivered yet is asked for anew."""
        file.write_bytes(pickle.dumps((self.account.kept(), self._keys, self.post.last)))

    def take_up(self, file: Path) -> None:
        """Go on with what an earlier proxy wrote down."""
        kept, self._keys, self.post.last = pickle.loads(file.read_bytes())  # noqa: S301 - its own file
        self.account.take_up(kept)

    # Calls

    def answer(self, request: Request) -> Reply:
        """Answer a call, or not."""
        try:
            call = understood(request)
        except Refusal as refusal:
            return _refused(refusal)
        fault = self._next_fault(call)
        if fault in {Fault.LOST_BEFORE, Fault.RESET}:
            raise Lost(reset=fault is Fault.RESET)
        if fault is Fault.BUSY:
            return _json(429, BUSY)
        if fault is Fault.BROKEN:
            return _json(500, BROKEN)
        if fault is Fault.KEYS:
            return _json(401, NOT_LET_IN)
        if fault is Fault.PAGE:
            return Reply(502, PAGE, "text/html; charset=utf-8")
        reply = self._once(request, call, fault) if request.key else self._done(call, fault)
        if fault is Fault.LOST_AFTER:
            raise Lost
        return reply

    def _next_fault(self, call: Call) -> Fault | None:
        if not call.names:  # the browser's own calls go through
            return None
        with self._keys_lock:
            for name in call.names:
                self.calls[name] = self.calls.get(name, 0) + 1
            for waiting in self._faults:
                if waiting[0] in {"", *call.names}:
                    self._faults.remove(waiting)
                    return waiting[1]
            if self._planned and self._random.random() < self._share:
                return self._random.choice(self._planned)
        return None

    def _once(self, request: Request, call: Call, fault: Fault | None) -> Reply:
        """Do what a key asks, unless it was used: then its answer is the first one's for 24 hours."""
        key, asked = request.key or "", _fingerprint(request)
        with self._keys_lock:
            used = self._keys.get(key)
            if used is not None and now() - used.at <= KEY_LIFE:
                return _again(used, asked)
            self._keys[key] = kept = _Kept(now(), asked, None)
        reply = None
        try:
            reply = self._done(call, fault)
        finally:
            with self._keys_lock:
                if reply is None or (400 <= reply.status < 500 and reply.status != 402):
                    del self._keys[key]  # nothing was begun
                else:
                    kept.reply = reply
        return reply

    def _done(self, call: Call, fault: Fault | None) -> Reply:
        if fault is Fault.HANG:
            time.sleep(self._hang_seconds)
        if fault is Fault.BROKEN_KEPT:
            return _json(500, BROKEN)
        with self._lock:
            try:
                reply = _json(200, call.act(self.account))
            except Refusal as refusal:
                reply = _refused(refusal)
        return _json(500, BROKEN) if fault is Fault.BROKEN_AFTER else reply

    # What a test or the demonstration changes

    def control(self, verb: str, asked: dict[str, Any]) -> object:
        """Do what a test asks; see tests.harness.card_service."""
        with self._lock:
            return getattr(self, f"do_{verb}")(**asked)  # an unknown verb is a mistake of the test, and told as 500

    def do_reset(self) -> None:
        self.account.clear()
        self.post.clear()
        self._keys.clear()
        self._faults.clear()
        self._planned = ()
        self.calls.clear()

    def do_fail(self, faults: list[str], call: str) -> None:
        self._faults.extend((call, Fault(fault)) for fault in faults)

    def do_plan(self, seed: int, share: float, faults: list[str]) -> None:
        self._random, self._share = random.Random(seed), share
        self._planned = tuple(Fault(fault) for fault in faults)

    def do_hang(self, seconds: float) -> None:
        self._hang_seconds = seconds

    def do_forget_keys(self) -> None:
        self._keys.clear()

    def do_outcomes(self, charges: list[str], returns: list[str]) -> None:
        self.account.charge_outcomes.extend(charges)
        self.account.return_outcomes.extend(returns)

    def do_settle_charge(self, intent: str, *, success: bool) -> object:
        return self.account.seen(self.account.settle_charge(intent, success=success), whole_charge=True)

    def do_settle_return(self, refund: str, status: str, failure: str | None) -> object:
        return self.account.settle_return(refund, status, failure)

    def do_give_back(self, intent: str, cents: int) -> object:
        return self.account.give_back({"payment_intent": intent, "amount": str(cents)})

    def do_open_dispute(self, intent: str, cents: int | None, reason: str, status: str) -> object:
        return self.account.open_dispute(intent, cents, reason, status)

    def do_escalate(self, dispute: str) -> object:
        return self.account.escalate(dispute)

    def do_close_dispute(self, dispute: str, status: str) -> object:
        return self.account.close_dispute(dispute, status)

    def do_intents(self) -> object:
        return [self.account.seen(one, whole_charge=True) for one in self.account.intents.values()]

    def do_setup(self, setup: str) -> object:
        return self.account.setups[setup]

    def do_totals(self) -> object:
        disputed: dict[str, int] = {}
        for one in self.account.disputes.values():
            if one["status"] in {"needs_response", "lost"}:
                disputed[one["payment_intent"]] = disputed.get(one["payment_intent"], 0) + one["amount"]
        returned: dict[str, int] = {}
        for one in self.account.refunds.values():
            if one["status"] != "failed":
                returned[one["payment_intent"]] = returned.get(one["payment_intent"], 0) + one["amount"]
        return {
            one["id"]: [one["amount"], returned.get(one["id"], 0), disputed.get(one["id"], 0)]
            for one in self.account.intents.values()
            if one["status"] == "succeeded"
        }

    def do_events(self, **habits: Any) -> None:  # noqa: ANN401 - the fields of Habits
        self.post.change(**habits)

    def do_take_events(self) -> object:
        return [[one.id, one.kind, one.object_id, one.body.decode()] for one in self.post.take()]

    def do_calls(self) -> object:
        return self.calls


class Handler(BaseHTTPRequestHandler):
    """The door: calls with the secret key, the browser's calls, the script, and what a test changes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one piece
    proxy: FaultProxy

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_OPTIONS(self) -> None:
        self._send(Reply(200, b""))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Say nothing; localstripe's own log tells what arrived there."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            reply = self._reply(urlsplit(self.path).path, body)
        except Lost as lost:
            if lost.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # whoever asked has given up waiting
            self._send(reply)

    def _reply(self, path: str, body: bytes) -> Reply:
        if path.startswith(CONTROL):
            try:
                return _json(200, self.proxy.control(path.removeprefix(CONTROL), json.loads(body or b"{}")))
            except Refusal as refusal:
                return _refused(refusal)
        if path == SCRIPT:
            script = self.proxy.upstream.page(path)[0].replace(WHITE, WHITE + DARK_ON_IT)
            return Reply(200, script, "application/javascript; charset=utf-8")
        request = self._request(path, body)
        if not self._trusted(request):
            return _json(401, NOT_LET_IN)
        return self.proxy.answer(request)

    def _request(self, path: str, body: bytes) -> Request:
        params = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        asked: dict[str, Any] = {}
        if body.startswith(b"{"):
            asked = json.loads(body)
        else:
            params |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        return Request(self.command, path, params, asked, self.headers.get("Idempotency-Key"))

    def _trusted(self, request: Request) -> bool:
        if self.headers.get("Authorization") == f"Bearer {SECRET_KEY}":
            return True
        return request.json.get("key") == PUBLISHABLE_KEY and not understood(request).names

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        if origin := self.headers.get("Origin"):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Headers", "Content-Type, Accept")
            self.send_header("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
        self.end_headers()
        self.wfile.write(reply.body)


def now() -> dt.datetime:
    """Return the instant in the file that TEST_CLOCK_FILE names, if it says one, else this one."""
    name = os.environ.get(CLOCK_FILE)
    with contextlib.suppress(FileNotFoundError):
        if name and (written := Path(name).read_text()):
            return dt.datetime.fromisoformat(written)
    return dt.datetime.now(dt.UTC)


@contextlib.contextmanager
def serving(port: int, log: Path, webhook: str, state: Path | None = None) -> Iterator[ThreadingHTTPServer]:
    """Start localstripe and the proxy in front of it; both go on with what they left in the folder ``state``."""
    own, theirs = (None, None) if state is None else (state / "proxy", state / "localstripe")
    with Upstream(log, theirs) as upstream:
        proxy = FaultProxy(upstream)
        if own is not None and own.exists():
            proxy.take_up(own)
        proxy.post.change(url=webhook, held=not webhook)
        server = ThreadingHTTPServer(("127.0.0.1", port), type("Door", (Handler,), {"proxy": proxy}))
        server.daemon_threads = True
        with server:
            yield server
        if own is not None:
            proxy.keep(own)


def main() -> None:
    """Serve until told to stop, or until the parent ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8421)
    parser.add_argument("--webhook", default="", help="where events are delivered; none: they are kept")
    parser.add_argument("--log", type=Path, default=Path(tempfile.gettempdir()) / f"localstripe-{os.getpid()}.log")
    parser.add_argument("--state", type=Path, default=None, help="the folder in which to keep everything")
    parser.add_argument("--with-parent", action="store_true", help="end when the standard input does")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with serving(options.port, options.log, options.webhook, options.state) as server:
        if options.with_parent:
            threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
        server.serve_forever(poll_interval=0.1)


def _end_with_parent(server: ThreadingHTTPServer) -> None:
    while os.read(sys.stdin.fileno(), 65_536):
        pass
    server.shutdown()


def _again(used: _Kept, asked: str) -> Reply:
    if used.asked != asked:
        message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        return _json(400, {"error": {"type": "idempotency_error", "message": message}})
    if used.reply is None:
        message = "There is currently another in-progress request using this key."
        error = {"type": "invalid_request_error", "code": "idempotency_key_in_use", "message": message}
        return _json(409, {"error": error})
    return used.reply


def _fingerprint(request: Request) -> str:
    asked = json.dumps([request.method, request.path, sorted(request.params.items())])
    return hashlib.sha256(asked.encode()).hexdigest()


def _refused(refusal: Refusal) -> Reply:
    return _json(refusal.status, {"error": refusal.error})


def _json(status: int, answer: object) -> Reply:
    return Reply(status, json.dumps(answer).encode())


if __name__ == "__main__":
    main()
