"""The simulated scales, by the name of the protocol that they speak."""

from collections.abc import Callable
from functools import partial

from returnbench.drivers.scales.devices.adam_cpwplus import CpwplusDevice
from returnbench.drivers.scales.devices.adam_pgl import PglDevice
from returnbench.drivers.scales.devices.and_standard import AndDevice
from returnbench.drivers.scales.devices.and_two_header import AndTwoHeaderDevice
from returnbench.drivers.scales.devices.cas import Cas22Device, CasType6Device
from returnbench.drivers.scales.devices.dini_argeo import DiniArgeoDevice
from returnbench.drivers.scales.devices.kern_kcp import KcpDevice
from returnbench.drivers.scales.devices.kern_kib import KernKibDevice
from returnbench.drivers.scales.devices.kern_old import KernOldDevice
from returnbench.drivers.scales.devices.mettler_8217 import Mettler8217Device
from returnbench.drivers.scales.devices.mt_sics import SicsDevice
from returnbench.drivers.scales.devices.nci import (
    NciScp01Device,
    NciScp02Device,
    NciScp12Device,
)
from returnbench.drivers.scales.devices.ohaus import OhausDevice
from returnbench.drivers.scales.devices.radwag import RadwagDevice
from returnbench.drivers.scales.devices.sbi import Sbi16Device, Sbi22Device
from returnbench.drivers.scales.devices.sma import SmaDevice
from returnbench.drivers.scales.devices.toledo_continuous import ToledoContinuousDevice
from returnbench.drivers.scales.devices.usb_hid import usb_hid_device
from returnbench.drivers.scales.devices.yaohua_a12 import yaohua_a12_device
from returnbench.drivers.scales.devices.yaohua_equals import yaohua_equals_device
from returnbench.drivers.scales.devices.yaohua_tf0 import yaohua_tf0_device
from returnbench.drivers.scales.protocols.toledo_continuous import (
    LONG,
    LONG_UNCHECKED,
    SHORT,
    SHORT_UNCHECKED,
)
from returnbench.drivers.scales.simulated_device import DeviceSetup, SimulatedDevice

DEVICES: dict[str, Callable[[DeviceSetup], SimulatedDevice]] = {
    "mt-sics": SicsDevice,
    "mt-sics-any-width": SicsDevice,
    "kern-kcp": KcpDevice,
    "kern-old": KernOldDevice,
    "kern-kib": KernKibDevice,
    "mettler-8217": Mettler8217Device,
    "toledo-continuous": partial(ToledoContinuousDevice, form=LONG),
    "toledo-continuous-no-checksum": partial(ToledoContinuousDevice, form=LONG_UNCHECKED),
    "toledo-continuous-short": partial(ToledoContinuousDevice, form=SHORT),
    "toledo-continuous-short-no-checksum": partial(ToledoContinuousDevice, form=SHORT_UNCHECKED),
    "nci-scp-01": NciScp01Device,
    "nci-scp-02": NciScp02Device,
    "nci-scp-12": NciScp12Device,
    "sma": SmaDevice,
    "cas-22": Cas22Device,
    "cas-22-ci-200": Cas22Device,
    "cas-type-6": CasType6Device,
    "ohaus": OhausDevice,
    "and": AndDevice,
    "and-two-header": AndTwoHeaderDevice,
    "sbi-16": Sbi16Device,
    "sbi-22": Sbi22Device,
    "radwag": RadwagDevice,
    "adam-cpwplus": CpwplusDevice,
    "adam-cpwplus-any-width": CpwplusDevice,
    "adam-pgl": PglDevice,
    "dini-argeo": DiniArgeoDevice,
    "yaohua-tf0": yaohua_tf0_device,
    "yaohua-equals": yaohua_equals_device,
    "yaohua-a12": yaohua_a12_device,
    "usb-hid": usb_hid_device,
}
