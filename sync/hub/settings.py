"""What the hub is told at its start."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from returnbench.sync.webhook import WebhookError, decode_secret


class HubSettingsError(ValueError):
    """A setting of the hub cannot be used; the text says which and what is accepted."""


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """One shop that refunds are sent to.

    ``secret`` signs the webhooks (``whsec_...``). ``read_url`` is where the shop tells what became
    of an idempotency key (``GET {read_url}/{key}``); without it an unclear answer waits for a
    person. Plain HTTP is for this machine only, unless ``allow_plain_http`` says otherwise.
    """

    shop: str
    webhook_url: str
    secret: str = field(repr=False)
    read_url: str = ""
    allow_plain_http: bool = False

    def __post_init__(self) -> None:
        if not self.shop:
            raise HubSettingsError("a shop needs a name")
        try:
            decode_secret(self.secret)
        except WebhookError as error:
            raise HubSettingsError(f"shop {self.shop}: {error}") from error
        for name, url in (("webhook_url", self.webhook_url), ("read_url", self.read_url)):
            if url or name == "webhook_url":
                self._check_url(name, url)

    def _check_url(self, name: str, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HubSettingsError(
                f"shop {self.shop}: {name} {url!r} is no URL; expected https://host/path"
            )
        plain = parts.scheme == "http" and not self.allow_plain_http
        if plain and not _is_this_machine(parts.hostname):
            raise HubSettingsError(
                f"shop {self.shop}: {name} must use https, because {parts.hostname} is not this "
                "machine"
            )


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Settings of one hub.

    ``data_dir`` has the hub's key, its evidence and, when ``database_url`` is empty, its SQLite
    database; several hubs on one PostgreSQL share this folder, because the keys of the refunds come
    from the hub's key. Retries wait ``retry_base_seconds``, then twice as long each time up to
    ``retry_longest_seconds``; after ``retry_most`` failures in a row a person has to look (with the
    defaults after about three days). One call to a shop ends within ``call_seconds``; a lease of
    ``lease_seconds`` keeps other workers off meanwhile.
    """

    data_dir: Path
    shops: tuple[ShopSettings, ...] = ()
    database_url: str = ""
    name: str = "returnbench.hub"
    retry_base_seconds: float = 5.0
    retry_longest_seconds: float = 6 * 3600.0
    retry_most: int = 24
    call_seconds: float = 20.0
    lease_seconds: float = 90.0
    dispatch_workers: int = 4
    most_evidence_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        names = [shop.shop for shop in self.shops]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise HubSettingsError(f"shop {twice[0]} is configured twice")
        # A call of a worker is a read-back and a sending; both must end while the lease holds.
        if self.lease_seconds < 2.5 * self.call_seconds:
            raise HubSettingsError(
                f"lease_seconds ({self.lease_seconds:g}) must be at least 2.5 times call_seconds "
                f"({self.call_seconds:g}), or two workers could send at once"
            )
        if self.retry_base_seconds <= 0 or self.retry_most < 1 or self.dispatch_workers < 1:
            raise HubSettingsError(
                "retry_base_seconds, retry_most and dispatch_workers must be above zero"
            )

    @property
    def url(self) -> str:
        """The database URL in use."""
        return self.database_url or f"sqlite:///{self.data_dir / 'hub.db'}"
