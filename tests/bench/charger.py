"""The payment server alone: Stripe's own client charging one card again and again, with nothing of ours around it."""

import sys
import time

from config import Config
from provider.payments.stripe_gateway import StripeGateway
from tests.harness import fault_proxy


def main() -> None:
    """Charge as often as asked, after a line on stdin; print when it began and when it ended."""
    url, customer, method, count, tag = sys.argv[1:]
    gateway = StripeGateway(Config(STRIPE_SECRET_KEY=fault_proxy.SECRET_KEY, STRIPE_API_URL=url))
    gateway.intents_of(customer)  # the line is open, and everything imported
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.time()
    for number in range(int(count)):
        gateway.charge(
            key=f"{tag}-{number}",
            amount_cents=10_000,
            customer_id=customer,
            method_id=method,
            reference=f"bench-{tag}-{number}",
            present=False,
        )
    print(began, time.time(), flush=True)


if __name__ == "__main__":
    main()
