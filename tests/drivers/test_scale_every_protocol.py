"""Every protocol from end to end: a simulated scale on a pseudo-terminal, and the real driver.

Most of the time is waiting, so the protocols are tried at the same time, in threads.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal

import pytest

from returnbench.drivers.scales.devices_registry import DEVICES
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.registry import PROTOCOLS, protocol_named
from returnbench.drivers.scales.scale import CommandDone, CommandRefused, Scale
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.drivers.scales.simulator import ScaleSimulator
from returnbench.inspect.weighing import (
    NoWeight,
    NoWeightReason,
    Reading,
    StabilitySource,
    WeightUnit,
)

DEADLINE_SECONDS = 25
AT_ONCE = 8
LOAD_MG = 1_235_000
LOAD = Decimal("1.235")

OPTIONS = {
    "kern-kib": ProtocolOptions(unit=WeightUnit.KG, decimals=3),
    "mettler-8217": ProtocolOptions(unit=WeightUnit.KG, net_bit=True),
    "nci-scp-01": ProtocolOptions(decimals=3),
    "nci-scp-02": ProtocolOptions(decimals=3),
    "nci-scp-12": ProtocolOptions(decimals=3),
    "sma": ProtocolOptions(decimals=3),
    "cas-22": ProtocolOptions(decimals=3, address=1),
    "cas-22-ci-200": ProtocolOptions(decimals=3, address=1),
    "cas-type-6": ProtocolOptions(decimals=3),
    "adam-cpwplus": ProtocolOptions(unit=WeightUnit.KG, decimals=3),
    "adam-cpwplus-any-width": ProtocolOptions(unit=WeightUnit.KG, decimals=3),
    "adam-pgl": ProtocolOptions(unit=WeightUnit.KG, decimals=3),
    "dini-argeo": ProtocolOptions(decimals=3),
    "yaohua-tf0": ProtocolOptions(unit=WeightUnit.KG, decimals=3),
    "yaohua-equals": ProtocolOptions(unit=WeightUnit.KG, decimals=3, digits_reversed=True),
    "yaohua-a12": ProtocolOptions(unit=WeightUnit.KG, decimals=3),
}
STABILITY_NOT_TOLD = {
    "adam-cpwplus",
    "adam-cpwplus-any-width",
    "adam-pgl",
    "yaohua-tf0",
    "yaohua-equals",
    "yaohua-a12",
}

NO_SIGN_OF_OVERLOAD = {"yaohua-tf0", "yaohua-equals"}
"""The number goes on above Max, until it does not fit into the frame."""

RE_ZERO_TARES = {"and"}
"""What is too heavy to be taken as zero is tared."""


def eventually(condition):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)
    return found


class Bench:
    """A simulated scale and the driver that reads it; the frames are kept."""

    def __init__(self, protocol):
        self.told = protocol not in STABILITY_NOT_TOLD
        self.simulator = ScaleSimulator(
            protocol=protocol, settle_seconds=0.05, rate_hz=40, stability_timeout=0.5
        )
        self.frames = []
        settings = ScaleSettings(
            "bench-scale",
            self.simulator.start(),
            protocol=protocol,
            options=OPTIONS.get(protocol, ProtocolOptions()),
            division_mg=5_000,
            capacity_mg=15_000_000,
            silent_seconds=0.8,
            reopen_first_seconds=0.02,
            reopen_last_seconds=0.1,
        )
        self.scale = Scale(settings, self.frames.append)

    def shows(self, value):
        last = self.frames[-1] if self.frames else None
        return isinstance(last, Reading) and last.value == value and last.stable is self.told

    def said(self, reasons, since):
        return any(isinstance(f, NoWeight) and f.reason in reasons for f in self.frames[since:])

    def come_to_rest(self):
        eventually(lambda: self.simulator.indication().stable)
        # What was sent before that has been read once a weight after it has come, or silence.
        asked = len(self.frames)
        eventually(lambda: len(self.frames) > asked + 2)
        return len(self.frames)


@contextmanager
def bench_of(protocol):
    bench = Bench(protocol)
    bench.scale.start()
    try:
        eventually(lambda: bench.shows(0))
        yield bench
    finally:
        bench.scale.stop()
        bench.simulator.stop()


def a_weight_arrives_as_it_lies_on_the_pan(bench):
    bench.simulator.put(LOAD_MG)
    eventually(lambda: bench.shows(LOAD))
    weight = bench.frames[-1]
    assert weight.unit is WeightUnit.KG
    assert weight.raw
    source = StabilitySource.DEVICE if bench.told else StabilitySource.UNAVAILABLE
    assert weight.stability is source
    assert bench.scale.health.code == "ok"


def a_pulled_cable_gives_no_weight_until_it_is_back(bench):
    gone = (NoWeightReason.CONNECTION_LOST, NoWeightReason.PORT_MISSING)
    before = len(bench.frames)
    bench.simulator.unplug()
    eventually(lambda: bench.said(gone, before))
    eventually(lambda: bench.scale.health.code == "port-missing")
    at = len(bench.frames)
    eventually(lambda: bench.said(gone, at))
    assert not any(isinstance(frame, Reading) for frame in bench.frames[at:])
    bench.simulator.replug()
    eventually(lambda: bench.shows(LOAD))


def zero_is_done_only_where_the_scale_shows_it(bench, protocol):
    bench.simulator.put(50_000)
    eventually(lambda: bench.shows(Decimal("0.050")))
    done = bench.scale.zero()
    if protocol_named(protocol, OPTIONS.get(protocol, ProtocolOptions())).commands.zero is None:
        assert isinstance(done, CommandRefused)
        return
    assert isinstance(done, CommandDone)
    eventually(lambda: bench.shows(0))
    bench.simulator.put(5_000_000)
    eventually(lambda: bench.shows(Decimal("4.950")))
    if protocol not in RE_ZERO_TARES:
        assert isinstance(bench.scale.zero(), CommandRefused)
        eventually(lambda: bench.shows(Decimal("4.950")))


def neither_an_overload_nor_silence_is_a_weight(bench, protocol):
    bench.simulator.put(2_000_000_000 if protocol in NO_SIGN_OF_OVERLOAD else 20_000_000)
    at = bench.come_to_rest()
    eventually(lambda: len(bench.frames) > at)
    assert not any(isinstance(frame, Reading) for frame in bench.frames[at:])
    bench.simulator.put(50_000)
    eventually(lambda: isinstance(bench.frames[-1], Reading))
    bench.simulator.fault("silent")
    eventually(lambda: bench.scale.health.code == "silent")
    at = len(bench.frames)
    eventually(lambda: bench.said((NoWeightReason.SILENT,), at))
    assert not any(isinstance(frame, Reading) for frame in bench.frames[at:])


def one_day_of(protocol):
    with bench_of(protocol) as bench:
        a_weight_arrives_as_it_lies_on_the_pan(bench)
        a_pulled_cable_gives_no_weight_until_it_is_back(bench)
        zero_is_done_only_where_the_scale_shows_it(bench, protocol)
        neither_an_overload_nor_silence_is_a_weight(bench, protocol)


@pytest.fixture(scope="module")
def days():
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield {protocol: threads.submit(one_day_of, protocol) for protocol in DEVICES}


@pytest.mark.parametrize("protocol", DEVICES)
def test_a_scale_of_every_protocol_from_load_to_lost_cable(days, protocol):
    days[protocol].result()


def test_every_protocol_can_be_simulated():
    assert list(DEVICES) == list(PROTOCOLS)
    assert all(protocol_named(name).name == name for name in PROTOCOLS)
