"""``returnbench hub`` with options that cannot work says so and ends."""

import socket

import pytest

from returnbench.station.cli import main
from returnbench.sync.hub.service import Hub
from returnbench.sync.hub.settings import HubSettings

SECRET = "whsec_" + "A" * 43 + "="


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(capsys, *arguments):
    assert main(["hub", "--data", "hub", *arguments]) == 1
    return capsys.readouterr().err


def test_shop_without_a_secret(here, capsys, monkeypatch):
    monkeypatch.delenv("RETURNBENCH_SHOP_SECRET_MY_SHOP", raising=False)
    text = told(capsys, "--shop", "my-shop=https://shop.example/hook")
    assert "RETURNBENCH_SHOP_SECRET_MY_SHOP" in text


def test_shop_over_plain_http(here, capsys, monkeypatch):
    monkeypatch.setenv("RETURNBENCH_SHOP_SECRET_DEMO", SECRET)
    assert "https" in told(capsys, "--shop", "demo=http://shop.example/hook")


def test_read_url_of_a_shop_that_is_not_named(here, capsys):
    assert "demo" in told(capsys, "--shop-read", "demo=https://shop.example/x")


def test_port_in_use(here, capsys):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert f"port {port}" in told(capsys, "--port", str(port))


def test_folder_in_use(here, capsys):
    hub = Hub(HubSettings(here / "hub"))
    assert "another hub" in told(capsys, "--port", "0")
    hub.stop()


def test_bad_enrolment(here, capsys):
    token = here / "token"
    token.touch(mode=0o600)
    token.write_text("a-token-that-is-long-enough")
    assert "bench-1" in told(capsys, "--port", "0", "--enrol", "bench-1", "garbage", str(token))
    assert "token" in told(capsys, "--port", "0", "--enrol", "bench-1", "garbage", "missing")


def test_pair_is_explained(here, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["hub", "--shop", "demo"])
    assert caught.value.code == 2
    assert "NAME=VALUE" in capsys.readouterr().err
