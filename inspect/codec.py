"""Between frozen dataclasses and JSON objects, with personal fields kept apart.

JSON here has no floats and ASCII keys only, so that its sorted, compact form is canonical
(RFC 8785) and may be hashed. Decimals and bytes become text (plain decimal, lower-case hex).
"""

import dataclasses
import types
import typing
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from returnbench.inspect.events import ENTRY_TYPES, Event

Json = dict[str, Any]

T = typing.TypeVar("T")

_TYPE_NAMES = {cls: name for name, cls in ENTRY_TYPES.items()}


class CodecError(ValueError):
    """A stored object does not have the fields that its type demands."""


def encode_event(event: Event) -> tuple[str, Json, Json]:
    """``event`` as (entry type, public fields, personal fields)."""
    public, personal = split(event)
    return _TYPE_NAMES[type(event)], public, personal


def decode_event(entry_type: str, public: Json, personal: Json) -> Event | None:
    """The event of one entry; ``None`` for entry types that are not events of the inspection.

    Personal fields that were erased come back as empty text. Unknown fields are ignored.

    Raises:
        CodecError: a field is missing or has the wrong form.

    """
    cls = ENTRY_TYPES.get(entry_type)
    if cls is None:
        return None
    return join(cls, public, personal)


def split(value: Any) -> tuple[Json, Json]:
    """A dataclass as (public fields, personal fields); nested personal fields keep their path."""
    public: Json = {}
    personal: Json = {}
    for f in dataclasses.fields(value):
        item = getattr(value, f.name)
        if f.metadata.get("personal"):
            personal[f.name] = _plain(item)
        elif dataclasses.is_dataclass(item):
            public[f.name], inner = split(item)
            if inner:
                personal[f.name] = inner
        else:
            public[f.name] = _plain(item)
    return public, personal


def plain(value: Any) -> Json:
    """A dataclass as one JSON object, personal fields included."""
    return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return str(value) if isinstance(value, StrEnum) else value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return plain(value)
    raise TypeError(f"cannot store a {type(value).__name__}")


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def join(cls: type[T], public: Json, personal: Json | None = None) -> T:
    """The value of dataclass ``cls`` from its JSON form; the inverse of :func:`split`.

    Raises:
        CodecError: a field is missing or has the wrong form.

    """
    personal = personal or {}
    values: dict[str, Any] = {}
    for f in dataclasses.fields(typing.cast(Any, cls)):
        hint = _hints(typing.cast(Any, cls))[f.name]
        if f.metadata.get("personal"):
            raw = public.get(f.name, personal.get(f.name, ""))
            values[f.name] = _value(hint, raw, None, f"{cls.__name__}.{f.name}")
        elif f.name in public:
            values[f.name] = _value(
                hint, public[f.name], personal.get(f.name), f"{cls.__name__}.{f.name}"
            )
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise CodecError(f"{cls.__name__}.{f.name} is missing")
    return cls(**values)


def _value(hint: Any, raw: Any, personal: Any, where: str) -> Any:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        if raw is None:
            return None
        hint = options[0]
    if typing.get_origin(hint) is tuple:
        if not isinstance(raw, list):
            raise CodecError(f"{where}: a list is expected")
        inner = typing.get_args(hint)[0]
        return tuple(_value(inner, item, None, where) for item in raw)
    hint = getattr(hint, "__supertype__", hint)
    if dataclasses.is_dataclass(hint):
        if not isinstance(raw, dict):
            raise CodecError(f"{where}: an object is expected")
        return join(typing.cast(type, hint), raw, personal)
    try:
        return _scalar(hint, raw)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise CodecError(f"{where}: {raw!r} is not a {hint.__name__}") from error


def _scalar(hint: Any, raw: Any) -> Any:
    if hint in (str, int, bool):
        if type(raw) is not hint:
            raise TypeError(hint.__name__)
        return raw
    if hint is bytes:
        return bytes.fromhex(raw)
    if hint is Decimal:
        return Decimal(raw)
    return hint(raw)
