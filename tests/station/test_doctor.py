"""The doctor: finds what is wrong, says what to do, and survives whatever is missing."""

import fcntl
import json
import os
import pty
import socket
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from returnbench.station.checkup import Check, CheckStatus
from returnbench.station.cli import main
from returnbench.station.doctor import diagnose
from returnbench.station.doctor_machine import check_library, check_terminal
from returnbench.sync.keys import load_or_create_signer
from returnbench.sync.layout import DataLayout

OK, WARN, FAIL = CheckStatus.OK, CheckStatus.WARN, CheckStatus.FAIL


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checks(folder: Path, config: str) -> dict[str, Check]:
    path = folder / "config.toml"
    path.write_text(config)
    return {check.name: check for check in diagnose(path)}


@pytest.mark.usefixtures("folder")
def test_without_configuration_and_devices_nothing_fails() -> None:
    found = {check.name: check for check in diagnose(None)}
    assert set(found) == {
        *("config", "python", "sqlite", "opencv", "zxing-cpp", "pyserial", "zbar"),
        *("serial ports", "scale", "camera", "clock", "disk", "data folder", "log key"),
        *("hub", "terminal"),
    }
    for name in ("config", "scale", "camera"):
        assert found[name].status is WARN, name
    for name in ("python", "sqlite", "opencv", "zxing-cpp", "pyserial", "data folder", "log key"):
        assert found[name].status is OK, name
    assert all(bool(check.remedy) == (check.status is not OK) for check in found.values())
    assert "journal mode" in found["sqlite"].found
    assert not Path("returnbench-data").exists()


def test_a_wrong_configuration_fails_with_its_lines_and_the_rest_is_checked(folder: Path) -> None:
    (folder / "config.toml").write_text("[scale]\nbaud = 1\nbytesize = 1\n")
    found = diagnose(None)
    wrong = [check for check in found if check.name == "config"]
    assert [check.status for check in wrong] == [FAIL, FAIL]
    assert "config.toml:2: [scale] baud" in wrong[0].found
    assert any(check.name == "disk" for check in found)


def scale(url: str, **keys: str) -> str:
    more = "".join(f"{name} = {value}\n" for name, value in keys.items())
    return f'[scale]\nenabled = true\nurl = "{url}"\n{more}'


@pytest.fixture(name="port")
def _port() -> Iterator[str]:
    master, slave = pty.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_a_scale_whose_port_opens(folder: Path, port: str) -> None:
    check = checks(folder, scale(port))["scale"]
    assert (check.status, port in check.found) == (OK, True)


def test_a_missing_port_lists_those_that_exist(folder: Path) -> None:
    found = checks(folder, scale("/dev/ttyNOWHERE"))
    assert found["scale"].status is FAIL
    assert "/dev/ttyNOWHERE" in found["scale"].found
    assert f"ports here: {found['serial ports'].found}" in found["scale"].remedy


def test_a_port_in_use_may_be_a_running_bench(folder: Path, port: str) -> None:
    holder = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.ioctl(holder, termios.TIOCEXCL)
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        check = checks(folder, scale(port))["scale"]
    finally:
        fcntl.ioctl(holder, termios.TIOCNXCL)
        os.close(holder)
    assert check.status is WARN
    assert "in use" in check.found


def test_an_unknown_protocol_lists_the_known_ones(folder: Path, port: str) -> None:
    check = checks(folder, scale(port, protocol='"morse"'))["scale"]
    assert check.status is FAIL
    assert "mt-sics" in check.remedy


def test_cameras(folder: Path) -> None:
    def camera(source: str) -> Check:
        return checks(folder, f'[camera]\nenabled = true\nsource = "{source}"\n')["camera"]

    assert camera("/dev/video-nowhere").status is FAIL
    assert camera("97").found == "/dev/video97 does not exist"
    assert camera(str(folder)).status is OK
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert camera(f"http://127.0.0.1:{port}/stream").status is OK
    gone = camera(f"http://127.0.0.1:{port}/stream")
    assert gone.status is FAIL
    assert "does not answer" in gone.found


def test_the_log_key(folder: Path) -> None:
    layout = DataLayout(folder / "data")
    config = f'[station]\norigin = "shop.example/b1"\ndata_dir = "{layout.root}"\n'
    load_or_create_signer(layout.log_key, "shop.example/b1")
    assert checks(folder, config)["log key"].status is OK
    layout.log_key.chmod(0o644)
    open_to_others = checks(folder, config)["log key"]
    assert open_to_others.status is FAIL
    assert f"chmod 600 {layout.log_key}" in open_to_others.found
    layout.log_key.chmod(0o600)
    layout.log.mkdir()
    layout.origin_file.write_text("shop.example/other\n")
    assert "shop.example/other" in checks(folder, config)["log key"].found
    layout.log_key.unlink()
    assert checks(folder, config)["log key"].status is FAIL


