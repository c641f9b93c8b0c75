"""Events to JSON and back: nothing is lost, personal fields stay apart, damage is named."""

import dataclasses
import json
import typing
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from returnbench.inspect.case import AnnouncedReturn, CaseId, ExpectedLine, Mass
from returnbench.inspect.codec import (
    CodecError,
    decode_event,
    encode_event,
    join,
    plain,
    split,
)
from returnbench.inspect.codes import ArrivalType
from returnbench.inspect.events import (
    ENTRY_TYPES,
    CaseOpened,
    FindingRecorded,
    OperatorSignedOn,
    ParcelWeighed,
    ScanRecorded,
    VerdictGiven,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
st.register_type_strategy(str, TEXT)
st.register_type_strategy(int, st.integers(-(2**53), 2**53))


def stored(value: object) -> typing.Any:
    """What comes back from the disk: JSON text without floats, read again."""

    def no_float(text: str) -> float:
        raise AssertionError(f"a float was stored: {text}")

    return json.loads(json.dumps(value, ensure_ascii=False), parse_float=no_float)


@pytest.mark.parametrize("entry_type", ENTRY_TYPES)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_event_comes_back_as_it_was(entry_type, data):
    event = data.draw(st.from_type(ENTRY_TYPES[entry_type]))
    name, public, personal = encode_event(event)
    assert name == entry_type
    assert decode_event(name, stored(public), stored(personal)) == event


@pytest.mark.parametrize("entry_type", ENTRY_TYPES)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_erased_event_is_the_same_without_its_personal_fields(entry_type, data):
    event = data.draw(st.from_type(ENTRY_TYPES[entry_type]))
    name, public, _ = encode_event(event)
    erased = decode_event(name, stored(public), {})
    assert erased is not None
    assert encode_event(erased)[1] == public
    assert all(text == "" for text in texts_of(encode_event(erased)[2]))


def texts_of(personal: dict) -> list[str]:
    return [
        text
        for value in personal.values()
        for text in (texts_of(value) if isinstance(value, dict) else [value])
    ]


def advice(**changes: object) -> AnnouncedReturn:
    line = ExpectedLine("L1", "SKU", "Hemd, blau", "apparel", 2, Mass(1, 2), ("4006381333931",))
    values: dict = {
        "rma": "R1", "shop": "demo", "order_ref": "O1", "waybill": "SECRET-W", "carrier": "SF",
        "lines": (line,), "return_slip": "SECRET-S",
    }  # fmt: skip
    return AnnouncedReturn(**(values | changes))


OPENED = CaseOpened(CaseId("c-1"), "SECRET-W", "SF", ArrivalType.ANNOUNCED, advice(), ())


def test_personal_fields_are_only_in_the_personal_part():
    _, public, personal = encode_event(OPENED)
    assert "SECRET" not in json.dumps(public)
    assert personal == {
        "waybill": "SECRET-W",
        "advice": {"waybill": "SECRET-W", "return_slip": "SECRET-S"},
    }
    assert encode_event(OperatorSignedOn("XOPANA"))[1:] == ({}, {"operator": "XOPANA"})


def test_no_personal_field_hides_where_it_cannot_be_kept_apart():
    """Values in lists are stored whole, so nothing personal may stand in them."""

    def walk(cls: type, in_list: bool) -> None:
        hints = typing.get_type_hints(cls)
        for field in dataclasses.fields(cls):
            assert not (in_list and field.metadata.get("personal")), (cls, field.name)
            pending = [(hints[field.name], in_list)]
            while pending:
                hint, listed = pending.pop()
                listed = listed or typing.get_origin(hint) is tuple
                pending += [(inner, listed) for inner in typing.get_args(hint)]
                if dataclasses.is_dataclass(hint):
                    walk(typing.cast(type, hint), listed)

    for event_type in ENTRY_TYPES.values():
        walk(event_type, in_list=False)


def test_every_personal_field_is_a_text_that_can_be_emptied():
    assert {
        (cls.__name__, field.name)
        for cls in (*ENTRY_TYPES.values(), AnnouncedReturn)
        for field in dataclasses.fields(cls)
        if field.metadata.get("personal") and typing.get_type_hints(cls)[field.name] is not str
    } == set()


def test_the_whole_value_in_one_object_has_its_personal_fields():
    whole = stored(plain(advice()))
    assert whole["waybill"] == "SECRET-W"
    assert join(AnnouncedReturn, whole) == advice()


def test_unknown_fields_and_other_entries_are_passed_over():
    _, public, personal = encode_event(OPENED)
    newer = public | {"new": {"deep": [1]}, "seq": 7}
    assert decode_event("case_opened", newer, personal | {"nonce": "x"}) == OPENED
    assert decode_event("import", {"kind": "announced"}, {}) is None
    assert decode_event("no-such-type", {}, {}) is None


def test_fields_with_a_default_may_be_missing():
    _, public, personal = encode_event(ScanRecorded("X", "UNKNOWN", "", "wedge"))
    del public["case"]
    assert decode_event("scan", public, personal) == ScanRecorded("X", "UNKNOWN", "", "wedge")


@pytest.mark.parametrize("entry_type", ENTRY_TYPES)
@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_missing_field_is_named_with_its_type(entry_type, data):
    cls = ENTRY_TYPES[entry_type]
    _, public, personal = encode_event(data.draw(st.from_type(cls)))
    for field in dataclasses.fields(cls):
        needed = field.default is dataclasses.MISSING and not field.metadata.get("personal")
        if needed:
            rest = {name: value for name, value in public.items() if name != field.name}
            with pytest.raises(CodecError, match=f"^{cls.__name__}\\.{field.name} is missing$"):
                decode_event(entry_type, rest, personal)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"case": 7}, r"CaseOpened\.case: 7 is not a str"),
        ({"case": None}, r"CaseOpened\.case"),
        ({"arrival": "TELEPORTED"}, r"CaseOpened\.arrival: 'TELEPORTED' is not a ArrivalType"),
        ({"flags": "NO_INFO"}, r"CaseOpened\.flags: a list is expected"),
        ({"flags": ["NONE_SUCH"]}, r"CaseOpened\.flags"),
        ({"advice": []}, r"CaseOpened\.advice: an object is expected"),
        ({"advice": {"rma": "R1"}}, r"AnnouncedReturn\.shop is missing"),
        ({"waybill": 5}, r"CaseOpened\.waybill: 5 is not a str"),
    ],
)
def test_a_field_of_another_form_is_named(change, said):
    _, public, personal = encode_event(OPENED)
    with pytest.raises(CodecError, match=said):
        decode_event("case_opened", public | change, personal)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("lines", 0, "quantity"), "2", r"ExpectedLine\.quantity: '2' is not a int"),
        (("lines", 0, "quantity"), True, r"ExpectedLine\.quantity: True is not a int"),
        (("lines", 0, "quantity"), 1.5, r"ExpectedLine\.quantity"),
        (("lines", 0, "unit_mass", "sd_mg"), None, r"Mass\.sd_mg"),
        (("lines", 0), "L1", r"AnnouncedReturn\.lines: an object is expected"),
        (("lines", 0, "unit_codes"), [4], r"ExpectedLine\.unit_codes: 4 is not a str"),
        (("freight_collect",), 1, r"AnnouncedReturn\.freight_collect: 1 is not a bool"),
        (("waybill",), None, r"AnnouncedReturn\.waybill"),
    ],
)
def test_a_field_deep_inside_is_named_too(path, value, said):
    whole = stored(plain(advice()))
    inner = whole
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(CodecError, match=said):
        join(AnnouncedReturn, whole)


