"""The scale protocols that the station speaks, by name."""

import difflib
from collections.abc import Callable

from returnbench.drivers.scales.protocol import ScaleProtocol
from returnbench.drivers.scales.protocol_options import NO_OPTIONS, ProtocolOptions
from returnbench.drivers.scales.protocols import (
    adam_cpwplus,
    adam_pgl,
    and_standard,
    and_two_header,
    cas_22,
    cas_type_6,
    dini_argeo,
    kern_kib,
    mettler_8217,
    nci_scp_01,
    nci_scp_02,
    nci_scp_12,
    ohaus,
    radwag,
    sbi,
    sma,
    usb_hid,
    yaohua_a12,
    yaohua_equals,
    yaohua_tf0,
)
from returnbench.drivers.scales.protocols.kern_kcp import KERN_KCP
from returnbench.drivers.scales.protocols.kern_old import KERN_OLD
from returnbench.drivers.scales.protocols.mt_sics import MT_SICS, MT_SICS_ANY_WIDTH
from returnbench.drivers.scales.protocols.toledo_continuous import (
    TOLEDO_CONTINUOUS,
    TOLEDO_CONTINUOUS_NO_CHECKSUM,
    TOLEDO_CONTINUOUS_SHORT,
    TOLEDO_CONTINUOUS_SHORT_NO_CHECKSUM,
)
from returnbench.drivers.scales.refused_protocols import why_refused

ProtocolFactory = Callable[[ProtocolOptions], ScaleProtocol]
"""Makes the protocol of one scale out of what the site entered about it."""


def _without_options(protocol: ScaleProtocol) -> ProtocolFactory:
    """The factory of a protocol whose frames leave nothing open."""
    return lambda _: protocol


PROTOCOLS: dict[str, ProtocolFactory] = {
    "mt-sics": _without_options(MT_SICS),
    "mt-sics-any-width": _without_options(MT_SICS_ANY_WIDTH),
    "kern-kcp": _without_options(KERN_KCP),
    "kern-old": _without_options(KERN_OLD),
    "kern-kib": kern_kib.make,
    "mettler-8217": mettler_8217.make,
    "toledo-continuous": _without_options(TOLEDO_CONTINUOUS),
    "toledo-continuous-no-checksum": _without_options(TOLEDO_CONTINUOUS_NO_CHECKSUM),
    "toledo-continuous-short": _without_options(TOLEDO_CONTINUOUS_SHORT),
    "toledo-continuous-short-no-checksum": _without_options(TOLEDO_CONTINUOUS_SHORT_NO_CHECKSUM),
    "nci-scp-01": nci_scp_01.make,
    "nci-scp-02": nci_scp_02.make,
    "nci-scp-12": nci_scp_12.make,
    "sma": sma.make,
    "cas-22": cas_22.make,
    "cas-22-ci-200": cas_22.make_ci_200,
    "cas-type-6": cas_type_6.make,
    "ohaus": ohaus.make,
    "and": and_standard.make,
    "and-two-header": and_two_header.make,
    "sbi-16": sbi.make_16,
    "sbi-22": sbi.make_22,
    "radwag": radwag.make,
    "adam-cpwplus": adam_cpwplus.make,
    "adam-cpwplus-any-width": adam_cpwplus.make_any_width,
    "adam-pgl": adam_pgl.make,
    "dini-argeo": dini_argeo.make,
    "yaohua-tf0": yaohua_tf0.make,
    "yaohua-equals": yaohua_equals.make,
    "yaohua-a12": yaohua_a12.make,
    "usb-hid": usb_hid.make,
}


class UnknownProtocolError(ValueError):
    """The name of a protocol is not known; the text lists the known ones, or why it is refused."""

    def __init__(self, name: str) -> None:
        nearest = difflib.get_close_matches(name.lower(), PROTOCOLS, n=1)
        guess = f" Did you mean {nearest[0]!r}?" if nearest else ""
        known = ", ".join(PROTOCOLS)
        refused = why_refused(name)
        super().__init__(refused or f"scale protocol {name!r} is not known.{guess} Known: {known}")


def protocol_named(name: str, options: ProtocolOptions = NO_OPTIONS) -> ScaleProtocol:
    """The protocol of this name, for a scale with these constants.

    Raises:
        UnknownProtocolError: there is none.
        ValueError: the protocol knows no such value of an option; the text says what it accepts.

    """
    try:
        make = PROTOCOLS[name]
    except KeyError:
        raise UnknownProtocolError(name) from None
    return make(options)
