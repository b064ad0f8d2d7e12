# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.audit import merkle

LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(7)]
ROOT = merkle.tree_root(LEAVES)


class TestProofs:
    @pytest.mark.parametrize("size", range(1, 8))
    def test_every_leaf_and_every_earlier_tree_has_one_that_verifies(self, size):
        leaves, root = LEAVES[:size], merkle.tree_root(LEAVES[:size])
        for number in range(size):
            path = merkle.inclusion_proof(leaves, number)
            assert merkle.verify_inclusion(path, leaf=leaves[number], index=number, size=size, root=root)
            old = {"old_size": number + 1, "old_root": merkle.tree_root(leaves[: number + 1])}
            nodes = merkle.consistency_proof(leaves, number + 1)
            assert merkle.verify_consistency(nodes, **old, size=size, root=root)

    @pytest.mark.parametrize("index", [-1, 7])
    def test_a_leaf_that_is_not_there_has_no_proof(self, index):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion_proof(LEAVES, index)
        assert not merkle.verify_inclusion((), leaf=LEAVES[0], index=index, size=7, root=ROOT)

    @pytest.mark.parametrize("size", [0, 8])
    def test_a_tree_that_never_was_has_no_proof(self, size):
        with pytest.raises(ValueError, match="no tree"):
            merkle.consistency_proof(LEAVES, size)
        assert not merkle.verify_consistency((), old_size=size, old_root=ROOT, size=7, root=ROOT)

    def test_a_tree_begins_itself_without_proof(self):
        fixed = {"old_size": 7, "size": 7, "old_root": ROOT, "root": ROOT}
        assert merkle.verify_consistency((), **fixed)
        assert not merkle.verify_consistency((ROOT,), **fixed)

    def test_a_proof_without_nodes_or_with_too_many_shows_nothing(self):
        old = {"old_size": 3, "old_root": merkle.tree_root(LEAVES[:3]), "size": 7, "root": ROOT}
        assert not merkle.verify_consistency((), **old)
        assert not merkle.verify_consistency((*merkle.consistency_proof(LEAVES, 3), ROOT), **old)
        two = {
            "old_size": 2,
            "old_root": merkle.tree_root(LEAVES[:2]),
            "size": 4,
            "root": merkle.tree_root(LEAVES[:4]),
        }
        nodes = merkle.consistency_proof(LEAVES[:4], 2)
        assert merkle.verify_consistency(nodes, **two)
        assert not merkle.verify_consistency((*nodes, *nodes), **two)
        path = (*merkle.inclusion_proof(LEAVES, 2), ROOT)
        assert not merkle.verify_inclusion(path, leaf=LEAVES[2], index=2, size=7, root=ROOT)


def test_a_frontier_knows_its_size():
    frontier = merkle.Frontier()
    assert (frontier.size, frontier.root()) == (0, merkle.EMPTY_ROOT)
    frontier.push(LEAVES[0])
    assert (frontier.size, frontier.root()) == (1, LEAVES[0])
