"""The policy: from findings and grades to the proposed verdict, with rule ids and facts.

Findings decide, claims do not: nothing here reads the buyer's stated reason. Every proposal carries
the ids of the rules that made it, the version of the policy and the facts that they used, so
that it can be replayed and defended.
"""

from dataclasses import dataclass, field

from returnbench.inspect.case import Finding, Verdict, VerdictLine
from returnbench.inspect.codes import (
    BROKEN_INTEGRITY,
    ArrivalType,
    Disposition,
    DoorFlag,
    FindingCode,
    FreightPayer,
    Grade,
    IntakeRefusal,
    LiableParty,
    VerdictKind,
)
from returnbench.inspect.inspection import Inspection


@dataclass(frozen=True, slots=True)
class Policy:
    """The values of the rules that a site may set.

    ``refund_by_grade`` is the share of the price in parts per thousand; ``carriers_accepted`` empty
    means every carrier.
    """

    version: str = "default-1"
    carriers_accepted: tuple[str, ...] = ()
    refuse_freight_collect: bool = True
    refund_by_grade: dict[Grade, int] = field(
        default_factory=lambda: {
            Grade.A_SEALED: 1000,
            Grade.B_LIKE_NEW: 1000,
            Grade.C_GOOD: 1000,
            Grade.D_SOILED: 700,
            Grade.E_DAMAGED: 0,
            Grade.X_UNGRADED: 0,
        }
    )
    second_person_findings: frozenset[FindingCode] = frozenset(
        {
            FindingCode.SWAP_SUSPECT,
            FindingCode.COUNTERFEIT_SUSPECT,
            FindingCode.EMPTY_PARCEL,
            FindingCode.FOREIGN_ITEM,
            FindingCode.HAZARD,
        }
    )

    def flags(self, carrier: str, *, freight_collect: bool) -> tuple[DoorFlag, ...]:
        """What the door gate says about carrier and freight."""
        found = []
        if freight_collect and self.refuse_freight_collect:
            found.append(DoorFlag.FREIGHT_COLLECT)
        if self.carriers_accepted and carrier and carrier not in self.carriers_accepted:
            found.append(DoorFlag.CARRIER_NOT_ACCEPTED)
        return tuple(found)


GRADE_DISPOSITION: dict[Grade, Disposition] = {
    Grade.A_SEALED: Disposition.RESTOCK,
    Grade.B_LIKE_NEW: Disposition.RESTOCK,
    Grade.C_GOOD: Disposition.RESALE_B,
    Grade.D_SOILED: Disposition.REWORK,
    Grade.E_DAMAGED: Disposition.PARTS,
    Grade.X_UNGRADED: Disposition.QUARANTINE,
}

_NO_REFUND_ARRIVALS = (
    ArrivalType.EXCHANGE_IN,
    ArrivalType.WARRANTY,
    ArrivalType.LOAN_BACK,
    ArrivalType.REFUND_ONLY_SURPRISE,
)
"""Parcels whose buyer gets goods for them, keeps none, or has the money: a person decides."""

_NOT_BUYERS_FAULT = (FindingCode.DAMAGED_TRANSIT, FindingCode.DEFECT_MAKER)
_STOPPING = (FindingCode.HAZARD, FindingCode.COUNTERFEIT_SUSPECT)


@dataclass(slots=True)
class _Draft:
    """A verdict in the making."""

    rules: list[str]
    lines: list[VerdictLine]

    def rule(self, rule_id: str) -> None:
        if rule_id not in self.rules:
            self.rules.append(rule_id)


def propose(inspection: Inspection, policy: Policy) -> Verdict:
    """The verdict that the policy proposes for what was found so far."""
    draft = _Draft([], _lines(inspection, policy))
    kind = _kind(inspection, draft)
    if kind not in (VerdictKind.ACCEPT_FULL, VerdictKind.ACCEPT_PARTIAL):
        draft.lines = [_unpaid(line) for line in draft.lines]
    party, payer = _liability(inspection, draft)
    return Verdict(
        kind=kind,
        lines=tuple(draft.lines),
        liable_party=party,
        freight_payer=payer,
        rules=tuple(draft.rules),
        policy_version=policy.version,
        facts=facts_of(inspection),
        needs_second_person=any(
            f.code in policy.second_person_findings for f in inspection.findings
        ),
    )


def facts_of(inspection: Inspection) -> tuple[str, ...]:
    """The facts that the rules may use, as short texts in a fixed order."""
    facts = [f"arrival={inspection.arrival}"]
    facts += [f"flag={flag}" for flag in inspection.flags]
    if inspection.refusal:
        facts.append(f"refused={inspection.refusal}")
    if inspection.integrity:
        facts.append(f"integrity={inspection.integrity}")
    if inspection.assessment:
        facts.append(f"weight={inspection.assessment.outcome}:{inspection.assessment.reason}")
    if inspection.split:
        facts.append(f"split={inspection.split}")
    facts += [_finding_fact(finding) for finding in inspection.findings]
    facts += [f"grade={g.grade}:{g.line_ref}x{g.quantity}" for g in inspection.graded]
    return tuple(facts)


def _finding_fact(finding: Finding) -> str:
    where = f":{finding.line_ref}" if finding.line_ref else ""
    return f"finding={finding.code}{where}x{finding.quantity}"


def _has(inspection: Inspection, *codes: FindingCode) -> bool:
    return any(finding.code in codes for finding in inspection.findings)


def _unpaid(line: VerdictLine) -> VerdictLine:
    return VerdictLine(line.line_ref, line.quantity, 0, line.disposition)


