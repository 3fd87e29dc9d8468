"""A training's optimizer is that of its configuration, whose defaults are the published ones."""

import mfps.retrain.train
import pytest
import torch
from mfps.genotypes.genotype_file import write_genotype
from mfps.retrain.config import RetrainConfig
from mfps.retrain.train import retrain
from rich.console import Console

TINY = {
    "size": 16, "blocks": 1, "epochs": 1, "epoch_steps": 2, "batch_size": 2, "val_list": "val.txt", "perceptual": 0,
    "device": "cpu",
    "layout": "channels-last",
}  # fmt: skip


@pytest.fixture
def optimizer(drawn_folder, drawn_genotype, tmp_path, monkeypatch):
    """`optimizer(**changed)` trains and returns the optimizer, its class's name, and its gradients' `norms`."""
    made = []

    def spied(kind):
        class Spied(kind):
            def __init__(self, *args, **options):
                super().__init__(*args, **options)
                made.append(self)
                self.name, self.norms = kind.__name__, []

            def step(self, *args, **options):
                gradients = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
                self.norms.append(float(torch.nn.utils.get_total_norm(gradients)))
                return super().step(*args, **options)

        return Spied

    monkeypatch.setattr(mfps.retrain.train, "draw_genotype", lambda *_: None)
    for kind in (torch.optim.SGD, torch.optim.Adam):
        monkeypatch.setattr(torch.optim, kind.__name__, spied(kind))
    genotype = tmp_path / "genotype.json"
    write_genotype(drawn_genotype(), genotype)

    def run(**changed):
        given = {"data": drawn_folder, "genotype": str(genotype), "out": tmp_path / "run", **TINY, **changed}
        retrain(RetrainConfig(**given), Console(quiet=True))
        (only,) = made
        return only

    return run


def settings(optimizer, *names):
    """What the optimizer was made with; its one group has the same, except for the learning rate of the step."""
    (group,) = optimizer.param_groups
    assert all(group[name] == optimizer.defaults[name] for name in names if name != "lr")
    return tuple(optimizer.defaults[name] for name in names)


def test_the_published_numbers_reach_adam(optimizer):
    made = optimizer()
    assert made.name == "Adam"
    assert settings(made, "lr", "betas", "weight_decay") == (1e-3, (0.9, 0.99), 1e-3)
    assert made.param_groups[0]["lr"] == 1e-3
    assert len(made.norms) == 2


def test_sgd_has_momentum(optimizer):
    made = optimizer(solver="sgd", lr=0.02, weight_decay=4e-4)
    assert made.name == "SGD"
    assert settings(made, "lr", "momentum", "weight_decay", "nesterov") == (0.02, 0.9, 4e-4, False)


def test_other_numbers_reach_adam(optimizer):
    assert settings(optimizer(lr=2e-4, weight_decay=0.0), "lr", "betas", "weight_decay") == (2e-4, (0.9, 0.99), 0.0)


def test_the_learning_rate_follows_the_schedule(optimizer):
    made = optimizer(epochs=3, epoch_steps=1, lr=8e-3, halve_at=(1, 2))
    assert made.param_groups[0]["lr"] == 2e-3


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_gradients_are_clipped_to_the_norm_asked_for(optimizer, solver):
    assert optimizer(clip_norm=1e-5, solver=solver, lr=1e-5).norms == pytest.approx([1e-5] * 2, rel=1e-3)


def test_without_a_limit_nothing_is_clipped(optimizer):
    assert min(optimizer().norms) > 1e-3
