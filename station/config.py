"""Read ``config.toml`` strictly: whatever is wrong is told with file, line, key and remedy."""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from returnbench.station.settings import Settings, ShopConfig
from returnbench.station.toml_lines import Path as KeyPath
from returnbench.station.toml_lines import key_lines, line_of

__all__ = ["CONFIG_NAME", "ConfigError", "ConfigProblem", "Settings", "load_settings"]

CONFIG_NAME = "config.toml"
_SECRET_WORDS = re.compile(r"secret|token|password|passwd|key|credential", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing that is wrong in the configuration. ``line`` counts from 1; 0 is the whole file."""

    line: int
    key: str
    message: str


class ConfigError(Exception):
    """The configuration cannot be used. The message has one line per problem."""

    def __init__(self, file: Path, problems: tuple[ConfigProblem, ...]) -> None:
        self.file = file
        self.problems = problems
        super().__init__("\n".join(map(self._sentence, problems)))

    def _sentence(self, problem: ConfigProblem) -> str:
        place = f"{self.file}:{problem.line}" if problem.line else str(self.file)
        key = f"{problem.key}: " if problem.key else ""
        return f"{place}: {key}{problem.message}"


def load_settings(path: Path | None = None) -> Settings:
    """The settings of ``path``; without one, of ``./config.toml``; without that, the defaults.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or holds a key or value that is not
            accepted. All problems are told at once.

    """
    if path is None:
        path = Path(CONFIG_NAME)
        if not path.exists():
            return Settings()
    text = _read(path)
    document = _parse(path, text)
    lines = key_lines(text)
    problems: list[ConfigProblem] = []
    settings = _Reader(lines, problems).settings(document)
    problems += _impossible(settings, lines)
    if problems:
        raise ConfigError(path, tuple(sorted(problems, key=lambda problem: problem.line)))
    return settings


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise ConfigError(path, (ConfigProblem(0, "", reason),)) from error
    try:
        # TOML counts CR LF as one end of line; so do we.
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(
            path, (ConfigProblem(line, "", "is not UTF-8; save the file as UTF-8 text"),)
        ) from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, (_syntax_problem(str(error), text),)) from error
    except RecursionError as error:
        problem = ConfigProblem(0, "", "lists or tables are nested too deeply")
        raise ConfigError(path, (problem,)) from error


def _syntax_problem(message: str, text: str) -> ConfigProblem:
    place = re.search(r" \(at line ([0-9]+), column [0-9]+\)", message)
    line = int(place[1]) if place else text.rstrip("\n").count("\n") + 1
    what = re.sub(r" \(at [^)]*\)$", "", message)
    written = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    key = written.split("=")[0].strip()
    if what.startswith(("Cannot declare", "Cannot overwrite")):
        what = "stands twice; keep one of the two"
        return ConfigProblem(line, key, what)
    hint = 'texts need quotation marks, as in name = "bench-1"'
    return ConfigProblem(line, key if "=" in written else "", f"is not TOML: {what}; {hint}")


class _Reader:
    """Turns the parsed document into settings and collects what it does not accept."""

    def __init__(self, lines: dict[KeyPath, int], problems: list[ConfigProblem]) -> None:
        self._lines = lines
        self._problems = problems

    def settings(self, document: dict[str, Any]) -> Settings:
        sections = {f.name: f for f in dataclasses.fields(Settings) if f.name != "shops"}
        values: dict[str, Any] = {}
        for name, raw in document.items():
            if name == "shop":
                values["shops"] = self._shops(raw)
            elif name not in sections:
                self._unknown((name,), raw, [*sections, "shop"])
            elif not isinstance(raw, dict):
                self._add((name,), f"must be a section: write [{name}] on a line of its own")
            else:
                values[name] = self._section(sections[name].default_factory, (name,), raw)
        return Settings(**values)

    def _shops(self, raw: Any) -> tuple[ShopConfig, ...]:
        if not isinstance(raw, list) or not all(isinstance(shop, dict) for shop in raw):
            self._add(("shop",), "there may be several shops: begin each with [[shop]]")
            return ()
        return tuple(
            self._section(ShopConfig, ("shop", number), shop) for number, shop in enumerate(raw)
        )

    def _section(self, cls: Any, path: KeyPath, raw: dict[str, Any]) -> Any:
        known = {f.metadata["key"] or f.name: f for f in dataclasses.fields(cls)}
        values: dict[str, Any] = {}
        for key, value in raw.items():
            if key not in known:
                self._unknown((*path, key), value, list(known))
                continue
            accepts = known[key].metadata["accepts"]
            try:
                values[known[key].name] = accepts.read(value)
            except (ValueError, TypeError):
                shown = _shown(key, value)
                self._add((*path, key), f"{shown} is not accepted; accepted is {accepts.says}")
        return cls(**values)

    def _unknown(self, path: KeyPath, value: Any, known: list[str]) -> None:
        name = str(path[-1])
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        what = "section" if isinstance(value, dict | list) and len(path) == 1 else "key"
        if _SECRET_WORDS.search(name):
            hint += " Secrets never stand in this file: name a variable or a file that holds them"
        self._add(path, f"= {_shown(name, value)}: no such {what}; {hint}")

    def _add(self, path: KeyPath, message: str) -> None:
        self._problems.append(ConfigProblem(line_of(self._lines, path), _name(path), message))


def _name(path: KeyPath) -> str:
    """``("shop", 0, "name")`` as ``[shop 1] name``."""
    if len(path) == 1:
        return f"[{path[0]}]"
    table = " ".join(str(part + 1) if isinstance(part, int) else part for part in path[:-1])
    return f"[{table}] {path[-1]}"


def _shown(key: str, value: Any) -> str:
    """``value`` as it may be printed: a secret that was written into the file never is."""
    if _SECRET_WORDS.search(key) or (isinstance(value, str) and re.search(r"://[^/]*@", value)):
        return "(not shown)"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:60]}..."'
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | Decimal) else f"a {_toml_kind(value)}"


def _toml_kind(value: Any) -> str:
    if isinstance(value, dict):
        return "table"
    return "list" if isinstance(value, list) else "date or time"


def _impossible(settings: Settings, lines: dict[KeyPath, int]) -> Iterator[ConfigProblem]:
    """Values that are each accepted but cannot stand together."""

    def problem(path: KeyPath, message: str) -> ConfigProblem:
        return ConfigProblem(line_of(lines, path), _name(path), message)

    scale = settings.scale
    if scale.enabled and not scale.url:
        yield problem(
            ("scale", "url"), "is empty but the scale is enabled; give the port of the scale"
        )
    if scale.capacity_mg % scale.division_mg or scale.capacity_mg < 100 * scale.division_mg:
        yield problem(
            ("scale", "capacity_g"),
            "must be a whole multiple of division_g, at least 100 times as much",
        )
    if settings.camera.enabled and not settings.camera.source:
        yield problem(
            ("camera", "source"), "is empty but the camera is enabled; give a device or an address"
        )
    if settings.hub.mode == "remote":
        for key, value in (("url", settings.hub.url), ("token_file", settings.hub.token_file)):
            if not value:
                yield problem(("hub", key), 'is empty; mode = "remote" needs url and token_file')
    seen: set[str] = set()
    for number, shop in enumerate(settings.shops):
        path: KeyPath = ("shop", number)
        if not shop.name or not shop.webhook_url:
            yield problem((*path, "name"), "every shop needs name and webhook_url")
        if shop.name in seen:
            yield problem((*path, "name"), f'"{shop.name}" is the name of another shop, too')
        if bool(shop.secret_env) == bool(shop.secret_file):
            yield problem((*path, "secret_env"), "give either secret_env or secret_file, not both")
        seen.add(shop.name)