def _kind(inspection: Inspection, draft: _Draft) -> VerdictKind:
    for applies, rule_id, kind in _stops(inspection):
        if applies:
            draft.rule(rule_id)
            return kind
    in_order = all(line.refund_permille == 1000 for line in draft.lines)
    if DoorFlag.ALREADY_REFUNDED in inspection.flags:
        draft.rule("V-ALREADY-REFUNDED")
        return VerdictKind.NO_ACTION if in_order else VerdictKind.RECOVER
    if inspection.arrival is ArrivalType.EXCHANGE_IN and in_order:
        draft.rule("V-EXCHANGE")
        return VerdictKind.EXCHANGE_OK
    if inspection.arrival in _NO_REFUND_ARRIVALS:
        draft.rule("V-NO-REFUND-DUE")
        return VerdictKind.HOLD
    if in_order:
        draft.rule("V-ALL-IN-ORDER")
        return VerdictKind.ACCEPT_FULL
    if any(line.refund_permille for line in draft.lines):
        draft.rule("V-PART-IN-ORDER")
        return VerdictKind.ACCEPT_PARTIAL
    draft.rule("V-NOTHING-IN-ORDER")
    return VerdictKind.REJECT


def _stops(inspection: Inspection) -> tuple[tuple[bool, str, VerdictKind], ...]:
    """Facts that decide by themselves, the strongest first."""
    return (
        (inspection.refusal is not None, "V-REFUSED-AT-DOOR", VerdictKind.REJECT),
        (_has(inspection, *_STOPPING), "V-STOP-SAFETY", VerdictKind.ESCALATE),
        (inspection.advice is None, "V-NO-INFO", VerdictKind.HOLD),
        # Without lines there is nothing to compare with, so nothing that could be in order.
        (not inspection.lines, "V-NO-LINES", VerdictKind.HOLD),
        (_has(inspection, FindingCode.SPLIT_PENDING), "V-SPLIT-PENDING", VerdictKind.HOLD),
        (_has(inspection, FindingCode.EMPTY_PARCEL), "V-EMPTY", VerdictKind.HOLD),
        # "Missing" is not said against the weight of everything that was received.
        (
            inspection.says_missing and inspection.weight_denies_findings,
            "V-WEIGHT-DENIES-SHORTAGE",
            VerdictKind.HOLD,
        ),
    )


def _lines(inspection: Inspection, policy: Policy) -> list[VerdictLine]:
    """Units by what becomes of them: graded, missing, wrong, and not looked at."""
    drafts: list[VerdictLine] = []
    if inspection.refusal is not None:
        return drafts
    for line in inspection.lines:
        ref = line.line_ref
        for graded in (g for g in inspection.graded if g.line_ref == ref):
            share = _share(inspection, ref, graded.grade, policy)
            where = _disposition(inspection, ref, graded.grade)
            drafts.append(VerdictLine(ref, graded.quantity, share, where))
        for quantity, where in (
            (min(inspection.missing_of(ref), line.quantity), Disposition.NONE_MISSING),
            (min(inspection.wrong_of(ref), line.quantity), Disposition.QUARANTINE),
            (inspection.ungraded_of(line), Disposition.QUARANTINE),
        ):
            if quantity:
                drafts.append(VerdictLine(ref, quantity, 0, where))
    return drafts


def _share(inspection: Inspection, line_ref: str, grade: Grade, policy: Policy) -> int:
    excused = any(
        f.line_ref == line_ref and f.code in _NOT_BUYERS_FAULT for f in inspection.findings
    )
    return 1000 if excused else policy.refund_by_grade[grade]


def _disposition(inspection: Inspection, line_ref: str, grade: Grade) -> Disposition:
    codes = {finding.code for finding in inspection.findings if finding.line_ref == line_ref}
    if FindingCode.COUNTERFEIT_SUSPECT in codes:
        return Disposition.QUARANTINE
    if FindingCode.DEFECT_MAKER in codes:
        return Disposition.RETURN_TO_SUPPLIER
    return GRADE_DISPOSITION[grade]


def _liability(inspection: Inspection, draft: _Draft) -> tuple[LiableParty, FreightPayer]:
    """Who bears the loss and the freight. Only findings count; nobody is accused without cause."""
    if inspection.refusal is IntakeRefusal.FREIGHT_COLLECT:
        draft.rule("L-FREIGHT-COLLECT")
        return LiableParty.NOBODY, FreightPayer.BUYER
    broken = inspection.integrity in BROKEN_INTEGRITY
    damaged_or_missing = inspection.says_missing or _has(inspection, FindingCode.DAMAGED_TRANSIT)
    if damaged_or_missing and broken:
        draft.rule("L-BROKEN-ON-RETURN")
        return LiableParty.CARRIER_RETURN, FreightPayer.CARRIER
    if _has(inspection, FindingCode.DEFECT_MAKER):
        draft.rule("L-MAKER")
        return LiableParty.SUPPLIER, FreightPayer.SHOP_BOTH
    if damaged_or_missing or _has(inspection, FindingCode.WRONG_ITEM, FindingCode.SWAP_SUSPECT):
        # An intact parcel with something missing or wrong in it: the bench cannot know whether
        # it was packed so, lost outbound, or sent back so.
        draft.rule("L-UNDETERMINED")
        return LiableParty.UNDETERMINED, FreightPayer.UNDETERMINED
    if any(g.grade in (Grade.D_SOILED, Grade.E_DAMAGED) for g in inspection.graded):
        draft.rule("L-USE")
        return LiableParty.BUYER, FreightPayer.BUYER
    draft.rule("L-NONE")
    payer = FreightPayer.UNDETERMINED if inspection.advice is None else FreightPayer.BUYER
    return LiableParty.NOBODY, payer
