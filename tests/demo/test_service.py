"""The payment service of a demonstration that is kept: it goes on where it stopped."""

from pathlib import Path

from tests.harness.card_service import CardService
from tests.harness.service_words import GOOD, Total


def _paid(service: CardService, reference: str) -> str:
    """Save a card and charge it; returns the intent."""
    customer = service.gateway.create_customer(key=f"customer {reference}", reference=reference)
    setup = service.gateway.begin_setup(key=f"setup {reference}", customer_id=customer, reference=reference)
    method = service.confirm_setup(setup.id, GOOD).method_id
    assert method is not None
    return service.gateway.charge(
        key=f"charge {reference}",
        amount_cents=52_500,
        customer_id=customer,
        method_id=method,
        reference=reference,
        present=True,
    ).id


def test_what_is_kept_is_there_again_and_its_events_have_other_names(tmp_path: Path) -> None:
    with CardService(tmp_path, keep=True) as service:
        intent = _paid(service, "CH-1")
        told = {one.id for one in service.take_events()}
    with CardService(tmp_path, keep=True) as service:
        assert service.gateway.intent(intent).amount_cents == 52_500
        assert (
            service.gateway.give_back(key="back", intent_id=intent, amount_cents=500, reference="PO-1").intent_id
            == intent
        )
        assert service.totals() == {intent: Total(52_500, 500, 0)}
        again = {one.id for one in service.take_events()}
    assert told
    assert again
    assert told.isdisjoint(again)


def test_what_is_not_kept_is_forgotten(tmp_path: Path) -> None:
    with CardService(tmp_path) as service:
        _paid(service, "CH-1")
    with CardService(tmp_path) as service:
        assert service.totals() == {}
