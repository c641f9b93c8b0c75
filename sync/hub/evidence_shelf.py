"""The evidence files at the hub: which are expected, which are here, which will never come."""

import hashlib
from collections.abc import Mapping

from sqlalchemy import update

from returnbench.sync.hub.database import Database
from returnbench.sync.hub.tables import evidence
from returnbench.sync.problem import Problem
from returnbench.sync.store import EvidenceStore, StoreError


class EvidenceShelf:
    """Files under their hash, with the list of those that entries name."""

    def __init__(self, database: Database, store: EvidenceStore) -> None:
        self._database = database
        self._store = store

    def put(self, sha256: str, data: bytes) -> bool:
        """Keep ``data``; whether it is new here. Durable when this returns.

        Raises:
            Problem: ``digest-mismatch``, or ``store-full`` when the disk refuses.

        """
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Problem(422, "digest-mismatch", "the bytes have another SHA-256", retry="same")
        try:
            new = not self._store.has(sha256)
            self._store.put(data)
        except StoreError as error:
            raise Problem(507, "store-full", str(error), retry="after") from error
        with self._database.writing() as connection:
            connection.execute(
                update(evidence)
                .where(evidence.c.sha256 == sha256)
                .values(state="stored", reason="")
            )
        return new

    def declare_absent(self, station: str, reasons: Mapping[str, str]) -> None:
        """The station has these files no more; ``reasons`` maps a hash to ``gone`` or ``damaged``.

        What is here stays here.
        """
        with self._database.writing() as connection:
            for sha256, reason in reasons.items():
                connection.execute(
                    update(evidence)
                    .where(
                        evidence.c.station == station,
                        evidence.c.sha256 == sha256,
                        evidence.c.state == "missing",
                    )
                    .values(state="absent", reason=reason)
                )
