import dataclasses
from itertools import pairwise

import networkx as nx
import pytest
from mfps.errors import MfpsError
from mfps.genotypes.drawing.graph import CONCATENATION, HEAD, STEM, cell_graph, trellis_graph
from mfps.genotypes.space import NODES, BranchSpace

from ..wide_genotypes import wide_genotype, wide_spaces


def test_a_trellis_has_a_node_for_each_cell_and_an_edge_for_each_transition():
    graph = trellis_graph(BranchSpace("upsample", 8), "upsample")
    assert graph.number_of_nodes() == 21 + 2
    assert graph.number_of_edges() == 45 + 4
    assert nx.is_directed_acyclic_graph(graph)
    assert sum(1 for _ in nx.all_simple_paths(graph, STEM, HEAD)) == 233
    assert not any(nx.get_node_attributes(graph, "on_path").values())
    assert set(nx.get_edge_attributes(graph, "probability").values()) == {None}


def test_nodes_lie_on_the_grid():
    graph = trellis_graph(BranchSpace("parsing", 8), "parsing")
    assert graph.nodes[STEM]["pos"] == (0, 3)
    assert graph.nodes[(2, 1)] == {"layer": 2, "rate": 1, "pos": (3, 0), "on_path": False}
    assert graph.nodes[HEAD]["pos"] == (7, 3)
    assert len(set(nx.get_node_attributes(graph, "pos").values())) == graph.number_of_nodes()


def test_the_path_of_a_genotype_runs_from_stem_to_head(mfpsnet):
    for name, branch in mfpsnet.present.items():
        graph = trellis_graph(branch, name)
        nodes = [node for node, on_path in graph.nodes(data="on_path") if on_path]
        walked = [STEM, *enumerate(branch.path), HEAD]
        assert set(nodes) == set(walked)
        assert list(pairwise(walked)) == sorted(
            (edge for edge in graph.edges if graph.edges[edge]["on_path"]),
            key=lambda edge: graph.nodes[edge[0]]["layer"],
        )


@pytest.mark.parametrize("monotone", [False, True])
def test_probabilities_lie_on_their_transitions(beliefs, mfpsnet, monotone):
    space = BranchSpace("upsample", 8, monotone=monotone)
    given = beliefs(space, 0)
    path = (2, 4, 4, 4, 8, 8)
    branch = mfpsnet.branches.upsample.model_copy(update={"path": list(path)})
    graph = trellis_graph(branch, "upsample", probabilities=given)
    assert graph.number_of_edges() == len(space.transitions) + len(space.ends)
    assert graph.edges[STEM, (0, 2)]["probability"] == 1
    for node in graph.nodes:
        arriving = [edge["probability"] for _, _, edge in graph.in_edges(node, data=True)]
        assert not arriving or sum(arriving) == pytest.approx(1)


@pytest.mark.parametrize("path", [(), (1, 2), (4, 4, 4, 4, 4, 4), (2, 3, 4, 4, 4, 4)])
def test_a_path_that_cannot_be_walked(path):
    with pytest.raises(MfpsError, match="cannot be walked"):
        trellis_graph(BranchSpace("upsample", 8), "upsample", path)


def test_probabilities_of_another_space(beliefs, mfpsnet):
    deeper = beliefs(BranchSpace("upsample", 8, layers=8), 0)
    with pytest.raises(MfpsError, match="not those of a trellis of 6 layers"):
        trellis_graph(mfpsnet.branches.upsample, "upsample", probabilities=deeper)
    monotone = beliefs(BranchSpace("upsample", 8, monotone=True), 0)
    with pytest.raises(MfpsError, match="cannot be walked"):
        trellis_graph(mfpsnet.branches.upsample, "upsample", probabilities=monotone)
    nothing = dataclasses.replace(deeper, transitions={}, ends={})
    with pytest.raises(MfpsError, match="not those of a trellis"):
        trellis_graph(mfpsnet.branches.upsample, "upsample", probabilities=nothing)


def test_a_cell_graph_has_two_operations_into_each_node_and_all_nodes_in_the_output(mfpsnet):
    for branch in mfpsnet.present.values():
        graph = cell_graph(branch)
        assert set(graph.predecessors(CONCATENATION)) == set(NODES)
        assert all(graph.in_degree(node) == 2 for node in NODES)
        operations = {(s, t): op for s, t, op in graph.edges(data="op") if op is not None}
        assert operations == {tuple(edge): op for edge, op in branch.operations.items()}
        assert len(set(nx.get_node_attributes(graph, "pos").values())) == 6


@pytest.mark.parametrize("space", [BranchSpace("upsample", 1, 4, least_layers=n) for n in (None, 1, 2, 4)], ids=str)
def test_every_place_where_a_path_may_end_leads_to_the_head(space):
    graph = trellis_graph(space, "upsample")
    assert set(graph.predecessors(HEAD)) == {tuple(end) for end in space.ends}
    assert sum(1 for _ in nx.all_simple_paths(graph, STEM, HEAD)) == len(space.paths())


@pytest.mark.parametrize("seed", range(8))
def test_a_path_that_ends_early_is_drawn_alone_or_in_the_trellis_in_which_it_was_searched(beliefs, seed):
    space, branch = wide_spaces()["upsample"], wide_genotype(seed=seed).branches.upsample
    given = beliefs(space, seed)
    walked = {STEM, *enumerate(branch.path), HEAD}
    for graph, layers in (
        (trellis_graph(branch, "upsample"), branch.layers),
        (trellis_graph(branch, "upsample", probabilities=given), space.layers),
        (trellis_graph(space, "upsample", branch.path), space.layers),
    ):
        assert graph.nodes[HEAD]["layer"] == layers
        assert {node for node, on_path in graph.nodes(data="on_path") if on_path} == walked
    graph = trellis_graph(branch, "upsample", probabilities=given)
    assert {end: graph.edges[tuple(end), HEAD]["probability"] for end in space.ends} == dict(given.ends)
