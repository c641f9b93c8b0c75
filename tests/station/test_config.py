"""The configuration: complete and documented, strict, and exact about what is wrong where."""

import dataclasses
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.inspect.policy import Policy
from returnbench.station.config import ConfigError, load_settings
from returnbench.station.secret import Secret, SecretError, read_secret
from returnbench.station.settings import Settings, ShopConfig
from returnbench.station.toml_lines import key_lines

SHIPPED = Path(__file__).parents[2] / "config.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str) -> list[tuple[int, str]]:
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)
    return [(problem.line, problem.message) for problem in caught.value.problems]


def keys_of(cls: Any) -> set[str]:
    return {f.metadata["key"] or f.name for f in dataclasses.fields(cls)}


def test_the_shipped_file_says_exactly_the_defaults() -> None:
    assert load_settings(SHIPPED) == Settings()


def test_the_shipped_file_holds_every_key_with_a_comment() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    document = tomllib.loads(text)
    for section in dataclasses.fields(Settings):
        if section.name == "shops":
            continue
        assert set(document[section.name]) == keys_of(section.default_factory), section.name
    lines = text.splitlines()
    for path, line in key_lines(text).items():
        if len(path) == 2:
            assert lines[line - 2].startswith("# "), f"line {line} has no comment above"


def test_the_shop_example_is_complete_and_works(tmp_path: Path) -> None:
    example = SHIPPED.read_text(encoding="utf-8").split("# [[shop]]")[1].split("[log]")[0]
    keys = re.findall(r"^# (\w+ = .*)$", example, re.MULTILINE)
    assert {key.split(" ")[0] for key in keys} == keys_of(ShopConfig)
    one_secret = [key for key in keys if not key.startswith("secret_file")]
    settings = load_settings(write(tmp_path, "[[shop]]\n" + "\n".join(one_secret)))
    assert settings.shops[0].name == "my-shop"


def test_without_any_file_the_defaults_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings() == Settings()
    write(tmp_path, '[station]\nid = "b7"\n')
    assert load_settings().station.id == "b7"


def test_values_are_kept_in_the_programs_units(tmp_path: Path) -> None:
    text = (
        '[scale]\ndivision_g = 0.5\ncapacity_g = "6000.000"\n[hub_server]\nretry_base_seconds=0.2'
    )
    settings = load_settings(write(tmp_path, text))
    assert (settings.scale.division_mg, settings.scale.capacity_mg) == (500, 6_000_000)
    assert settings.hub_server.retry_base_seconds == Decimal("0.2")


def test_the_default_policy_is_the_policy_of_the_core() -> None:
    assert Settings().policy.as_policy() == Policy()