def test_a_data_folder_that_cannot_be_made(folder: Path) -> None:
    (folder / "data").write_text("a file")
    found = checks(folder, '[station]\ndata_dir = "/proc/returnbench"\n')
    assert found["data folder"].status is FAIL
    assert "station.data_dir" in found["data folder"].remedy


def test_shop_secrets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = '[[shop]]\nname = "a"\nwebhook_url = "http://x/"\nsecret_env = "RB_TEST_SECRET"\n'
    monkeypatch.delenv("RB_TEST_SECRET", raising=False)
    missing = checks(folder, shop)["shop a"]
    assert (missing.status, "RB_TEST_SECRET" in missing.found) == (FAIL, True)
    monkeypatch.setenv("RB_TEST_SECRET", "hunter2")
    present = checks(folder, shop)["shop a"]
    assert present.status is OK
    assert "hunter2" not in str(present)


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/v1/health" else 404)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def remote_hub(folder: Path, url: str) -> Check:
    token = folder / "token"
    token.write_text("t")
    token.chmod(0o600)
    config = f'[hub]\nmode = "remote"\nurl = "{url}"\ntoken_file = "{token}"\n'
    return checks(folder, config)["hub"]


def test_a_remote_hub(folder: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Health)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        assert remote_hub(folder, url).status is OK
        assert "404" in remote_hub(folder, url + "/elsewhere").found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    gone = remote_hub(folder, url)
    assert gone.status is FAIL
    assert "does not answer" in gone.found
    (folder / "token").chmod(0o644)
    config = f'[hub]\nmode = "remote"\nurl = "{url}"\ntoken_file = "{folder / "token"}"\n'
    assert "chmod 600" in checks(folder, config)["hub"].found


def test_the_port_of_the_embedded_hub(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = checks(folder, f"[hub_server]\nport = {port}\n")["hub"]
        assert (taken.status, str(port) in taken.found) == (WARN, True)
    assert checks(folder, f"[hub_server]\nport = {port}\n")["hub"].status is OK


def test_a_library_that_is_missing_or_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rb_broken_wheel.py").write_text('raise OSError("libzbar.so.0: cannot open")')
    monkeypatch.syspath_prepend(str(tmp_path))
    for module, says in (("rb_no_such_module", "rb_no_such"), ("rb_broken_wheel", "libzbar.so.0")):
        check = check_library("x", module, "install it")
        assert (check.status, check.remedy) == (FAIL, "install it")
        assert says in check.found


def test_nothing_installed_is_a_diagnosis_and_no_crash(tmp_path: Path) -> None:
    """As a process in which every library outside the standard one refuses to load."""
    program = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("cv2", "zxingcpp", "serial", "pyzbar", "sqlalchemy",
                                  "httpx2", "cryptography"):
            raise ImportError(f"No module named {name}")
sys.meta_path.insert(0, Refuse())
from returnbench.station.cli import main
sys.exit(main(["doctor", "--json"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, "")
    status = {check["name"]: check["status"] for check in json.loads(done.stdout)["checks"]}
    assert status["opencv"] == status["pyserial"] == status["sqlite"] == "fail"
    assert status["disk"] == "ok"


@pytest.mark.parametrize(
    ("kind", "columns", "lines", "encoding", "status"),
    [
        ("xterm-256color", 120, 40, "utf-8", OK),
        ("foot", 80, 24, "utf-8", OK),
        ("xterm-256color", 79, 24, "utf-8", WARN),
        ("xterm-256color", 80, 23, "utf-8", WARN),
        ("vt100", 80, 24, "utf-8", WARN),
        ("linux", 80, 24, "utf-8", WARN),
        ("dumb", 80, 24, "utf-8", FAIL),
        ("", 80, 24, "utf-8", FAIL),
        ("xterm-256color", 80, 24, "ascii", FAIL),
    ],
)
def test_terminals(kind: str, columns: int, lines: int, encoding: str, status: CheckStatus) -> None:
    master, slave = pty.openpty()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        with os.fdopen(slave, "w", encoding=encoding) as stream:
            check = check_terminal(stream, {"TERM": kind} if kind else {})
    finally:
        os.close(master)
    assert check.status is status, check
    assert f"{columns} x {lines}" in check.found


def test_the_command_prints_remedies_and_fails_when_a_check_does(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config.toml").write_text(scale("/dev/ttyNOWHERE"))
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "[FAIL] scale " in out
    assert "-> plug it in" in out
    assert main(["doctor", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert {"name", "status", "found", "remedy"} == set(report["checks"][0])
    (folder / "config.toml").write_text("")
    assert main(["doctor", "--json"]) == 0
