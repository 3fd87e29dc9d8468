"""Laws of several processes, in two real ones (gloo) that run this file's script."""

import json
import sys

import pytest
import torch
from mfps.engine.device import make_fabric
from mfps.engine.processes import average_gradients, check_same, gather_parts, largest, lost_process, own_part

from ..processes import run_process

TWO = """
import atexit, json, math, os, sys
import torch
from mfps.engine.device import make_fabric
from mfps.engine.processes import average_gradients, check_same, gather_parts, largest, launch, own_part
from mfps.engine.update import PieceLosses, apply_update
from mfps.errors import MfpsError
from mfps.networks.synchronised_norm import synchronise_norms

def threads():
    return [open(f"/proc/self/task/{thread}/comm").read().strip() for thread in os.listdir("/proc/self/task")]
def write():
    found["threads left"] = threads() if os.path.isdir("/proc/self/task") else []
    open(f"{sys.argv[1]}/{rank}.json", "w").write(json.dumps(found))
atexit.register(write)  # called last, after the functions that `launch` registers

fabric = make_fabric("cpu", devices=2)
launch(fabric)
rank = fabric.global_rank
found = {"rank": rank, "largest": largest(fabric, rank, -rank, 5)}

parameters = [torch.nn.Parameter(torch.zeros(2, 1)) for _ in range(4)]
parameters[1].grad = torch.zeros(2, 1)
parameters[0].grad = torch.full((2, 1), float(rank))
if rank == 1:
    parameters[2].grad = torch.ones(2, 1)
average_gradients(fabric, parameters)
found["gradients"] = [None if p.grad is None else p.grad.flatten().tolist() for p in parameters]

for total in (1, 5):
    own = torch.tensor([[10.0 * i] for i in own_part(fabric, total)], dtype=torch.float64)
    found[f"gathered {total}"] = gather_parts(fabric, own, total).flatten().tolist()

check_same(fabric, "ab" * 20, "the genotype")

def update(loss):
    weight = torch.nn.Parameter(torch.ones(1))
    weight.grad = torch.ones(1)
    losses = [PieceLosses(("a",), {"l1": torch.tensor(loss)})]
    try:
        apply_update(fabric, torch.optim.SGD([weight], 1.0), {"weight": weight}, 0, losses)
    finally:
        found["updated"] = weight.tolist()

for name, call in {
    "same": lambda: check_same(fabric, f"{rank}" + 39 * "0", "the genotype"),
    "together": lambda: update(math.nan if rank else 1.0),
}.items():
    try:
        call()
        found[name] = "nothing"
    except MfpsError as error:
        found[name] = str(error)

# Batch norm of halves of a batch, against the batch in one process.
torch.manual_seed(0)
def network():
    torch.manual_seed(1)
    layers = torch.nn.Conv2d(2, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Conv2d(4, 1, 1)
    return torch.nn.Sequential(*layers)
whole, part = network(), network()
faces = torch.randn(4, 2, 8, 8) * torch.arange(1, 5).view(4, 1, 1, 1)
synchronise_norms(part)
assert list(part.state_dict()) == list(whole.state_dict())
for _ in range(3):
    whole.zero_grad(), part.zero_grad()
    whole(faces).square().mean().backward()
    part(faces[2 * rank : 2 * rank + 2]).square().mean().backward()
    average_gradients(fabric, part.parameters())
@torch.no_grad()
def distance(one, other):
    return max(float((a.float() - b.float()).abs().max()) for a, b in zip(one, other, strict=True))
found["gradient distance"] = distance([p.grad for p in part.parameters()], [p.grad for p in whole.parameters()])
found["buffer distance"] = distance(part.buffers(), whole.buffers())
whole.eval(), part.eval()
with torch.no_grad():
    found["eval distance"] = distance([part(faces[:1])], [whole(faces[:1])])
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What the two processes found."""
    folder = tmp_path_factory.mktemp("two")
    script = folder / "two.py"
    script.write_text(TWO)
    ended = run_process(sys.executable, script, folder, folder=folder)
    assert (ended.status, ended.err) == (0, "")
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.slow
def test_processes_agree_on_the_largest(both):
    assert [found["largest"] for found in both] == [[1, 0, 5]] * 2


@pytest.mark.slow
def test_gradients_are_averaged_and_one_that_only_one_lacks_is_zero_there(both):
    """One that both lack stays missing, so that an optimizer leaves the parameter alone."""
    assert [found["gradients"] for found in both] == [[[0.5, 0.5], [0.0, 0.0], [0.5, 0.5], None]] * 2


@pytest.mark.slow
def test_parts_are_gathered_in_order(both):
    assert [found["gathered 5"] for found in both] == [[0.0, 10.0, 20.0, 30.0, 40.0]] * 2
    assert [found["gathered 1"] for found in both] == [[0.0]] * 2


@pytest.mark.slow
def test_processes_that_diverge_are_reported(both):
    assert all("the genotype is not the same in all processes" in found["same"] for found in both)


@pytest.mark.slow
def test_trouble_of_one_is_raised_in_all(both):
    assert [found["together"] for found in both] == [
        "a loss of another process is not finite, so this update is not made", both[1]["together"]
    ]  # fmt: skip
    assert both[1]["together"].startswith("the l1 loss is nan at step 0 (batch: a)")
    assert [found["updated"] for found in both] == [[1.0], [1.0]]


@pytest.mark.slow
def test_synchronised_norms_compute_what_one_process_computes(both):
    for found in both:
        assert found["gradient distance"] < 2e-6
        assert found["buffer distance"] < 2e-6
        assert found["eval distance"] < 2e-6


@pytest.mark.slow
def test_no_thread_listens_to_the_others_at_the_end(both):
    for found in both:
        assert not [name for name in found["threads left"] if "gloo" in name]


def test_one_process_is_left_alone():
    fabric = make_fabric("cpu")
    parameter = torch.nn.Parameter(torch.zeros(2))
    average_gradients(fabric, [parameter])
    assert parameter.grad is None
    assert largest(fabric, 3, -1) == (3, -1)
    assert list(own_part(fabric, 4)) == [0, 1, 2, 3]
    rows = torch.rand(4, 2)
    assert gather_parts(fabric, rows, 4) is rows
    check_same(fabric, "ab" * 20, "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[gloo/transport/tcp/pair.cc:553] Connection closed by peer", "another process of the run is gone; "),
        ("DataLoader worker (pid 7) is killed by signal: Killed.", "a process that reads photographs was killed"),
    ],
)
def test_a_process_that_is_gone_becomes_a_line(text, message, tmp_path):
    assert message in str(lost_process(RuntimeError(text), tmp_path))
    assert lost_process(RuntimeError("shape mismatch"), tmp_path) is None
