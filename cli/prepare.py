"""`mfps prepare`."""

from typing import TYPE_CHECKING

from . import options as o

if TYPE_CHECKING:
    from ..prepare.config import PrepareConfig


def model() -> "type[PrepareConfig]":
    """The command's fields."""
    from ..prepare.config import PrepareConfig

    return PrepareConfig


def prepare(config: "PrepareConfig") -> None:
    """Turn photographs into a training set: find, align and crop the faces, make their priors, and write a report."""
    from ..prepare.prepare import prepare as run

    done, out = run(config, o.console()), config.out
    lost = sum(map(len, done.dropped.values()))
    o.report(f"kept      {len(done.faces)} faces, dropped {lost}")
    o.report(f"report    {out / 'report.md'}")
    o.report(f"pictures  {out / 'contact.png'}")
    val_list = out / "val.txt" if (out / "val.txt").exists() else None
    taken = o.written(data=out, list=out / "train.txt", val_list=val_list, priors=",".join(config.priors))
    o.report(f"next      mfps search {taken} --preset small --out ...")
