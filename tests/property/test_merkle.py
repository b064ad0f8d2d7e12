# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.audit import merkle

MOST = 34
LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(MOST)]
ROOTS = [merkle.tree_root(LEAVES[:size]) for size in range(MOST + 1)]


def naive_root(leaves):
    """The definition of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return merkle.node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def test_the_growing_root_is_the_root_by_definition_at_every_size():
    assert [naive_root(LEAVES[:size]) for size in range(MOST + 1)] == ROOTS


def test_every_leaf_is_included_in_every_tree_and_no_other_passes_for_it():
    for size in range(1, MOST):
        for index in range(size):
            proof = merkle.inclusion_proof(LEAVES[:size], index)
            fixed = {"size": size, "root": ROOTS[size]}
            assert merkle.verify_inclusion(proof, leaf=LEAVES[index], index=index, **fixed)
            assert (
                not merkle.verify_inclusion(proof, leaf=LEAVES[index - 1], index=index, **fixed) or size == 1
            )
            assert not merkle.verify_inclusion(proof, leaf=LEAVES[index], index=index + 1, **fixed)


def test_every_tree_begins_every_larger_one_and_no_other_passes_for_it():
    for size in range(1, MOST):
        for old in range(1, size + 1):
            proof = merkle.consistency_proof(LEAVES[:size], old)
            fixed = {"old_size": old, "size": size, "root": ROOTS[size]}
            assert merkle.verify_consistency(proof, old_root=ROOTS[old], **fixed)
            assert not merkle.verify_consistency(proof, old_root=ROOTS[old - 1], **fixed)


@given(data=st.data(), size=st.integers(2, MOST))
def test_no_changed_proof_verifies(data, size):
    old = data.draw(st.integers(1, size - 1))
    index = data.draw(st.integers(0, size - 1))
    inclusion = list(merkle.inclusion_proof(LEAVES[:size], index))
    consistency = list(merkle.consistency_proof(LEAVES[:size], old))
    for proof in (inclusion, consistency):
        how = data.draw(st.sampled_from(["drop", "add", "flip"]))
        place = data.draw(st.integers(0, len(proof) - 1))
        if how == "drop":
            del proof[place]
        elif how == "add":
            proof.insert(place, LEAVES[0])
        else:
            proof[place] = bytes(byte ^ 1 for byte in proof[place])
    assert not merkle.verify_inclusion(
        inclusion, leaf=LEAVES[index], index=index, size=size, root=ROOTS[size]
    )
    assert not merkle.verify_consistency(
        consistency, old_size=old, old_root=ROOTS[old], size=size, root=ROOTS[size]
    )


def test_a_node_never_passes_for_an_entry():
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)
