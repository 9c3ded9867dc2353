"""What an https address changes: cookies, headers, and what a start is refused for."""

from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask, Response

from config import Config, ConfigError
from provider.accounts import devices
from provider.app import create_app
from provider.kernel.database import db

KEY = "k" * 40
HTTPS = {"BASE_URL": "https://school.example.org", "SECRET_KEY": KEY}


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("production")
    app = create_app(replace(Config.load(HTTPS | {"INSTANCE_DIR": str(folder)}), PASSWORD_MEMORY_KIB=64))
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    return app


def test_cookies_travel_by_https_only_and_belong_to_this_host(production: Flask) -> None:
    answer = production.test_client().get("/sign-in", base_url="https://school.example.org")
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    attributes = {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in rest.split(";")[1:]}
    assert name == "__Host-session"
    assert {"Secure", "HttpOnly", "Path", "SameSite"} <= set(attributes)
    assert (attributes["Path"], attributes["SameSite"], "Domain" in attributes) == ("/", "Lax", False)


def test_the_cookie_of_a_known_browser_belongs_to_this_host_alone(production: Flask) -> None:
    with production.test_request_context("/sign-in", base_url="https://school.example.org"):
        devices.remember("P-22222222")
        answer = production.process_response(Response())
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if "device" in each]
    name, _, rest = cookie.partition("=")
    assert name == "__Host-device"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(rest.split("; "))
    assert "Domain" not in rest


def test_browsers_are_told_to_stay_with_https(production: Flask) -> None:
    answer = production.test_client().get("/nowhere", base_url="https://school.example.org")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "school.example.org.evil.example"])
def test_another_host_is_refused(production: Flask, host: str) -> None:
    answer = production.test_client().get("/sign-in", base_url=f"https://{host}")
    assert answer.status_code == 400
    assert host not in answer.get_data(as_text=True)


def test_a_form_sent_from_another_site_is_refused(production: Flask) -> None:
    client = production.test_client()
    page = client.get("/sign-in", base_url="https://school.example.org").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"email": "a@example.org", "password": "a wrong password", "csrf_token": token}
    for referrer, status in (
        ("https://evil.example/", 400),
        (None, 400),
        ("https://school.example.org/sign-in", 422),
    ):
        headers = {"Referer": referrer} if referrer else {}
        answer = client.post("/sign-in", base_url="https://school.example.org", data=data, headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(
    "environ, sentence",
    [
        (
            {"BASE_URL": "https://school.example.org"},
            "SECRET_KEY is missing: with an https BASE_URL, set it to 32 or more random characters.",
        ),
        (
            HTTPS | {"SECRET_KEY": "k" * 31},
            "SECRET_KEY is missing: with an https BASE_URL, set it to 32 or more random characters.",
        ),
        (
            HTTPS | {"DEBUG": "1"},
            "DEBUG is on: with an https BASE_URL, take it out; it shows visitors the program's inside.",
        ),
        (
            {"BASE_URL": "http://school.example.org"},
            "BASE_URL is “http://school.example.org”; http is for this machine only. Use https for school.example.org.",
        ),
        (
            {"BASE_URL": "https://school.example.org/path"},
            "BASE_URL is “https://school.example.org/path”; write it like https://school.example.org, without a path.",
        ),
        ({"SCHOOL_ZONE": "Mars/Base"}, "SCHOOL_ZONE is “Mars/Base”, which cannot be read as ZoneInfo."),
        ({"PORT": "eighty"}, "PORT is “eighty”, which cannot be read as int."),
        ({"DEBUG": "perhaps"}, "DEBUG is “perhaps”, which cannot be read as bool."),
    ],
    ids=["no key", "short key", "debug", "http", "path", "zone", "port", "flag"],
)
def test_a_start_with_a_bad_setting_is_refused_in_a_sentence(
    tmp_path: Path, environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.load(environ | {"INSTANCE_DIR": str(tmp_path)})
    assert str(caught.value) == sentence


def test_the_program_ends_with_the_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BASE_URL", "https://school.example.org")
    monkeypatch.setenv("INSTANCE_DIR", str(tmp_path))
    monkeypatch.delenv("SECRET_KEY", raising=False)
    with pytest.raises(SystemExit) as caught:
        create_app()
    assert str(caught.value).startswith("SECRET_KEY is missing")


def test_on_this_machine_a_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    first = Config.load({"INSTANCE_DIR": str(instance)})
    second = Config.load({"INSTANCE_DIR": str(instance)})
    assert len(first.SECRET_KEY) >= 32
    assert first.SECRET_KEY == second.SECRET_KEY
    assert instance.stat().st_mode & 0o777 == 0o700
    assert (instance / "secret.key").stat().st_mode & 0o777 == 0o600
    assert not first.production


def test_on_this_machine_the_session_belongs_to_the_port(tmp_path: Path) -> None:
    app = create_app(Config.load({"INSTANCE_DIR": str(tmp_path), "PORT": "8123", "SECRET_KEY": KEY}))
    answer = app.test_client().get("/sign-in")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("session-8123=")
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("path", ["/sign-in", "/forgot-password", "/nowhere", "/links/rubbish", "/staff", "/my"])
def test_personal_pages_are_kept_by_nobody(production: Flask, path: str) -> None:
    answer = production.test_client().get(path, base_url="https://school.example.org")
    assert answer.headers["Cache-Control"] == "no-store"
