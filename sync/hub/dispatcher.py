"""Sends the refund orders: claims, writes down what it is about to do, acts, writes the outcome.

The order of these steps is what makes a refund happen once: see ``refund_queue`` and ``outcomes``.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from returnbench.sync.hub.clock import now_ms
from returnbench.sync.hub.outcomes import Absent, Act, Outcome
from returnbench.sync.hub.refund_queue import Claim, RefundQueue
from returnbench.sync.hub.settings import HubSettings
from returnbench.sync.hub.shop_client import ShopClient

_log = logging.getLogger(__name__)

_LONGEST_REST_SECONDS = 1.0


class Dispatcher:
    """Worker threads that bring due refunds to their shops.

    ``on_settled`` is called after each outcome is durable. ``alone`` says that no other process
    works on the same database.
    """

    def __init__(
        self,
        queue: RefundQueue,
        shops: Mapping[str, ShopClient],
        on_settled: Callable[[], None],
        settings: HubSettings,
        *,
        alone: bool,
    ) -> None:
        self._queue = queue
        self._shops = shops
        self._on_settled = on_settled
        self._alone = alone
        # An older claim is not sent any more: its lease could end during the call.
        self._send_within = settings.call_seconds
        self._bell = threading.Condition()
        self._rings = 0
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"dispatch-{n}", daemon=True)
            for n in range(settings.dispatch_workers)
        ]

    def start(self) -> None:
        """Resolve what an earlier run left open, then start sending."""
        left = self._queue.recover(now_ms(), alone=self._alone)
        if left:
            _log.warning("%d refunds were being sent when the hub stopped; the shop is asked", left)
        for thread in self._threads:
            thread.start()

    def ring(self) -> None:
        """Say that a refund may have become due."""
        with self._bell:
            self._rings += 1
            self._bell.notify_all()

    def stop(self) -> None:
        """Let the workers end after what they are doing now."""
        with self._bell:
            self._stopping = True
            self._bell.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def step(self) -> bool:
        """Act on one due refund; ``False`` when none is due."""
        claimed_at = time.monotonic_ns()
        claim = self._queue.claim(self._shops.keys(), now_ms())
        if claim is None:
            return False
        outcome = self._act(claim, claimed_at)
        if outcome is None:
            _log.error("refund %s: the claim grew too old before sending", claim.intent_id)
            return True
        if self._queue.settle(claim, outcome, now_ms()):
            _log.info("refund %s: %s gave %s", claim.intent_id, claim.act, type(outcome).__name__)
        else:
            _log.error("refund %s: the lease was lost before the answer", claim.intent_id)
        self._on_settled()
        return True

    def _act(self, claim: Claim, claimed_at: int) -> Outcome | None:
        shop = self._shops[claim.shop]
        if claim.act is Act.READ:
            return shop.read_back(claim)
        if claim.is_first and shop.can_read:
            # A hub that was restored from a backup may have ordered this in a life it forgot.
            known = shop.read_back(claim)
            if not isinstance(known, Absent):
                return known
        if time.monotonic_ns() - claimed_at > self._send_within * 1e9:
            return None
        return shop.order(claim)

    def _work(self) -> None:
        while not self._stopping:
            rings = self._rings
            try:
                if self.step():
                    continue
                self._queue.recover(now_ms(), alone=False)
                rest = self._until_due()
            except Exception:
                _log.exception("a dispatch worker failed; it goes on")
                rest = _LONGEST_REST_SECONDS
            with self._bell:
                # A ring since the look at the queue may have been for something new.
                if not self._stopping and self._rings == rings:
                    self._bell.wait(rest)

    def _until_due(self) -> float:
        due = self._queue.next_due(self._shops.keys())
        if due is None:
            return _LONGEST_REST_SECONDS
        # At least a little, so that a refund waiting behind another of its order does not spin.
        return min(max((due - now_ms()) / 1000, 0.02), _LONGEST_REST_SECONDS)
