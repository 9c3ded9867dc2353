"""The payment service over the line, as a test holds it: the fault proxy as its own process, localstripe behind."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from config import Config
from provider.payments import stripe_values
from provider.payments.gateway import (
    Dispute,
    DisputeStatus,
    Gateway,
    Intent,
    IntentStatus,
    Refused,
    Return,
    ReturnStatus,
    Setup,
)
from provider.payments.stripe_gateway import StripeGateway
from tests.harness import fault_proxy
from tests.harness.localstripe_alone import CLOCK_FILE
from tests.harness.server import ROOT, free_port
from tests.harness.service_shapes import dispute_word
from tests.harness.service_words import Fault, Sent, Total

START_SECONDS = 30.0


class CardService:
    """A running service; ends with the block, or with the process that started it.

    With ``keep`` it goes on with what one in the same folder had when it ended.
    """

    def __init__(self, folder: Path, *, webhook: str = "", clock_file: Path | None = None, keep: bool = False) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.js_url = f"{self.url}{fault_proxy.SCRIPT}"
        self.secret = fault_proxy.SIGNING_SECRET
        self._log = folder / "localstripe.log"
        self._webhook = webhook
        self._clock_file = clock_file
        self._state = folder if keep else None
        self._process: subprocess.Popen[bytes] | None = None
        self._gateway: Gateway | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of an application that uses it."""
        return {
            "STRIPE_SECRET_KEY": fault_proxy.SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": fault_proxy.PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRET": self.secret,
            "STRIPE_API_URL": self.url,
            "STRIPE_JS_URL": self.js_url,
        }

    @property
    def gateway(self) -> Gateway:
        if self._gateway is None:
            self._gateway = StripeGateway(
                Config(
                    STRIPE_SECRET_KEY=fault_proxy.SECRET_KEY,
                    STRIPE_PUBLISHABLE_KEY=fault_proxy.PUBLISHABLE_KEY,
                    STRIPE_WEBHOOK_SECRET=self.secret,
                    STRIPE_API_URL=self.url,
                )
            )
        return self._gateway

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.harness.fault_proxy", "--port", str(self.port), "--with-parent"]
        command += ["--log", str(self._log), "--webhook", self._webhook]
        command += [] if self._state is None else ["--state", str(self._state)]
        clock = {} if self._clock_file is None else {CLOCK_FILE: str(self._clock_file)}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | clock, stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        self.__exit__(None, None, None)
        message = f"the payment service did not start:\n{self._log.read_text()}"
        raise AssertionError(message)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()  # which it ends by
        self._process.wait(15)

    # What the browser, the bank, the dashboard and the line do: tests.harness.service_words.Play.

    def confirm_setup(self, setup_id: str, number: str, *, authenticate: bool = True) -> Setup:
        setup = self._control("setup", setup=setup_id)
        asked = {"key": fault_proxy.PUBLISHABLE_KEY, "client_secret": setup["client_secret"], "use_stripe_sdk": True}
        card = {"number": number, "exp_month": "12", "exp_year": "2034", "cvc": "123"}
        path = f"/v1/setup_intents/{setup_id}"
        status, answer = self._post(f"{path}/confirm", asked | {"payment_method_data": {"type": "card", "card": card}})
        if status == 200 and answer["status"] == "requires_action":
            status, answer = self._post(f"{path}/{'confirm' if authenticate else 'cancel'}", asked)
        if status not in {200, 402}:
            raise Refused(str(answer))
        return stripe_values.setup(self._control("setup", setup=setup_id))

    def authenticate(self, intent_id: str, *, success: bool = True) -> Intent:
        asked = {"key": fault_proxy.PUBLISHABLE_KEY, "client_secret": self._intents()[intent_id]["client_secret"]}
        status, answer = self._post(
            f"/v1/payment_intents/{intent_id}/_authenticate?success={str(success).lower()}", asked
        )
        if status not in {200, 402}:
            raise Refused(str(answer))
        return stripe_values.intent(self._intents()[intent_id])

    def charge_will(self, *outcomes: IntentStatus) -> None:
        self._control("outcomes", charges=[one.value for one in outcomes], returns=[])

    def settle_charge(self, intent_id: str, *, success: bool = True) -> Intent:
        return stripe_values.intent(self._control("settle_charge", intent=intent_id, success=success))

    def return_will(self, *outcomes: ReturnStatus) -> None:
        self._control("outcomes", charges=[], returns=[one.value for one in outcomes])

    def settle_return(self, return_id: str, status: ReturnStatus, *, failure: str | None = None) -> Return:
        asked = {"refund": return_id, "status": status.value, "failure": failure}
        return stripe_values.given_back(self._control("settle_return", **asked))

    def return_in_dashboard(self, intent_id: str, cents: int) -> Return:
        return stripe_values.given_back(self._control("give_back", intent=intent_id, cents=cents))

    def open_dispute(self, intent_id: str, cents: int | None = None, *, reason: str = "fraudulent") -> Dispute:
        return self._disputed(intent_id, cents, reason, DisputeStatus.OPEN)

    def inquire(self, intent_id: str, *, reason: str = "unrecognized") -> Dispute:
        return self._disputed(intent_id, None, reason, DisputeStatus.INQUIRY)

    def escalate(self, dispute_id: str) -> Dispute:
        return stripe_values.dispute(self._control("escalate", dispute=dispute_id))

    def close_dispute(self, dispute_id: str, status: DisputeStatus) -> Dispute:
        return stripe_values.dispute(self._control("close_dispute", dispute=dispute_id, status=dispute_word(status)))

    def fail_next(self, *faults: Fault, call: str = "") -> None:
        self._control("fail", faults=[fault.value for fault in faults], call=call)

    def forget_keys(self) -> None:
        self._control("forget_keys")

    def take_events(self) -> list[Sent]:
        return [Sent(one[0], one[1], one[2], one[3].encode()) for one in self._control("take_events")]

    def totals(self) -> dict[str, Total]:
        return {name: Total(*cents) for name, cents in self._control("totals").items()}

    def charges_by_reference(self) -> dict[str, list[Intent]]:
        charges: dict[str, list[Intent]] = {}
        for answer in self._control("intents"):
            intent = stripe_values.intent(answer)
            charges.setdefault(intent.reference or "", []).append(intent)
        return charges

    # What only the line has

    def reset(self) -> None:
        """Forget everything, as if it had just been started; events are kept back again unless there is a webhook."""
        self._control("reset")
        self._control("events", url=self._webhook, held=not self._webhook)

    def plan_faults(self, seed: int, share: float, *faults: Fault) -> None:
        """Let a share of all calls go wrong, chosen by a seed; a share of 0 ends it."""
        self._control("plan", seed=seed, share=share, faults=[fault.value for fault in faults])

    def hang_for(self, seconds: float) -> None:
        """Say how long HANG takes."""
        self._control("hang", seconds=seconds)

    def hold_events(self) -> None:
        """Keep events back from now on, until they are taken or delivered."""
        self._control("events", held=True)

    def deliver_events(
        self, url: str | None = None, *, copies: int = 1, latest_seconds: float = 0.0, seed: int = 0
    ) -> None:
        """Deliver what waits and what will happen: each so often, late by up to so much, and so out of order."""
        habits = {"held": False, "copies": copies, "latest_seconds": latest_seconds, "seed": seed}
        self._control("events", **habits, **({} if url is None else {"url": url}))

    def calls(self) -> dict[str, int]:
        """Count the calls that arrived, by the gateway's names."""
        counted: dict[str, int] = self._control("calls")
        return counted

    def _disputed(self, intent_id: str, cents: int | None, reason: str, status: DisputeStatus) -> Dispute:
        asked = {"intent": intent_id, "cents": cents, "reason": reason, "status": dispute_word(status)}
        return stripe_values.dispute(self._control("open_dispute", **asked))

    def _intents(self) -> dict[str, Any]:
        return {one["id"]: one for one in self._control("intents")}

    def _control(self, verb: str, **asked: object) -> Any:  # noqa: ANN401 - each verb has an answer of its own
        status, answer = self._post(f"{fault_proxy.CONTROL}{verb}", asked)
        if status != 200:
            raise Refused(str(answer))
        return answer

    def _post(self, path: str, asked: Mapping[str, object]) -> tuple[int, Any]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)) as line:
            line.request("POST", path, json.dumps(asked), {"Content-Type": "text/plain;charset=UTF-8"})
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
