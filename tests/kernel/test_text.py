"""Text as people type it, for whatever they type."""

import email.utils
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.kernel.text import LONGEST_EMAIL, email_address, normal, refused_characters, words

ATOM = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=20)
LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)


@given(st.text())
def test_text_is_kept_but_for_its_form_and_its_edges(typed: str) -> None:
    kept = normal(typed)
    assert kept == normal(kept)
    assert unicodedata.is_normalized("NFC", kept)
    assert unicodedata.normalize("NFC", typed.replace("\r\n", "\n")).strip() == kept


@pytest.mark.parametrize(
    "name",
    [
        "Ana Ñúñez",
        "\u02bbOkina Ka\u02bbahumanu",
        "李小龍",
        "ביאליק",
        "محمد",
        "O’Brien",
        "Zoë \U0001f469\u200d\u2695\ufe0f",
        "e\u0301",
        "\U0001d49c\U0001d4c3\U0001d4b6",
    ],
    ids=["accents", "okina", "han", "hebrew", "arabic", "apostrophe", "emoji with joiner", "combining", "4 bytes"],
)
def test_names_of_all_scripts_are_taken(name: str) -> None:
    assert not refused_characters(normal(name), lines=False)


@pytest.mark.parametrize(
    "typed",
    [
        "Ana\x00",
        "Ana\r\nBcc: x@example.org",
        "Ana\nB",
        "Ana\x1b[2J",
        "Ana\u202egnp.exe",
        "\u2066Ana",
        "Ana\x7f",
        "\ud800",
    ],
    ids=["nul", "header", "line", "escape", "override", "isolate", "delete", "surrogate"],
)
def test_what_could_deceive_or_break_is_refused(typed: str) -> None:
    assert refused_characters(normal(typed), lines=False)


def test_lines_are_taken_only_where_they_are_asked_for() -> None:
    assert not refused_characters("one\ntwo\tthree", lines=True)
    assert refused_characters("one\ntwo", lines=False)
    assert refused_characters("one\x00two", lines=True)
    assert refused_characters("one\u202etwo", lines=True)


@given(st.text())
def test_control_characters_are_always_refused(typed: str) -> None:
    has_control = any(unicodedata.category(character) in {"Cc", "Cs"} for character in typed)
    assert refused_characters(typed, lines=False) >= has_control


@given(ATOM, st.lists(LABEL, min_size=1, max_size=3))
def test_an_address_is_taken_in_lower_case(local: str, labels: list[str]) -> None:
    address = f"{local}@{'.'.join(labels)}.org"
    assert email_address(f"  {address.upper()} ") == address.lower()


@given(st.text() | st.from_regex(r"[a-z.,;<>@ \"()\r\n]+@[a-z.,;<>@ \r\n]+"))
def test_whatever_is_taken_is_exactly_one_address(typed: str) -> None:
    address = email_address(typed)
    if address is not None:
        assert email.utils.getaddresses([address]) == [("", address)]
        assert address.isascii()
        assert address == address.lower()
        assert len(address) <= LONGEST_EMAIL
        assert email_address(address) == address


@pytest.mark.parametrize(
    "typed",
    [
        "ana@example.org,eve@example.org",
        "ana@example.org; eve@example.org",
        "ana@example.org eve@example.org",
        "Ana <ana@example.org>",
        "<ana@example.org>",
        "ana@example.org\r\nBcc: eve@example.org",
        "ana@example.org\x00",
        "=?utf-8?q?ana?=@example.org, x",
        '"ana"@example.org',
        "ana(comment)@example.org",
        "ana@[127.0.0.1]",
        "ana@localhost",
        "ana..b@example.org",
        ".ana@example.org",
        "ana.@example.org",
        "ana@example..org",
        "ana@-example.org",
        "a\u0430@example.org",
        "@example.org",
        "ana@",
        "ana",
        "",
        f"{'a' * 65}@example.org",
        f"ana@{'d' * 64}.org",
        f"ana@{'d' * 60}.{'d' * 60}.{'d' * 60}.{'d' * 60}.{'d' * 20}.org",
    ],
)
def test_anything_but_one_plain_address_is_refused(typed: str) -> None:
    assert email_address(typed) is None


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"),
        ("Ana+News@Example.ORG", "ana+news@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
    ],
)
def test_variants_of_one_address_are_one_address(typed: str, kept: str) -> None:
    assert email_address(typed) == kept


@pytest.mark.parametrize(
    "text, found",
    [
        ("Ana Ñúñez", ["ana", "nunez"]),
        ("STRASSE Straße", ["strasse"]),
        ("İstanbul", ["istanbul"]),
        ("ana.b@example.org", ["ana", "b", "example", "org"]),
        ("E-7K2M9Q4T", ["e", "7k2m9q4t"]),
        ("ﬁne", ["fine"]),
        ("", []),
        ("!!! _", []),
    ],
)
def test_search_words_ignore_case_and_accents(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text())
def test_search_words_are_found_by_their_own_words(text: str) -> None:
    found = words(text)
    assert len(found) == len(set(found))
    assert all(word and not word.isspace() for word in found)