@dataclasses.dataclass(frozen=True)
class Odd:
    value: Decimal
    raw: bytes
    other: object = None


def test_decimals_and_bytes_are_text_and_exact():
    public, _ = split(Odd(Decimal("1E-7"), b"\x00\xff"))
    assert public == {"value": "0.0000001", "raw": "00ff", "other": None}
    assert join(Odd, {"value": "0.10", "raw": "00ff"}).value == Decimal("0.10")
    assert join(Odd, {"value": "0.10", "raw": "00ff"}).raw == b"\x00\xff"
    for bad in ({"value": "a", "raw": ""}, {"value": "1", "raw": "0"}, {"value": [], "raw": ""}):
        with pytest.raises(CodecError, match="Odd"):
            join(Odd, bad)


@pytest.mark.parametrize("value", [1.5, {"a": 1}, [1]])
def test_what_has_no_exact_form_is_not_stored(value):
    with pytest.raises(TypeError, match="cannot store"):
        split(Odd(Decimal(1), b"", value))


def test_each_event_has_its_own_name_and_each_name_its_event():
    assert len(set(ENTRY_TYPES.values())) == len(ENTRY_TYPES)
    assert {FindingRecorded, ParcelWeighed, VerdictGiven} <= set(ENTRY_TYPES.values())