def test_a_policy_from_the_file(tmp_path: Path) -> None:
    text = (
        '[policy]\nversion = "2026-11"\ncarriers_accepted = ["SF"]\nfreight_collect = "accept"\n'
        'second_person_for = ["HAZARD"]\n'
    )
    policy = load_settings(write(tmp_path, text)).policy.as_policy()
    assert (policy.version, policy.carriers_accepted) == ("2026-11", ("SF",))
    assert not policy.refuse_freight_collect
    assert policy.second_person_findings == {"HAZARD"}


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ('[scale]\n\nbaud = "fast"\n', 3, ["[scale] baud", '"fast"', "300 to 921600"]),
        ("[scale]\nboud = 9600\n", 2, ["[scale] boud", "9600", "did you mean 'baud'"]),
        ("[scales]\nbaud = 9600\n", 1, ["[scales]", "did you mean 'scale'"]),
        ("[zzz]\n", 1, ["no such section", "station, scale"]),
        ("scale = 3\n", 1, ["write [scale]"]),
        ("\n\n[scale]\nenabled = 1\n", 4, ["true or false"]),
        ("[scale]\nbaud = true\n", 2, ["true is not accepted"]),
        ("[scale]\nbytesize = 9\n", 2, ["one of 7, 8"]),
        ('[scale]\nparity = "X"\n', 2, ['one of "N", "E", "O"']),
        ("[scale]\ndivision_g = nan\n", 2, ["NaN is not accepted"]),
        ("[scale]\ndivision_g = 0.0001\n", 2, ["three decimals"]),
        ("[scale]\ndivision_g = -1\n", 2, ["-1"]),
        ("[scale]\ndivision_g = 7\n", 1, ["capacity_g", "multiple of division_g"]),
        ("[scale]\nenabled = true\n", 1, ["[scale] url", "give the port"]),
        ("[camera]\nenabled = true\n", 1, ["[camera] source"]),
        ('[hub]\nmode = "remote"\nurl = ""\ntoken_file = "x"\n', 3, ["[hub] url"]),
        ('[hub]\nurl = "ftp://x"\n', 2, ["http:// or https://"]),
        ('[policy]\nsecond_person_for = [\n  "HAZZARD",\n]\n', 2, ["COUNTERFEIT_SUSPECT"]),
        ('[policy]\ncarriers_accepted = ["SF", "SF"]\n', 2, ["each once"]),
        ("[policy]\nrefund_permille = { A_SEALED = 1000 }\n", 2, ["every grade"]),
        ('[shop]\nname = "a"\n', 1, ["begin each with [[shop]]"]),
        ('[[shop]]\nname = "a"\n[[shop]]\nnam = "b"\n', 4, ["[shop 2] nam", "did you mean 'name'"]),
        ("[log]\nmax_bytes = 2026-01-01\n", 2, ["a date or time is not accepted"]),
        ("[station]\nid = 'A B'\n", 2, ["a-z, 0-9"]),
        ("[station]\nid = \n", 2, ["is not TOML", "quotation marks"]),
        ("[station]\nid = bench\n", 2, ["is not TOML"]),
        ("[station]\n\n[log]\n[station]\n", 4, ["twice"]),
        ("[log]\nlevel = 'INFO'\nlevel = 'INFO'\n", 3, ["level", "twice"]),
        ("[policy]\ncarriers_accepted = [\n'SF',\n", 3, ["is not TOML"]),
        ('x = """\na\n"""\n[log]\nlevel = "LOUD"\n', 5, ['"LOUD"']),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, parts: list[str]
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    sentence = next(s for s in str(caught.value).splitlines() if f"{path}:{line}:" in s)
    for part in parts:
        assert part in sentence


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = "[scale]\nbaud = 1\nbytesize = 1\n[log]\nlevel = 1\n"
    assert [line for line, _ in problems_of(tmp_path, text)] == [2, 3, 5]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_windows_files_have_the_same_lines(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "config.toml"
    text = f'\ufeff[log]{ending}{ending}level = "INFO"{ending}max_bytes = 1{ending}'
    path.write_bytes(text.encode())
    with pytest.raises(ConfigError, match=r"config\.toml:4: \[log\] max_bytes: 1 is not accepted"):
        load_settings(path)


def test_unreadable_files_say_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_settings(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match="directory"):
        load_settings(tmp_path)
    bad = tmp_path / "latin.toml"
    bad.write_bytes(b"[log]\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"latin\.toml:2: is not UTF-8"):
        load_settings(bad)
    deep = write(tmp_path, "x = " + "[" * 100_000)
    with pytest.raises(ConfigError, match="nested"):
        load_settings(deep)


@pytest.mark.parametrize(
    "text",
    [
        '[[shop]]\nsecret = "hunter2"\n',
        '[hub]\ntoken = "hunter2"\n',
        '[hub_server]\ndatabase_url = "postgresql://hub:hunter2@db/rb"\n',
        '[hub_server]\ndatabase_password = "hunter2"\n',
        'api_key = "hunter2"\n',
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert "hunter2" not in str(caught.value)
    assert "(not shown)" in str(caught.value)


def test_each_shop_needs_one_secret_and_its_own_name(tmp_path: Path) -> None:
    shop = '[[shop]]\nname = "a"\nwebhook_url = "http://x/"\n'
    found = problems_of(tmp_path, shop + shop + 'secret_env = "A"\nsecret_file = "b"\n')
    assert [line for line, _ in found] == [1, 5, 7]


def test_secrets_print_as_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RB_TEST_SECRET", " hunter2\n")
    secret = read_secret("RB_TEST_SECRET", "", "shop a")
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2")
    for shown in (str(secret), repr(secret), f"{secret}", f"{[secret]}"):
        assert "hunter2" not in shown
        assert "••••" in shown


def test_secret_files_must_belong_to_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.secret"
    path.write_text("hunter2\n")
    for mode in (0o644, 0o640, 0o604, 0o660):
        path.chmod(mode)
        with pytest.raises(SecretError, match=f"chmod 600 {path}"):
            read_secret("", str(path), "shop a")
    path.chmod(0o600)
    assert ShopConfig(name="a", secret_file=str(path)).secret().reveal() == "hunter2"


def test_missing_secrets_say_where_they_were_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RB_TEST_SECRET", raising=False)
    with pytest.raises(SecretError, match="RB_TEST_SECRET is not set"):
        read_secret("RB_TEST_SECRET", "", "shop a")
    with pytest.raises(SecretError, match="No such file"):
        read_secret("", str(tmp_path / "absent"), "shop a")
    with pytest.raises(SecretError, match="no secret is named"):
        Settings().hub.token()
    empty = tmp_path / "empty"
    empty.touch(0o600)
    with pytest.raises(SecretError, match="is empty"):
        read_secret("", str(empty), "shop a")


KEYS = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
VALUES = st.sampled_from(
    [
        "1",
        "'a = [x]'",
        '"#\\"["',
        "[\n1, # ]\n[2]\n]",
        '"""\n[x]\na=1\n"""',
        "{a=1,b=[2]}",
        "'''\n[y]'''",
    ]
)


@given(
    st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), max_size=4),
    st.lists(st.sampled_from(["", "# [no] = x", "   "]), max_size=3),
)
def test_line_numbers_are_those_of_the_text(
    tables: dict[str, dict[str, str]], noise: list[str]
) -> None:
    lines: list[str] = []
    expected = {}
    for table, keys in tables.items():
        lines += noise
        lines.append(f"[{table}] # {{[")
        expected[table,] = len(lines)
        for key, value in keys.items():
            lines += noise
            expected[table, key] = len(lines) + 1
            lines += f"{key} = {value}".split("\n")
    text = "\n".join(lines)
    tomllib.loads(text)
    found = key_lines(text)
    assert {path: line for path, line in found.items() if len(path) <= 2} == expected


def test_line_numbers_of_dotted_quoted_and_repeated_names() -> None:
    text = 'a.b = 1\n["c d".e]\n"f=g" = 2\n[[h]]\ni = 1\n[[h]]\ni = 2\n[h.j]\nk = 3'
    assert key_lines(text) == {
        ("a",): 1,
        ("a", "b"): 1,
        ("c d", "e"): 2,
        ("c d", "e", "f=g"): 3,
        ("h", 0): 4,
        ("h", 0, "i"): 5,
        ("h", 1): 6,
        ("h", 1, "i"): 7,
        ("h", 1, "j"): 8,
        ("h", 1, "j", "k"): 9,
    }
