"""A search's optimizers are those of its configuration, whose defaults are the published ones."""

import mfps.nas.search_files
import pytest
import torch
from mfps.nas.config import SearchConfig
from mfps.nas.search import train_supernet
from rich.console import Console

pytestmark = pytest.mark.slow

TINY = {
    "size": 16, "width": 1, "layers": 2, "fusion_layers": 2, "blocks": 1, "epochs": 1, "warmup_epochs": 0,
    "epoch_steps": 2, "batch_size": 1, "val_list": "val.txt", "device": "cpu", "norm_batches": 1,
    "layout": "channels-last",
}  # fmt: skip


def norm_of_gradients(optimizer):
    gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    return float(torch.nn.utils.get_total_norm(gradients))


@pytest.fixture
def optimizers(drawn_folder, tmp_path, monkeypatch):
    """`optimizers(**changed)` searches; returns both optimizers by class name, each with its gradients' `norms`."""
    made = {}

    def spied(kind):
        class Spied(kind):
            def __init__(self, *args, **options):
                super().__init__(*args, **options)
                assert kind.__name__ not in made
                made[kind.__name__] = self
                self.norms = []

            def step(self, *args, **options):
                self.norms.append(norm_of_gradients(self))
                return super().step(*args, **options)

        return Spied

    monkeypatch.setattr(mfps.nas.search_files, "draw_genotype", lambda *_: None)
    monkeypatch.setattr(torch.optim, "SGD", spied(torch.optim.SGD))
    monkeypatch.setattr(torch.optim, "Adam", spied(torch.optim.Adam))

    def run(**changed):
        config = SearchConfig(data=drawn_folder, out=tmp_path / "run", **{**TINY, **changed})
        train_supernet(config, Console(quiet=True))
        return made

    return run


def settings(optimizer, *names):
    """What the optimizer was made with; its one group has the same, except for the learning rate of the epoch."""
    (group,) = optimizer.param_groups
    assert all(group[name] == optimizer.defaults[name] for name in names if name != "lr")
    return tuple(optimizer.defaults[name] for name in names)


def test_the_published_numbers_reach_the_optimizers(optimizers):
    made = optimizers()
    assert made.keys() == {"SGD", "Adam"}
    assert settings(made["SGD"], "lr", "momentum", "weight_decay") == (0.025, 0.9, 3e-4)
    assert settings(made["SGD"], "dampening", "nesterov") == (0, False)
    assert settings(made["Adam"], "lr", "betas", "weight_decay") == (1e-3, (0.9, 0.999), 1e-3)
    assert all(len(optimizer.norms) == 2 for optimizer in made.values())


def test_other_numbers_reach_their_own_optimizer(optimizers):
    made = optimizers(
        weight_lr=0.03,
        weight_momentum=0.7,
        weight_decay=2e-4,
        architecture_lr=0.02,
        architecture_weight_decay=5e-3,
    )
    assert settings(made["SGD"], "lr", "momentum", "weight_decay") == (0.03, 0.7, 2e-4)
    assert settings(made["Adam"], "lr", "betas", "weight_decay") == (0.02, (0.9, 0.999), 5e-3)
    assert [made[kind].param_groups[0]["lr"] for kind in ("SGD", "Adam")] == [0.03, 0.02]


@pytest.mark.parametrize(("epochs", "factor"), [(2, 1), (3, 0.5), (5, 0.25)])
def test_both_rates_halve_after_every_so_many_epochs(optimizers, epochs, factor):
    made = optimizers(epochs=epochs, epoch_steps=1, halve_every=2)
    assert [made[kind].param_groups[0]["lr"] for kind in ("SGD", "Adam")] == [0.025 * factor, 1e-3 * factor]


def test_only_the_weights_are_clipped(optimizers):
    made = optimizers(clip_norm=1e-6)
    assert made["SGD"].norms == pytest.approx([1e-6] * 2, rel=1e-3)
    assert min(made["Adam"].norms) > 1e-5


def test_without_a_limit_nothing_is_clipped(optimizers):
    assert min(optimizers()["SGD"].norms) > 1e-3
