import json
import subprocess
import sys

import cv2
import pytest

from returnbench.drivers.scenes import SceneSpec, render
from returnbench.station.cli import main

WAYBILL = "1Z999AA10123456784"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    scene = render(SceneSpec("label", WAYBILL, "UPS", angle_deg=1, seed=3))
    cv2.imwrite(str(folder / "label.jpg"), scene)
    cv2.imwrite(str(folder / "bench.png"), render(SceneSpec(seed=3)))
    (folder / "broken.jpg").write_bytes((folder / "label.jpg").read_bytes()[:900])
    return folder


def test_one_line_of_json_for_each_picture(pictures, capsys):
    status = main(["decode", "--json", str(pictures / "label.jpg"), str(pictures / "bench.png")])
    label, bench = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert status == 0
    assert label["file"] == str(pictures / "label.jpg")
    assert label["texts"] == [WAYBILL]
    assert label["ms"] > 0
    (result,) = label["results"]
    assert result["symbology"] == "Code128"
    assert result["symbology_identifier"] == "]C0"
    assert result["agreed"] is True
    assert len(result["box"]) == 4
    assert result["meaning"]["kind"] == "WAYBILL"
    assert [c["carrier"] for c in result["meaning"]["candidates"]] == ["UPS"]
    assert (bench["texts"], bench["results"]) == ([], [])


def test_an_unreadable_file_is_named_and_the_others_are_done(pictures, capsys):
    names = [
        str(pictures / "missing.png"),
        str(pictures / "broken.jpg"),
        str(pictures),
        str(pictures / "label.jpg"),
        "/dev/null",
        "a\0b",
    ]
    status = main(["decode", "--json", *names])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 1
    assert [line["file"] for line in lines] == names
    assert ["error" in line for line in lines] == [True, True, True, False, True, True]
    assert "No such file" in lines[0]["error"]
    assert "JPEG" in lines[1]["error"]
    assert lines[3]["texts"] == [WAYBILL]


def test_people_read_sentences(pictures, capsys):
    assert main(["decode", str(pictures / "label.jpg"), str(pictures / "bench.png")]) == 0
    out = capsys.readouterr().out
    assert WAYBILL in out
    assert "WAYBILL UPS" in out
    assert "agreed" in out
    assert "no barcodes" in out


def test_the_time_limit_is_an_option(pictures, capsys):
    main(["decode", "--json", "--limit-ms", "1", str(pictures / "label.jpg")])
    answer = json.loads(capsys.readouterr().out)
    assert answer["engines"] == ["zxing"]
    assert any(note.startswith("time-limit") for note in answer["notes"])


@pytest.mark.parametrize("value", ["0", "-5", "x", "9999999"])
def test_an_impossible_time_limit_is_refused(pictures, capsys, value):
    with pytest.raises(SystemExit) as stopped:
        main(["decode", f"--limit-ms={value}", str(pictures / "label.jpg")])
    assert stopped.value.code == 2
    assert "600000" in capsys.readouterr().err


def test_as_a_program_it_keeps_standard_error_clean(pictures):
    damaged = bytearray((pictures / "label.jpg").read_bytes())
    for position in range(4000, len(damaged), 3000):
        damaged[position] ^= 0x5A
    (pictures / "scratched.jpg").write_bytes(damaged)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "returnbench.station.cli",
            "decode",
            str(pictures / "scratched.jpg"),
            str(pictures / "label.jpg"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert WAYBILL in done.stdout
