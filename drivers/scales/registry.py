"""The scale protocols that the station speaks, by name."""

import difflib

from returnbench.drivers.scales.protocol import ScaleProtocol
from returnbench.drivers.scales.protocols.mt_sics import MT_SICS, MT_SICS_ANY_WIDTH

PROTOCOLS: dict[str, ScaleProtocol] = {
    protocol.name: protocol for protocol in (MT_SICS, MT_SICS_ANY_WIDTH)
}


class UnknownProtocolError(ValueError):
    """The name of a protocol is not known; the text lists the known ones."""

    def __init__(self, name: str) -> None:
        nearest = difflib.get_close_matches(name.lower(), PROTOCOLS, n=1)
        guess = f" Did you mean {nearest[0]!r}?" if nearest else ""
        known = ", ".join(PROTOCOLS)
        super().__init__(f"scale protocol {name!r} is not known.{guess} Known: {known}")


def protocol_named(name: str) -> ScaleProtocol:
    """The protocol of this name.

    Raises:
        UnknownProtocolError: there is none.

    """
    try:
        return PROTOCOLS[name]
    except KeyError:
        raise UnknownProtocolError(name) from None
