"""Who may talk to the hub: the stations, with the key of their log and the hash of their token."""

import hashlib
import hmac

from sqlalchemy import insert, select, update

from returnbench.sync.hub.clock import now_ms
from returnbench.sync.hub.database import Database
from returnbench.sync.hub.tables import stations
from returnbench.sync.note import LOG_KEY, NoteError, NoteVerifier
from returnbench.sync.problem import Problem

_SHORTEST_TOKEN = 16


class EnrolmentError(ValueError):
    """A station cannot be enrolled like this; the text says what to change."""


class Stations:
    """The enrolled stations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enrol(self, station: str, vkey: str, token: str) -> None:
        """Let ``station`` in with this log key and token. Done twice, it renews the token.

        Raises:
            EnrolmentError: key or token are unusable, or the station has another key already.

        """
        try:
            verifier = NoteVerifier.from_vkey(vkey)
        except NoteError as error:
            raise EnrolmentError(f"station {station}: {error}") from error
        if verifier.key_type != LOG_KEY or verifier.name.rsplit("/", 1)[-1] != station:
            raise EnrolmentError(
                f"the key is of the log {verifier.name}, whose last part is not {station}; "
                "copy the key of this station's log"
            )
        if len(token) < _SHORTEST_TOKEN:
            raise EnrolmentError(
                f"station {station}: the token has {len(token)} characters; at least "
                f"{_SHORTEST_TOKEN} from a random generator are needed"
            )
        with self._database.writing() as connection:
            known = connection.execute(
                select(stations.c.vkey).where(stations.c.station == station)
            ).scalar_one_or_none()
            if known is None:
                connection.execute(
                    insert(stations).values(
                        station=station,
                        vkey=verifier.vkey,
                        token_sha256=_hash(token),
                        size=0,
                        log_size=0,
                        last_cursor=0,
                        cosigned="",
                        enrolled_ms=now_ms(),
                    )
                )
            elif known == verifier.vkey:
                connection.execute(
                    update(stations)
                    .where(stations.c.station == station)
                    .values(token_sha256=_hash(token))
                )
            else:
                raise EnrolmentError(
                    f"station {station} is enrolled with another log key; a station that was set "
                    "up anew gets a new name"
                )

    def of_token(self, token: str) -> str:
        """The station that this token belongs to.

        Raises:
            Problem: ``token-invalid``.

        """
        digest = _hash(token)
        with self._database.reading() as connection:
            row = connection.execute(
                select(stations.c.station, stations.c.token_sha256).where(
                    stations.c.token_sha256 == digest
                )
            ).first()
        if row is None or not hmac.compare_digest(row.token_sha256, digest):
            raise Problem(
                401, "token-invalid", "the token is not that of an enrolled station", retry="after"
            )
        return str(row.station)


def _hash(token: str) -> str:
    # The tokens are random, so a plain hash is enough.
    return hashlib.sha256(token.encode()).hexdigest()
