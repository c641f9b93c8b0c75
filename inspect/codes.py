"""The code lists of the inspection: every value that is stored, sent or shown by name.

The values go into the event log and over the wire and never change their meaning; a code that
is no longer used stays listed. Sentences for people are made in ``station/text.py``, never here.
"""

from enum import StrEnum


class ArrivalType(StrEnum):
    """How the parcel came to the bench."""

    ANNOUNCED = "ANNOUNCED"
    NO_INFO = "NO_INFO"
    RTS_UNDELIVERABLE = "RTS_UNDELIVERABLE"
    REFUSED_DELIVERY = "REFUSED_DELIVERY"
    INTERCEPTED = "INTERCEPTED"
    EXCHANGE_IN = "EXCHANGE_IN"
    WARRANTY = "WARRANTY"
    REFUND_ONLY_SURPRISE = "REFUND_ONLY_SURPRISE"
    LOAN_BACK = "LOAN_BACK"


class ClaimedReason(StrEnum):
    """The buyer's stated reason. It is shown; it never decides who is liable."""

    CHANGED_MIND = "CHANGED_MIND"
    SIZE_SMALL = "SIZE_SMALL"
    SIZE_LARGE = "SIZE_LARGE"
    COLOR = "COLOR"
    STYLE = "STYLE"
    NOT_AS_DESCRIBED = "NOT_AS_DESCRIBED"
    DEFECTIVE = "DEFECTIVE"
    ARRIVED_DAMAGED = "ARRIVED_DAMAGED"
    WRONG_ITEM = "WRONG_ITEM"
    MISSING_PART = "MISSING_PART"
    EMPTY_PARCEL = "EMPTY_PARCEL"
    LATE = "LATE"
    FAKE = "FAKE"
    OTHER = "OTHER"


class Integrity(StrEnum):
    """State of the outer parcel, judged before it is opened."""

    INTACT = "INTACT"
    RETAPED = "RETAPED"
    DENTED = "DENTED"
    TORN = "TORN"
    WET = "WET"
    OPEN = "OPEN"
    EMPTY_FEEL = "EMPTY_FEEL"


BROKEN_INTEGRITY: frozenset[Integrity] = frozenset(
    {Integrity.TORN, Integrity.WET, Integrity.OPEN, Integrity.EMPTY_FEEL}
)
"""States in which the carrier may have lost or damaged contents on the way back."""


class IntakeRefusal(StrEnum):
    """Why a parcel is not taken over at the door."""

    FREIGHT_COLLECT = "FREIGHT_COLLECT"
    CARRIER_NOT_ACCEPTED = "CARRIER_NOT_ACCEPTED"
    LABEL_UNREADABLE = "LABEL_UNREADABLE"
    LABEL_HANDWRITTEN = "LABEL_HANDWRITTEN"
    NOT_OURS = "NOT_OURS"
    HAZARD = "HAZARD"


class DoorFlag(StrEnum):
    """Something about the parcel that the operator must see before opening it."""

    FREIGHT_COLLECT = "FREIGHT_COLLECT"
    CARRIER_NOT_ACCEPTED = "CARRIER_NOT_ACCEPTED"
    ALREADY_REFUNDED = "ALREADY_REFUNDED"
    INTERCEPTED = "INTERCEPTED"
    INSTRUCTION = "INSTRUCTION"
    """The shop left a note for whoever opens this parcel."""
    NO_INFO = "NO_INFO"
    SEEN_BEFORE = "SEEN_BEFORE"


class FindingCode(StrEnum):
    """One coded fact that the inspection established."""

    OK = "OK"
    SHORT_QTY = "SHORT_QTY"
    MISSING_PART = "MISSING_PART"
    GIFT_MISSING = "GIFT_MISSING"
    EMPTY_PARCEL = "EMPTY_PARCEL"
    WRONG_ITEM = "WRONG_ITEM"
    SWAP_SUSPECT = "SWAP_SUSPECT"
    EXTRA_ITEM = "EXTRA_ITEM"
    FOREIGN_ITEM = "FOREIGN_ITEM"
    DAMAGED_TRANSIT = "DAMAGED_TRANSIT"
    DAMAGED_USE = "DAMAGED_USE"
    DEFECT_MAKER = "DEFECT_MAKER"
    WORN = "WORN"
    WASHED_WRONG = "WASHED_WRONG"
    SOILED = "SOILED"
    TAG_REMOVED = "TAG_REMOVED"
    SEAL_BROKEN = "SEAL_BROKEN"
    ACTIVATED = "ACTIVATED"
    EXPIRED = "EXPIRED"
    COUNTERFEIT_SUSPECT = "COUNTERFEIT_SUSPECT"
    HAZARD = "HAZARD"
    SPLIT_PENDING = "SPLIT_PENDING"


MISSING_FINDINGS: frozenset[FindingCode] = frozenset(
    {
        FindingCode.SHORT_QTY,
        FindingCode.MISSING_PART,
        FindingCode.GIFT_MISSING,
        FindingCode.EMPTY_PARCEL,
    }
)
"""Findings that say something is missing: each needs the procedure of the split check."""

