"""The rule of the published cell, in a few lines: what its rows make, and which edge each of its operations runs on."""

import torch
from mfps.genotypes.formats.published_arrays import PUBLISHED_OPERATIONS
from mfps.genotypes.space import NODES
from mfps.networks.operations import make_operation


def operations_of(rows, width):
    """An operation for each row [edge, operation], in the order of the rows."""
    return torch.nn.ModuleList(make_operation(PUBLISHED_OPERATIONS[operation], width) for _, operation in rows)


def run_cell(rows, operations, s0, s1):
    """Go through all nine edges in order; each that a row names, whichever, takes the next operation."""
    kept, following = {edge for edge, _ in rows}, iter(operations)
    states, edge = [s0, s1], 0
    for _ in NODES:
        terms = []
        for state in states:
            if edge in kept:
                terms.append(next(following)(state))
            edge += 1
        states.append(sum(terms))
    return torch.cat(states[2:], 1)
