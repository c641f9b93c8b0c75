"""KERN KCP, the KERN communication protocol: commands and weights in the shape of MT-SICS.

Source: KERN, "KIB-TM interface description", command list of KCP, and KERN, "KCP manual". The scale
must be set to it (port mode ASK, type KCP) and asks for more than 100 ms between two requests. That
a weight takes ten columns, as in MT-SICS, rests on a secondary source: ``mt-sics-any-width`` reads
other widths. Like MT-SICS, it does not tell net from gross.
"""

from returnbench.drivers.scales.protocol import Command, Commands, ScaleProtocol
from returnbench.drivers.scales.protocols.mt_sics import MT_SICS

_COMMANDS = Commands(
    stream=b"SIR\r\n",
    quiet=b"SI\r\n",
    poll=b"SI\r\n",
    poll_seconds=0.15,
    resync=Command(b"@\r\n", frozenset({"I4", "@"}), 1.0),
    identify=Command(b"I4\r\n", frozenset({"I4"}), 1.0),
    zero=Command(b"Z\r\n", frozenset({"Z"}), 12.0),
    tare=Command(b"T\r\n", frozenset({"T"}), 12.0),
)

KERN_KCP = ScaleProtocol(
    "kern-kcp",
    "KERN KCP (KIB-TM, KFB-TM, PCB and others)",
    MT_SICS.framer,
    MT_SICS.decode,
    _COMMANDS,
)
