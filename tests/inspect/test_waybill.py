"""What the bench understands from a scan, carrier by carrier, and that nothing breaks it."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from returnbench.inspect.bench_codes import COMMAND_WORDS, encode_badge, encode_command
from returnbench.inspect.check_digits import gs1_check, s10_check, ups_check
from returnbench.inspect.waybill import (
    CheckState,
    MeaningKind,
    Normalised,
    ScanProblem,
    WaybillRole,
    normalise,
    understand,
    unit_key,
)

SF_LABEL = (
    "MMM={'k1':'755W','k2':'755BF','k3':'018','k4':'T4','k5':'SF7444404156506','k6':'',"
    "'k7':'39bb4bd9'}"
)


@pytest.mark.parametrize(
    ("raw", "text", "carriers"),
    [
        ("SF1385628716739", "SF1385628716739", "SF"),
        ("SFA123456789012", "SFA123456789012", "SF"),
        ("YT8962646785389", "YT8962646785389", "YTO"),
        ("YT2229521272164446", "YT2229521272164446", "YUNEXPRESS"),
        ("73610555582883", "73610555582883", "ZTO"),
        ("773277027280336", "773277027280336", "STO FEDEX"),
        ("463431409940372", "463431409940372", "YUNDA"),
        ("432542035598773", "432542035598773", "STO YUNDA"),
        ("JT5261988016578", "JT5261988016578", "JT"),
        ("JDX024407261700", "JDX024407261700", "JD"),
        ("JDVA11408814483", "JDVA11408814483", "JD"),
        ("1207119765021", "1207119765021", "EMS"),
        ("1240921381750", "1240921381750", "EMS"),
        ("DPK202252612836", "DPK202252612836", "DEPPON"),
        ("621123456789012", "621123456789012", "CAINIAO"),
        ("300527476793", "300527476793", "SF ZTO ANE FEDEX"),
        (SF_LABEL, "SF7444404156506", "SF"),
        ("43100002%MMMM" + SF_LABEL, "SF7444404156506", "SF"),
        (SF_LABEL.replace("SF7444404156506", "123456789012"), "123456789012", "SF"),
        ("TBA010000000000", "TBA010000000000", "AMAZON"),
        ("JD0002257639032011", "JD0002257639032011", "YODEL DHL"),
    ],
)
def test_waybills_without_a_check_digit(raw: str, text: str, carriers: str) -> None:
    meaning = understand(raw)
    assert (meaning.kind, meaning.text) == (MeaningKind.WAYBILL, text)
    assert [candidate.carrier for candidate in meaning.candidates] == carriers.split()
    assert meaning.candidates[0].check is CheckState.NONE
    assert meaning.problem is None


@pytest.mark.parametrize(
    ("raw", "text", "carrier"),
    [
        ("RR473124829CN", "RR473124829CN", "EMS"),
        ("RB123456785GB", "RB123456785GB", "POST"),
        ("RR000000080CN", "RR000000080CN", "EMS"),
        ("RR000000155CN", "RR000000155CN", "EMS"),
        ("1Z5R89390357567127", "1Z5R89390357567127", "UPS"),
        ("1Z XX3 150 YW 4407 0023", "1ZXX3150YW44070023", "UPS"),
        ("986578788855", "986578788855", "FEDEX"),
        ("9611020987654312345672", "9611020987654312345672", "FEDEX"),
        ("1001921334250001000300779017972697", "779017972697", "FEDEX"),
        ("9622001900000000000000776632517510", "776632517510", "FEDEX"),
        ("568283610012000", "568283610012000", "FEDEX"),
        ("9400111206206406260787", "9400111206206406260787", "USPS"),
        ("420787459400111206206406260787", "9400111206206406260787", "USPS"),
        ("92001903060085300042901077", "92001903060085300042901077", "USPS"),
        ("]C1420787459400111206206406260787", "9400111206206406260787", "USPS"),
        ("]C142078745\x1d9400111206206406260787", "9400111206206406260787", "USPS"),
        ("00340434161094022115", "00340434161094022115", "SSCC"),
        ("]C100340434161094022115", "00340434161094022115", "SSCC"),
        ("(00)340434161094022115", "00340434161094022115", "SSCC"),
        ("\x1d00340434161094022115", "00340434161094022115", "SSCC"),
        ("https://example.com/00/340434161094022115", "00340434161094022115", "SSCC"),
        ("3318810025", "3318810025", "DHL"),
        ("09980000020033F", "09980000020033F", "DPD"),
        ("008182709980000020033350276C", "008182709980000020033350276C", "DPD"),
        ("0073938000549297", "0073938000549297", "CANADA_POST"),
    ],
)
def test_waybills_with_a_right_check_digit(raw: str, text: str, carrier: str) -> None:
    meaning = understand(raw)
    assert (meaning.kind, meaning.text) == (MeaningKind.WAYBILL, text)
    assert meaning.candidates[0].carrier == carrier
    assert meaning.candidates[0].check is CheckState.VALID
    assert meaning.problem is None


@pytest.mark.parametrize(
    "raw",
    [
        "RR473124820CN",
        "RB123456785QQ",
        "1Z5R89390357567128",
        "00340434161094022116",
        "]C100340434161094022110",
        "9400111206206406260780",
        "9611020987654312345673",
    ],
)
def test_a_wrong_check_digit_is_neither_accepted_nor_dropped(raw: str) -> None:
    meaning = understand(raw)
    assert meaning.kind is MeaningKind.WAYBILL
    assert {candidate.check for candidate in meaning.candidates} == {CheckState.INVALID}
    assert meaning.problem is ScanProblem.CHECK_DIGIT_WRONG


def test_a_bare_number_that_only_a_check_digit_would_explain_ranks_last_when_it_fails() -> None:
    candidates = understand("986578788856").candidates
    assert [c.carrier for c in candidates] == ["SF", "ZTO", "ANE", "FEDEX"]
    assert candidates[-1].check is CheckState.INVALID


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("JDX024407261700-1-2-", "JDX024407261700"),
        ("jdx024407261700-1-2", "JDX024407261700"),
        ("DPK202252612836-003", "DPK202252612836"),
    ],
)
def test_piece_suffixes_are_cut_off_and_told(raw: str, text: str) -> None:
    meaning = understand(raw)
    assert (meaning.kind, meaning.text) == (MeaningKind.WAYBILL, text)
    assert meaning.candidates[0].role is WaybillRole.PIECE


@pytest.mark.parametrize(
    ("raw", "identifier"),
    [
        ("9506000134352", ""),
        ("9506000134352", "]E0"),
        ("96385074", ""),
        ("036000291452", ""),
        ("5012345678900", ""),
        ("9780306406157", ""),
        ("19506000134359", ""),
        ("]E09780306406157", ""),
    ],
)
def test_products(raw: str, identifier: str) -> None:
    assert understand(raw, identifier).kind is MeaningKind.UNIT_CODE


def test_products_in_gs1_symbols() -> None:
    assert understand("]d20109506000134352\x1d10LOT7").text == "09506000134352"
    assert understand("(01)09506000134352(21)SERIAL").kind is MeaningKind.UNIT_CODE
    assert understand("https://id.shop.example/01/9506000134352/21/7").text == "09506000134352"


@pytest.mark.parametrize("raw", ["]E09506000134353", "(01)09506000134353", "4006381333932"])
def test_a_product_with_a_wrong_check_digit_is_unknown(raw: str) -> None:
    meaning = understand(raw)
    assert meaning.kind is MeaningKind.UNKNOWN
    assert meaning.problem is ScanProblem.CHECK_DIGIT_WRONG


def test_the_symbology_decides_what_the_digits_cannot() -> None:
    assert understand("1207119765021", "]C0").kind is MeaningKind.WAYBILL
    assert understand("1207119765021", "]E0").kind is MeaningKind.UNIT_CODE
    assert understand("5012345678900", "]C0").kind is MeaningKind.WAYBILL
    product = understand("5012345678900")
    assert product.kind is MeaningKind.UNIT_CODE
    assert [candidate.carrier for candidate in product.candidates] == ["YUNDA"]


def test_a_telephone_serial_number_is_flagged() -> None:
    meaning = understand("490154203237518")
    assert meaning.candidates[0].carrier == "YUNDA"
    assert meaning.problem is ScanProblem.ALSO_IMEI


@pytest.mark.parametrize("raw", ["HR200250DB9E", "HRJYTQ5J", "RMA24124124", "rma-2024-0017"])
def test_return_slips(raw: str) -> None:
    assert understand(raw).kind is MeaningKind.RETURN_SLIP


@pytest.mark.parametrize("word", COMMAND_WORDS)
def test_commands_come_first(word: str) -> None:
    code = encode_command(word)
    for raw in (code, code.lower(), code + "\r\n", "]C0" + code):
        assert understand(raw).kind is MeaningKind.COMMAND
        assert understand(raw).text == code
    assert understand(code[:-1]).problem is ScanProblem.BAD_COMMAND
    assert understand(code + "1").problem is ScanProblem.BAD_COMMAND
    assert understand("1" + code).kind is MeaningKind.UNKNOWN


def test_badges() -> None:
    badge = encode_badge("ANA", "7QK2M9XZ")
    assert understand(badge).kind is MeaningKind.BADGE
    wrong = understand(badge[:-1] + str((int(badge[-1]) + 1) % 10))
    assert (wrong.kind, wrong.problem) == (MeaningKind.UNKNOWN, ScanProblem.BAD_BADGE)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", ScanProblem.EMPTY),
        ("\r\n", ScanProblem.EMPTY),
        (" -- ", ScanProblem.EMPTY),
        ("1" * 4001, ScanProblem.TOO_LONG),
        ("SF13856\x0028716739", ScanProblem.CONTROL_CHARACTERS),
        ("SF1385628716739\x1b[2J", ScanProblem.CONTROL_CHARACTERS),
        ("SF138562\u202e8716739", ScanProblem.CONTROL_CHARACTERS),
        ("SF138562\udce48716739", ScanProblem.CONTROL_CHARACTERS),
    ],
)
def test_unreadable(raw: str, problem: ScanProblem) -> None:
    meaning = understand(raw)
    assert (meaning.kind, meaning.problem) == (MeaningKind.UNREADABLE, problem)
    assert len(meaning.text) <= 4000


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("hello", None),
        ("300-05 006", None),
        ("30-05 006", None),
        ("24124124", None),
        ("000000000000", None),
        ("00000000000000000000", None),
        ("0000000000000", ScanProblem.CHECK_DIGIT_WRONG),
        ("https://shop.example/returns?id=1", ScanProblem.NO_WAYBILL_INSIDE),
        ('{"a": 1}', ScanProblem.NO_WAYBILL_INSIDE),
        ("MMM={'k1':'755W'}", ScanProblem.NO_WAYBILL_INSIDE),
        ("123ß356ß0940", ScanProblem.KEYBOARD_LAYOUT),
        ("SF1385628716739\nSF1385628716739", None),
    ],
)
def test_unknown(raw: str, problem: ScanProblem | None) -> None:
    meaning = understand(raw)
    assert (meaning.kind, meaning.problem) == (MeaningKind.UNKNOWN, problem)


def test_normalising_records_each_step() -> None:
    assert normalise("]C0 sf-1385\uff16 28716739\r\n") == Normalised(
        text="SF1385628716739",
        symbology_identifier="]C0",
        steps=("terminator", "identifier", "full_width", "upper", "separators"),
        content="sf-13856 28716739",
    )
    assert normalise("SF1385628716739") == Normalised("SF1385628716739", "", (), "SF1385628716739")


def test_separators_of_structured_codes_stay_and_other_controls_are_shown() -> None:
    assert normalise("A\x1dB\x1eC\x04D").text == "A\x1dB\x1eC\x04D"
    assert normalise("A\x07B").text == "A\\X07B"
    assert normalise("A\x07B").content == "A\\x07B"


def test_unit_keys_compare_one_symbol_in_all_its_lengths() -> None:
    assert unit_key("036000291452") == unit_key("0036000291452") == unit_key("00036000291452")
    assert unit_key("sku-77 a") == "SKU77A"
    assert unit_key("4006381333932") == "4006381333932"


RUBBISH = (
    st.text()
    | st.text(string.printable)
    | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))
)


@given(RUBBISH, st.sampled_from(["", "]C0", "]C1", "]E0", "]Q1", "]Q3", "x"]))
@example("(00)", "")
@example("\x1d", "")
@example("1Z" + "²" * 16, "")
@example("]C1", "")
@example("]C1\x1d\x1d", "")
@example("42012345", "]C1")
@example("https://a/00/", "")
@example("１Ｚ５Ｒ８９３９０３５７５６７１２７", "")  # noqa: RUF001
def test_any_text_has_a_meaning(raw: str, identifier: str) -> None:
    meaning = understand(raw, identifier)
    assert isinstance(meaning.kind, MeaningKind)
    assert meaning.text == meaning.text.encode("utf-8").decode("utf-8")
    assert (meaning.kind is MeaningKind.WAYBILL) <= bool(meaning.candidates)
    if meaning.kind is MeaningKind.UNREADABLE:
        assert meaning.problem is not None


@given(RUBBISH)
def test_normalising_again_changes_nothing(raw: str) -> None:
    once = normalise(raw).text
    if not once.startswith("]"):
        assert normalise(once).text == once


@given(st.text(string.digits, min_size=1, max_size=40))
def test_digits_are_never_a_command_badge_or_slip(raw: str) -> None:
    assert understand(raw).kind in (
        MeaningKind.WAYBILL,
        MeaningKind.UNIT_CODE,
        MeaningKind.UNKNOWN,
    )


@given(st.text(string.digits, min_size=8, max_size=8), st.sampled_from(["CN", "GB", "US", "ES"]))
def test_s10_numbers_made_by_the_rule_are_valid(serial: str, country: str) -> None:
    meaning = understand(f"RR{serial}{s10_check(serial)}{country}")
    assert (meaning.candidates[0].check, meaning.problem) == (CheckState.VALID, None)


@given(st.text(string.digits + string.ascii_uppercase, min_size=15, max_size=15))
def test_ups_numbers_made_by_the_rule_are_valid(payload: str) -> None:
    meaning = understand(f"1Z{payload}{ups_check(payload)}")
    assert (meaning.candidates[0].check, meaning.problem) == (CheckState.VALID, None)


@given(st.text(string.digits, min_size=17, max_size=17))
def test_every_logistic_unit_is_known_in_each_spelling(payload: str) -> None:
    sscc = payload + gs1_check(payload)
    texts = {
        understand(raw).text
        for raw in (f"00{sscc}", f"]C100{sscc}", f"(00){sscc}", f"(00) {sscc}\r")
    }
    assert texts == {f"00{sscc}"}
