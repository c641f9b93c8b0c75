"""Announced returns from files: what is good is kept whole, what is bad is named by its line."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.inspect.case import AnnouncedReturn, ExpectedLine, Mass
from returnbench.inspect.codec import plain
from returnbench.inspect.codes import ClaimedReason
from returnbench.station.importer import ImportResult, parse_announced

HEADER = "rma,shop,order_ref,waybill,carrier,line_ref,sku,title,category,quantity,unit_g,unit_sd_g"
GOOD = "R1,demo,O1,SF1385628716739,SF,1,SOCK,Wool sock,apparel,2,90.5,1.5"


def read(text: str, name: str = "a.csv") -> ImportResult:
    return parse_announced(text.encode(), name)


def rows(*lines: str, header: str = HEADER) -> ImportResult:
    return read("\n".join((header, *lines)) + "\n")


def places(result: ImportResult) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in result.problems]


def test_a_whole_return_with_every_column() -> None:
    header = HEADER + (
        ",unit_codes,serials,claimed_reason,packaging_g,packaging_sd_g,outbound_g,"
        "freight_collect,already_refunded,return_slip,sibling_parcels,instruction,arrival"
    )
    result = rows(
        GOOD + ",4006381333931|X-77,,size_small,120,15.5,301,yes,No,RMA-1,1,Check heel,INTERCEPTED",
        "R1,,,,,2,CAP,,,1,,,,S-1,,,,,,,,,,",
        header=header,
    )
    assert result.problems == ()
    assert result.returns == (
        AnnouncedReturn(
            rma="R1",
            shop="demo",
            order_ref="O1",
            waybill="SF1385628716739",
            carrier="SF",
            lines=(
                ExpectedLine(
                    line_ref="1",
                    sku="SOCK",
                    title="Wool sock",
                    category="apparel",
                    quantity=2,
                    unit_mass=Mass(90_500, 1_500),
                    unit_codes=("4006381333931", "X-77"),
                ),
                ExpectedLine("2", "CAP", "CAP", "", 1, serials=("S-1",)),
            ),
            arrival=result.returns[0].arrival,
            claimed_reason=ClaimedReason.SIZE_SMALL,
            packaging_mass=Mass(120_000, 15_500),
            outbound_mg=301_000,
            freight_collect=True,
            already_refunded=False,
            sibling_parcels=1,
            instruction="Check heel",
            return_slip="RMA-1",
        ),
    )
    assert result.returns[0].arrival == "INTERCEPTED"


@pytest.mark.parametrize(
    "data",
    [
        f"{HEADER}\n{GOOD}\n".encode("utf-8-sig"),
        f"{HEADER}\n{GOOD}".replace(",", ";").encode(),
        f"{HEADER}\n{GOOD}".replace(",", "\t").encode("utf-16"),
        f"{HEADER.upper()}\r\n{GOOD}\r\n\r\n".encode(),
        f"{HEADER}\r{GOOD}\r".encode(),
        f"\n{HEADER.replace('title', ' Title ')}\n\n{GOOD},,\n,,,,\n".encode(),
        ",".join(f'"{cell}"' for cell in HEADER.split(",")).encode() + f"\n{GOOD}".encode(),
    ],
    ids=["mark", "semicolon", "tab-utf16", "upper-crlf", "cr", "blank-rows", "quoted"],
)
def test_the_usual_forms_of_csv(data: bytes) -> None:
    result = parse_announced(data, "returns.csv")
    assert result.problems == ()
    assert [announced.rma for announced in result.returns] == ["R1"]
    assert result.returns[0].lines[0].title == "Wool sock"


def test_chinese_text_in_either_encoding() -> None:
    text = f"{HEADER}\n{GOOD.replace('Wool sock', '羊毛袜')}"
    for encoding in ("utf-8", "gb18030"):
        result = parse_announced(text.encode(encoding), "a.csv")
        assert result.returns[0].lines[0].title == "羊毛袜"


def test_one_bad_line_rejects_its_return_and_no_other() -> None:
    result = rows(
        GOOD,
        "R2,demo,O2,SF1385628716740,SF,1,CAP,Cap,,1,80,2",
        "R1,demo,O1,SF1385628716739,SF,2,CAP,Cap,,none,80,2",
        "R1,demo,O1,SF1385628716739,SF,3,HAT,Hat,,1,80,2",
    )
    assert [announced.rma for announced in result.returns] == ["R2"]
    assert places(result) == [(2, "rma"), (4, "quantity"), (5, "rma")]
    assert result.rejected == 1
    assert "line 4" in result.problems[0].message
    assert result.problems[1].value == "none"


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("quantity", "0", "from 1 to 10000"),
        ("quantity", "-1", "from 1 to 10000"),
        ("quantity", "2.5", "from 1 to 10000"),
        ("quantity", "99999999999999999999", "from 1 to 10000"),
        ("quantity", "²", "from 1 to 10000"),
        ("unit_g", "-5", "plain number"),
        ("unit_g", "NaN", "plain number"),
        ("unit_g", "inf", "plain number"),
        ("unit_g", "1e3", "plain number"),
        ("unit_g", "90.5 g", "plain number"),
        ("unit_g", '"90,5"', "with a point"),
        ("unit_g", "0", "leave the cell empty"),
        ("unit_g", "1000001", "tonne"),
        ("unit_sd_g", "-1", "plain number"),
        ("waybill", "RR473124820CN", "check digit"),
        ("waybill", "1Z5R89390357567128", "check digit"),
        ("waybill", "XCMDUNDO05", "no waybill"),
        ("waybill", "", "waybill or a return_slip"),
        ("rma", "", "missing"),
        ("shop", "", "empty"),
        ("sku", "", "empty"),
        ("line_ref", "", "empty"),
        ("quantity", "", "empty"),
        ("title", "a\x1b[2Jb", "control characters"),
        ("title", "x" * 301, "at most 300"),
        ("unit_g", "", "needed with unit_sd_g"),
    ],
)
def test_bad_cells_are_named(column: str, value: str, says: str) -> None:
    cells = GOOD.split(",")
    cells[HEADER.split(",").index(column)] = value
    result = rows(",".join(cells), GOOD.replace("R1", "R9").replace("6739", "6740"))
    assert [announced.rma for announced in result.returns] == ["R9"]
    assert (2, column) in places(result)
    assert any(says in p.message and p.column == column for p in result.problems)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("claimed_reason", "TOO_BLUE", "CHANGED_MIND"),
        ("freight_collect", "perhaps", "yes or no"),
        ("sibling_parcels", "many", "whole number"),
        ("packaging_g", "120", "standard deviation"),
        ("outbound_g", "0", "leave the cell empty"),
        ("serials", "A|B|C", "more serial numbers"),
        ("arrival", "BY_SHIP", "ANNOUNCED"),
    ],
)
def test_bad_cells_of_other_columns(column: str, value: str, says: str) -> None:
    result = rows(f"{GOOD},{value}", header=f"{HEADER},{column}")
    assert (result.returns, result.rejected) == ((), 1)
    assert any(says in problem.message for problem in result.problems)


def test_what_belongs_together_must_agree() -> None:
    other = GOOD.replace(",1,SOCK", ",2,SOCK").replace("SF1385628716739", "SF1385628716740")
    result = rows(GOOD, other)
    assert result.returns == ()
    assert places(result) == [(2, "rma"), (3, "waybill")]


def test_duplicates() -> None:
    assert places(rows(GOOD, GOOD)) == [(2, "rma"), (3, "line_ref")]
    two = rows(GOOD, GOOD.replace("R1", "R2"), GOOD.replace("R1", "R3").replace("6739", "6740"))
    assert [announced.rma for announced in two.returns] == ["R1", "R3"]
    assert places(two) == [(3, "waybill")]
    assert "R1" in two.problems[0].message
    spelled = rows(GOOD, GOOD.replace("R1", "R2").replace("SF1385628716739", "sf-1385628 716739"))
    assert places(spelled) == [(3, "waybill")]


def test_lines_are_physical_lines_even_after_cells_with_line_ends() -> None:
    result = rows(GOOD.replace("Wool sock", '"Wool\nsock"'), "", GOOD.replace("R1", ""))
    assert result.returns[0].lines[0].title == "Wool sock"
    assert places(result) == [(5, "rma")]


def test_broken_quotes() -> None:
    stray = rows(GOOD.replace("Wool sock", '"Wool" sock'), GOOD.replace("R1", "R2"))
    assert [announced.rma for announced in stray.returns] == ["R2"]
    assert (places(stray), stray.rejected) == ([(2, "")], 1)
    later = GOOD.replace("R1", "R2").replace("6739", "6740").replace("Wool", '"Wool')
    never_closed = rows(GOOD, later, GOOD.replace("R1", "R3"))
    assert never_closed.returns == ()
    assert places(never_closed) == [(3, "")]
    assert "never closed" in never_closed.problems[0].message


def test_rows_with_too_many_cells_reject_their_return() -> None:
    result = rows(GOOD, "R1,demo,O1,SF1385628716739,SF,2,CAP,Cap, blue,,1,80,2")
    assert result.returns == ()
    assert places(result) == [(2, "rma"), (3, "")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf  \n", "empty"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\xff\xff", "no text"),
        (b"a,b\n1,2\n", "missing: rma, shop, line_ref, sku, quantity"),
        (b'rma,"shop\nR1,a\n', "first row cannot be read"),
        (f"{HEADER},rma\n{GOOD},R1\n".encode(), "stands twice"),
        (b"[{]", "no JSON"),
        (b'[{"rma": "R1"}', "not closed"),
        (b"[" * 100_000 + b"]", "nested"),
        (b"[" + b'{"a":' * 100_000 + b"]", "nested"),
    ],
    ids=[
        "none",
        "blank",
        "picture",
        "columns",
        "quote",
        "twice",
        "json",
        "cut",
        "lists",
        "objects",
    ],
)
def test_files_that_are_none_of_ours(data: bytes, says: str) -> None:
    result = parse_announced(data, "x")
    assert result.returns == ()
    assert says in result.problems[0].message


def test_unknown_columns_are_told_and_do_no_harm() -> None:
    result = rows(GOOD + ",7", header=HEADER + ",unit_gram")
    assert len(result.returns) == 1
    assert [(p.line, p.column) for p in result.problems] == [(1, "unit_gram")]
    assert "unit_g" in result.problems[0].message


def test_the_carrier_is_taken_from_the_number_only_when_it_leaves_no_choice() -> None:
    def carrier(waybill: str) -> str:
        cells = GOOD.split(",")
        cells[3:5] = [waybill, ""]
        return rows(",".join(cells)).returns[0].carrier

    assert carrier("SF1385628716739") == "SF"
    assert carrier("1Z5R89390357567127") == "UPS"
    assert carrier("432542035598773") == ""
    assert carrier("00340434161094022115") == ""
    assert carrier("MY-OWN-7") == ""


def test_waybills_are_kept_as_a_scan_gives_them() -> None:
    cells = GOOD.split(",")
    cells[3:5] = ["jdx024407261700-1-2-", ""]
    announced = rows(",".join(cells)).returns[0]
    assert (announced.waybill, announced.carrier) == ("JDX024407261700", "JD")


def test_a_catalogue_weight_without_spread_is_not_trusted_far() -> None:
    def mass(grams: str) -> Mass | None:
        return rows(GOOD.replace("90.5,1.5", f"{grams},")).returns[0].lines[0].unit_mass

    # Root of (0.06 x 100)^2 + 30 = 8.124 g; of (0.06 x 15)^2 + 30 = 5.551 g.
    assert mass("100") == Mass(100_000, 8_124)
    assert mass("15") == Mass(15_000, 5_551)
    assert mass("") is None


JSON_RETURN = {
    "rma": "R1",
    "shop": "demo",
    "waybill": "SF1385628716739",
    "freight_collect": False,
    "lines": [
        {"line_ref": 1, "sku": "SOCK", "quantity": 2, "unit_g": 90.5, "unit_sd_g": 1.5},
        {"line_ref": "2", "sku": "CAP", "quantity": 1, "unit_codes": ["4006381333931"]},
    ],
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(JSON_RETURN),
        json.dumps([JSON_RETURN]),
        json.dumps(JSON_RETURN, indent=2),
        json.dumps([JSON_RETURN], indent=4).replace("\n", "\r\n"),
        "\ufeff" + json.dumps(JSON_RETURN) + "\n\n",
    ],
)
def test_json_in_its_usual_forms(text: str) -> None:
    result = read(text, "returns.json")
    assert result.problems == ()
    lines = result.returns[0].lines
    assert [line.line_ref for line in lines] == ["1", "2"]
    assert lines[0].unit_mass == Mass(90_500, 1_500)
    assert lines[1].unit_codes == ("4006381333931",)


def test_bad_json_lines_are_named_and_the_others_kept() -> None:
    def changed(**fields: Any) -> str:
        return json.dumps(JSON_RETURN | fields)

    text = "\n".join(
        [
            changed(),
            changed(rma="R2", waybill="SF2385628716740")[:-9],
            changed(rma="R3", waybill="SF3385628716740", lines=[]),
            changed(rma="R4", waybill="SF4385628716740", lines="none"),
            changed(rma="R5", waybill="SF5385628716740", colour="red"),
            changed(rma="R6", waybill={"a": 1}),
            changed(rma="R7", waybill="SF7385628716740"),
            changed(rma="R8", waybill="SF8385628716740", sibling_parcels=float("nan")),
            changed(rma="R9", waybill="SF9385628716740"),
            changed(rma="R9", waybill="SF9385628716740"),
            "[1, 2]",
        ]
    )
    result = read(text, "a.jsonl")
    assert [announced.rma for announced in result.returns] == ["R1", "R7"]
    assert sorted({problem.line for problem in result.problems}) == [2, 3, 4, 5, 6, 8, 9, 10, 11]


def test_lines_in_a_pretty_json_list_are_those_of_the_file() -> None:
    bad = JSON_RETURN | {"rma": "R2", "lines": []}
    text = json.dumps([JSON_RETURN, bad], indent=1)
    line = text.split("\n").index(' "rma": "R2",'.replace(' "', '  "', 1))
    assert {problem.line for problem in read(text, "a.json").problems} == {line}


def test_stored_returns_are_read_back_as_they_were() -> None:
    first = rows(GOOD + ",120,15", header=HEADER + ",packaging_g,packaging_sd_g").returns
    again = read("\n".join(json.dumps(plain(announced)) for announced in first), "a.jsonl")
    assert again == ImportResult(first, ())


NAMES = st.text(
    st.characters(categories=("L", "N"), include_characters=" -.|;,\"'"), min_size=1, max_size=12
).filter(lambda text: text.strip() == text and "  " not in text)


@given(
    st.lists(
        st.tuples(st.integers(0, 4), NAMES, NAMES, st.integers(1, 10_000)), min_size=1, max_size=12
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
)
def test_whatever_is_written_is_read(
    lines: Sequence[tuple[int, str, str, int]], delimiter: str, encoding: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["rma", "shop", "waybill", "line_ref", "sku", "title", "quantity"])
    for number, (rma, sku, title, quantity) in enumerate(lines):
        writer.writerow([f"R{rma}", "demo", f"SF{rma:013}", number, sku, title, quantity])
    text = out.getvalue()
    if encoding == "gb18030" and parse_utf8(text.encode("gb18030")):
        return
    result = parse_announced(text.encode(encoding), "a.csv")
    assert result.problems == ()
    found = [
        (announced.rma, line.line_ref, line.sku, line.title, line.quantity)
        for announced in result.returns
        for line in announced.lines
    ]
    assert sorted(found) == sorted(
        (f"R{rma}", str(number), sku, title, quantity)
        for number, (rma, sku, title, quantity) in enumerate(lines)
    )


def parse_utf8(data: bytes) -> bool:
    """Whether bytes of GB18030 happen to be UTF-8, too; then nobody can tell."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@given(st.binary(max_size=300) | st.text().map(str.encode), st.sampled_from(["a.csv", "a.json"]))
def test_any_bytes_get_an_answer(data: bytes, name: str) -> None:
    result = parse_announced(data, name)
    assert result.returns == ()
    header = f"{HEADER}\n".encode()
    for problem in parse_announced(header + data, "a.csv").problems:
        assert problem.line >= 1
        assert problem.message
