"""`mfps export`."""

from typing import TYPE_CHECKING

from . import options as o

if TYPE_CHECKING:
    from ..export.config import ExportConfig


def model() -> "type[ExportConfig]":
    """The command's fields."""
    from ..export.config import ExportConfig

    return ExportConfig


def export(config: "ExportConfig") -> None:
    """Export a network to files that other programs take, each of them compared with the network on faces."""
    from ..export.export import export as run

    done = run(config, o.console())
    if done.note:
        o.report(f"note      {done.note}")
    for parity in done.files:
        o.report(
            f"file      {config.out / parity.file}, {parity.bytes:,} bytes; by {parity.runtime}: largest difference "
            f"{parity.largest:.2g}, {parity.psnr:.1f} dB"
        )
    o.report(f"checked   on {done.files[0].faces}")
    if done.loss is not None:
        loss = done.loss
        o.report(f"8 bits    PSNR {loss.before:.2f} dB before, {loss.after:.2f} dB after, on {loss.faces}")
    for name in done.added:
        o.report(f"for other programs {config.out / name}")
    o.report(f"report    {config.out / 'parity.json'}", f"how to    {config.out / 'README.md'}")
