import re
import shutil
import subprocess

import pytest

from returnbench.drivers.decode import decode_picture
from returnbench.inspect.bench_codes import Badge, decode_badge, decode_command
from returnbench.station.cli import main


def codes(page: str) -> list[str]:
    return re.findall(r'class="code">([A-Z0-9]+)<', page)


def test_the_mat_has_a_barcode_for_every_key(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["labels", "mat"]) == 0
    page = (tmp_path / "mat.html").read_text()
    words = [decode_command(code) for code in codes(page)]
    assert words == ["KEYENTER", *(f"KEY{digit}" for digit in (1, 2, 3, 4, 5, 6, 7, 8, 9, 0))]
    assert page.count("<svg") == 11
    assert "mat.html" in capsys.readouterr().out


def test_badges_are_never_the_same_twice(tmp_path):
    out = tmp_path / "badges.html"
    assert main(["labels", "badge", "ana", "ana", "--out", str(out)]) == 0
    badges = [decode_badge(code) for code in codes(out.read_text())]
    assert all(isinstance(badge, Badge) and badge.name == "ANA" for badge in badges)
    assert len({badge.token for badge in badges}) == 2


@pytest.mark.parametrize("name", ["José", "A B", "THIRTEENCHARS"])
def test_a_name_that_no_badge_can_carry(name, tmp_path, capsys):
    assert main(["labels", "badge", name, "--out", str(tmp_path / "b.html")]) == 2
    assert not (tmp_path / "b.html").exists()
    assert "returnbench labels:" in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert main(["labels", "mat", "--out", str(tmp_path / "no" / "mat.html")]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.needs("chromium")
def test_the_printed_page_can_be_scanned(tmp_path):
    page, picture = tmp_path / "mat.html", tmp_path / "mat.png"
    assert main(["labels", "mat", "--out", str(page)]) == 0
    browser = shutil.which("chromium") or "chromium"
    options = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update"),
        *(f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1400,800"),
        # A printer draws finer than a screen.
        "--force-device-scale-factor=3",
    ]
    command = [browser, *options, f"--screenshot={picture}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    read = {result.text for result in decode_picture(picture.read_bytes()).results}
    assert read == set(codes(page.read_text()))
