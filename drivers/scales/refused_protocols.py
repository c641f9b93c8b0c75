"""Protocols that are known by name and refused, each with the reason."""

_ACCUMULATES = (
    "its answer is a block of several lines in the language of the scale, among them a total that "
    "looks like a weight, and no document gives the columns"
)

REFUSED_PROTOCOLS: dict[str, str] = {
    "yousheng-bcd": (
        "its field of decimals is documented in two ways that differ by a factor of ten, so a "
        "weight could be wrong without a sign of it; set the indicator to another output, for "
        "instance to Yaohua format 0"
    ),
    "dahua": (
        "no document of its frames could be confirmed; record what the scale sends with "
        "'returnbench scale listen' and attach it to a request for support"
    ),
    "yaohua-command": (
        "no document of the frames of the command mode could be confirmed; set the indicator to "
        "continuous output and use yaohua-tf0"
    ),
    "adam-azextra": (
        "it answers once for each new weight and says nothing when the pan is empty, so the same "
        "weight cannot be told from nothing at all"
    ),
    "adam-cbk": _ACCUMULATES,
    "adam-cbd": _ACCUMULATES,
    "adam-cbw": _ACCUMULATES,
}
"""Why the station does not speak these protocols, by the name that a site may look for."""


def why_refused(name: str) -> str | None:
    """Why the station does not speak the protocol of this name; ``None`` if it is not refused."""
    reason = REFUSED_PROTOCOLS.get(name.lower())
    return None if reason is None else f"scale protocol {name!r} is not supported: {reason}"
