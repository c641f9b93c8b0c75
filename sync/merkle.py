"""Merkle tree over log entries: roots, proofs that an entry is in, proofs that nothing changed.

Hashes and proofs are those of RFC 6962 section 2.1; the checks are the algorithms of RFC 9162
sections 2.1.3.2 (inclusion) and 2.1.4.2 (consistency) as written there.
"""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without entries (RFC 6962 section 2.1)."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry as a leaf: SHA-256 of a zero byte and the entry (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256 of a one byte and both children (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing Merkle tree that keeps the hashes of all complete subtrees.

    Roots and proofs of any earlier size cost O(log n) hashes. One thread appends; others may ask
    for sizes that they have seen in :attr:`size`.
    """

    def __init__(self) -> None:
        # _levels[k] holds the hashes of the complete subtrees of 2**k leaves, 32 bytes each.
        self._levels: list[bytearray] = [bytearray()]
        self._size = 0

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    def append(self, data: bytes) -> int:
        """Add the entry ``data`` and return its index."""
        return self.append_leaf(leaf_hash(data))

    def append_leaf(self, leaf: bytes) -> int:
        """Add an entry by its leaf hash and return its index.

        Raises:
            ValueError: ``leaf`` is not 32 bytes.

        """
        if len(leaf) != HASH_BYTES:
            raise ValueError(f"a leaf hash has {HASH_BYTES} bytes, this one has {len(leaf)}")
        index = self._size
        self._levels[0] += leaf
        node, position, level = leaf, index, 0
        while position & 1:
            node = node_hash(self._complete(level, position - 1), node)
            position >>= 1
            level += 1
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += node
        # Last, so that a reader in another thread never sees a size whose hashes are missing.
        self._size = index + 1
        return index

    def truncate(self, size: int) -> None:
        """Forget all entries from ``size`` on: they did not come about.

        Raises:
            ValueError: the tree has fewer entries.

        """
        self._size = self._known(size)
        for level, hashes in enumerate(self._levels):
            del hashes[(size >> level) * HASH_BYTES :]

    def leaf(self, index: int) -> bytes:
        """Leaf hash of entry ``index``.

        Raises:
            IndexError: there is no such entry.

        """
        if not 0 <= index < self._size:
            raise IndexError(f"the tree has {self._size} entries; there is no entry {index}")
        return self._complete(0, index)

    def root(self, size: int | None = None) -> bytes:
        """Root of the first ``size`` entries, of all when ``None``.

        Raises:
            ValueError: the tree has fewer entries.

        """
        wanted = self._known(self._size if size is None else size)
        return self._range(0, wanted) if wanted else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> tuple[bytes, ...]:
        """Audit path of entry ``index`` in the first ``size`` entries (RFC 6962 section 2.1.1).

        Raises:
            ValueError: the tree has fewer entries, or ``index`` is not below ``size``.

        """
        self._known(size)
        if not 0 <= index < size:
            raise ValueError(f"entry {index} is not among the first {size} entries")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _largest_power_below(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency_proof(self, old: int, new: int) -> tuple[bytes, ...]:
        """Proof that the first ``old`` entries begin the first ``new`` (RFC 6962 section 2.1.2).

        Empty when ``old`` is 0 or equals ``new``: there is nothing to show.

        Raises:
            ValueError: the tree has fewer than ``new`` entries, or ``old`` is above ``new``.

        """
        self._known(new)
        if not 0 <= old <= new:
            raise ValueError(f"a tree of {old} entries cannot begin one of {new}")
        if old in (0, new):
            return ()
        path: list[bytes] = []
        start, end = 0, new
        # Down to the node where the old tree ends; the old root itself needs no hash in the proof.
        while old != end:
            middle = start + _largest_power_below(end - start)
            if old <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        if start:
            path.append(self._range(start, end))
        return tuple(reversed(path))

    def _known(self, size: int) -> int:
        if not 0 <= size <= self._size:
            raise ValueError(f"the tree has {self._size} entries, {size} were asked for")
        return size

    def _complete(self, level: int, position: int) -> bytes:
        at = position * HASH_BYTES
        return bytes(self._levels[level][at : at + HASH_BYTES])

    def _range(self, start: int, end: int) -> bytes:
        """Hash of entries ``start`` to ``end``, where ``start`` begins a subtree of that size."""
        count = end - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._complete(level, start >> level)
        middle = start + _largest_power_below(count)
        return node_hash(self._range(start, middle), self._range(middle, end))


def _largest_power_below(count: int) -> int:
    """Largest power of two smaller than ``count`` (the ``k`` of RFC 6962 section 2.1)."""
    return 1 << ((count - 1).bit_length() - 1)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether ``proof`` shows that ``leaf`` is entry ``index`` of the tree with this ``root``.

    The algorithm of RFC 9162 section 2.1.3.2; surplus or missing hashes make it false.
    """
    if not 0 <= index < size or not _are_hashes((leaf, root, *proof)):
        return False
    fn, sn = index, size - 1
    result = leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            result = node_hash(sibling, result)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            result = node_hash(result, sibling)
        fn >>= 1
        sn >>= 1
    return sn == 0 and result == root


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether ``proof`` shows that the tree of ``old`` entries begins the tree of ``new``.

    The algorithm of RFC 9162 section 2.1.4.2. The two cases it leaves out: equal sizes need equal
    roots and an empty proof; an empty old tree needs its known root and an empty proof.
    """
    if not 0 <= old <= new or not _are_hashes((old_root, new_root, *proof)):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    return _walk_consistency(old, new, path) == (old_root, new_root)


def _walk_consistency(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Old and new root as the path yields them; ``None`` when it is too long or too short."""
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            fr = node_hash(sibling, fr)
            sr = node_hash(sibling, sr)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            sr = node_hash(sr, sibling)
        fn >>= 1
        sn >>= 1
    return (fr, sr) if sn == 0 else None


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