NOT_HERE_FINDINGS: frozenset[FindingCode] = MISSING_FINDINGS | {FindingCode.SPLIT_PENDING}
"""Findings whose units are not on the bench, be they missing or still on the way."""


class Grade(StrEnum):
    """Condition of one unit."""

    A_SEALED = "A_SEALED"
    B_LIKE_NEW = "B_LIKE_NEW"
    C_GOOD = "C_GOOD"
    D_SOILED = "D_SOILED"
    E_DAMAGED = "E_DAMAGED"
    X_UNGRADED = "X_UNGRADED"


class Disposition(StrEnum):
    """What happens to the unit physically."""

    RESTOCK = "RESTOCK"
    RESALE_B = "RESALE_B"
    REWORK = "REWORK"
    REPAIR = "REPAIR"
    PARTS = "PARTS"
    QUARANTINE = "QUARANTINE"
    LAB = "LAB"
    RETURN_TO_SUPPLIER = "RETURN_TO_SUPPLIER"
    RETURN_TO_BUYER = "RETURN_TO_BUYER"
    DONATE = "DONATE"
    RECYCLE = "RECYCLE"
    DESTROY = "DESTROY"
    NONE_MISSING = "NONE_MISSING"


class VerdictKind(StrEnum):
    """The bench's conclusion that is sent to the shop."""

    ACCEPT_FULL = "ACCEPT_FULL"
    ACCEPT_PARTIAL = "ACCEPT_PARTIAL"
    REJECT = "REJECT"
    HOLD = "HOLD"
    ESCALATE = "ESCALATE"
    EXCHANGE_OK = "EXCHANGE_OK"
    RECOVER = "RECOVER"
    NO_ACTION = "NO_ACTION"


REFUNDING_VERDICTS: frozenset[VerdictKind] = frozenset(
    {VerdictKind.ACCEPT_FULL, VerdictKind.ACCEPT_PARTIAL}
)
"""The only verdicts that trigger a refund at the shop."""


class LiableParty(StrEnum):
    """Who bears the loss under the policy."""

    NOBODY = "NOBODY"
    BUYER = "BUYER"
    SHOP = "SHOP"
    WAREHOUSE = "WAREHOUSE"
    CARRIER_OUTBOUND = "CARRIER_OUTBOUND"
    CARRIER_RETURN = "CARRIER_RETURN"
    SUPPLIER = "SUPPLIER"
    PLATFORM = "PLATFORM"
    INSURER = "INSURER"
    UNDETERMINED = "UNDETERMINED"


class FreightPayer(StrEnum):
    """Who bears the freight of the return (and of the delivery, where it says both)."""

    SHOP_BOTH = "SHOP_BOTH"
    SHOP_RETURN = "SHOP_RETURN"
    BUYER = "BUYER"
    CARRIER = "CARRIER"
    INSURER = "INSURER"
    PLATFORM = "PLATFORM"
    UNDETERMINED = "UNDETERMINED"


class EvidenceSlot(StrEnum):
    """A named place for one picture of the evidence."""

    LABEL = "LABEL"
    SIX_SIDES_A = "SIX_SIDES_A"
    SIX_SIDES_B = "SIX_SIDES_B"
    SEAL_TAPE = "SEAL_TAPE"
    OPENED_TOP = "OPENED_TOP"
    PACKING_MATERIAL = "PACKING_MATERIAL"
    ALL_ITEMS = "ALL_ITEMS"
    ITEM_FRONT = "ITEM_FRONT"
    ITEM_BACK = "ITEM_BACK"
    UNIT_CODE = "UNIT_CODE"
    DEFECT_CLOSE = "DEFECT_CLOSE"
    SCALE_DISPLAY = "SCALE_DISPLAY"
    FULL_SET_ON_SCALE = "FULL_SET_ON_SCALE"
    CARTON_MARK = "CARTON_MARK"
    STATION_CERTIFICATE = "STATION_CERTIFICATE"


class SplitAnswer(StrEnum):
    """The operator's answer to the split-shipment check."""

    SLIP_LISTS_ALL = "SLIP_LISTS_ALL"
    """The packing slip lists everything, so nothing travels in another parcel."""
    NO_SLIP_NO_SIBLING = "NO_SLIP_NO_SIBLING"
    """No packing slip in the parcel and no other parcel of this order is known."""
    OTHER_PARCEL_EXPECTED = "OTHER_PARCEL_EXPECTED"
    """The rest travels in another parcel: nothing may be called missing yet."""


class WeighingPurpose(StrEnum):
    """What lay on the scale."""

    GROSS = "GROSS"
    """The closed parcel, before opening."""
    FULL_SET = "FULL_SET"
    """Everything received: goods, cartons, bags and fill."""
    CONTENTS = "CONTENTS"
    """The goods alone, without packaging."""


class RefundState(StrEnum):
    """What is known about the money of one return."""

    NONE_DUE = "NONE_DUE"
    WAITING_RELEASE = "WAITING_RELEASE"
    PENDING = "PENDING"
    BOOKED = "BOOKED"
    REFUSED = "REFUSED"
    NEEDS_PERSON = "NEEDS_PERSON"
