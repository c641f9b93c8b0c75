"""The tree against published vectors, against the plain definition, and against bad proofs."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.sync.merkle import (
    EMPTY_ROOT,
    Tree,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION_5_OF_8 = (
    "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
    "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
)
CONSISTENCY_3_TO_8 = (
    "ApjRIpBtz8EIkstTpzmS/FufST6kybrbJ7eRtBJ6f+c=",
    "B1Bqhf2d0vEg62lPhgEeW7RmLlxBWmKRcDPUqWJEh+c=",
    "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=",
    "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
)


def decoded(texts):
    return tuple(base64.b64decode(text) for text in texts)


def tree_of(count):
    tree = Tree()
    for number in range(count):
        tree.append(b"%d" % number)
    return tree


def defined_root(leaves):
    """The root straight from the definition in RFC 6962 section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    halves = defined_root(leaves[:split]) + defined_root(leaves[split:])
    return hashlib.sha256(b"\x01" + halves).digest()


@pytest.fixture
def published():
    tree = Tree()
    for leaf in LEAVES:
        tree.append(leaf)
    return tree


def test_roots_are_the_published_ones(published):
    assert [published.root(size).hex() for size in range(9)] == ROOTS
    assert published.root() == published.root(8)
    assert Tree().root() == EMPTY_ROOT


def test_proofs_are_the_published_ones(published):
    assert published.inclusion_proof(5, 8) == decoded(INCLUSION_5_OF_8)
    assert published.consistency_proof(3, 8) == decoded(CONSISTENCY_3_TO_8)


def test_published_proofs_verify():
    roots = [bytes.fromhex(root) for root in ROOTS]
    leaf = leaf_hash(LEAVES[5])
    assert verify_inclusion(leaf, 5, 8, decoded(INCLUSION_5_OF_8), roots[8])
    assert verify_consistency(3, 8, roots[3], roots[8], decoded(CONSISTENCY_3_TO_8))


def test_the_root_of_every_size_follows_the_definition():
    tree = tree_of(70)
    leaves = [b"%d" % number for number in range(70)]
    assert [tree.root(size) for size in range(71)] == [
        defined_root(leaves[:size]) for size in range(71)
    ]


def test_every_inclusion_proof_verifies_and_only_for_its_own_place():
    tree = tree_of(33)
    for size in range(1, 34):
        root = tree.root(size)
        for index in range(size):
            proof = tree.inclusion_proof(index, size)
            leaf = tree.leaf(index)
            assert verify_inclusion(leaf, index, size, proof, root)
            for other in range(size):
                if other != index:
                    assert not verify_inclusion(leaf, other, size, proof, root)


def test_every_consistency_proof_verifies():
    tree = tree_of(33)
    for new in range(34):
        for old in range(new + 1):
            proof = tree.consistency_proof(old, new)
            assert verify_consistency(old, new, tree.root(old), tree.root(new), proof)


@given(data=st.data(), size=st.integers(min_value=2, max_value=200))
def test_a_changed_proof_is_refused(data, size):
    tree = tree_of(size)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size - 1))
    inclusion = list(tree.inclusion_proof(index, size))
    consistency = list(tree.consistency_proof(old, size))
    assert not verify_inclusion(
        tree.leaf(index), index, size, changed(data, inclusion), tree.root(size)
    )
    assert not verify_consistency(
        old, size, tree.root(old), tree.root(size), changed(data, consistency)
    )


def changed(data, proof):
    """``proof`` with a hash too many, one too few, or one bit turned."""
    way = data.draw(st.sampled_from(["surplus", "missing", "bit"]))
    at = data.draw(st.integers(0, len(proof) - 1))
    if way == "surplus":
        extra = data.draw(st.sampled_from([bytes(32), proof[at]]))
        return [*proof[:at], extra, *proof[at:]] if data.draw(st.booleans()) else [*proof, extra]
    if way == "missing":
        return proof[:at] + proof[at + 1 :]
    bit = data.draw(st.integers(0, 255))
    turned = (int.from_bytes(proof[at]) ^ (1 << bit)).to_bytes(32)
    return [*proof[:at], turned, *proof[at + 1 :]]


def test_a_wrong_root_is_refused():
    tree = tree_of(9)
    proof = tree.consistency_proof(4, 9)
    assert not verify_consistency(4, 9, tree.root(5), tree.root(9), proof)
    assert not verify_consistency(4, 9, tree.root(4), tree.root(8), proof)
    assert not verify_consistency(4, 4, tree.root(4), tree.root(5), ())
    assert not verify_consistency(0, 9, bytes(32), tree.root(9), ())
    assert not verify_inclusion(tree.leaf(2), 2, 9, tree.inclusion_proof(2, 9), tree.root(8))


def test_a_truncated_tree_grows_as_if_nothing_had_been():
    for size in range(20):
        tree = tree_of(20)
        tree.truncate(size)
        assert tree.root() == tree_of(size).root()
        for number in range(size, 23):
            tree.append(b"%d" % number)
        assert tree.root() == tree_of(23).root()


@pytest.mark.parametrize(("old", "new"), [(5, 3), (-1, 3)])
def test_impossible_sizes_are_refused(old, new):
    tree = tree_of(9)
    assert not verify_consistency(old, new, bytes(32), bytes(32), ())
    with pytest.raises(ValueError, match="cannot begin"):
        tree.consistency_proof(old, new)


def test_questions_beyond_the_tree_are_refused():
    tree = tree_of(3)
    with pytest.raises(ValueError, match="3 entries"):
        tree.root(4)
    with pytest.raises(ValueError, match="not among"):
        tree.inclusion_proof(2, 2)
    with pytest.raises(IndexError, match="no entry 3"):
        tree.leaf(3)
    with pytest.raises(ValueError, match="32 bytes"):
        tree.append_leaf(b"short")
    assert tree.size == 3
