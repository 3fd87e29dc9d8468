"""An earlier evaluation, with which others are compared, if they judged the same inputs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError
from scipy.stats import bootstrap

from ..errors import MfpsError, first_violation
from ..files.json_text import read_strict
from ..files.regular_file import is_folder, read_text
from .evaluation_report import MAX_REPORT_BYTES, EvaluatedFace, faces_of_groups

RESAMPLES = 9999
CONFIDENCE = 0.95

_REMEDY = "give the evaluation.json of `mfps evaluate`, or its folder"


class _Scores(BaseModel):
    psnr: float
    ssim: float


class _Face(BaseModel):
    name: str
    degradation: str
    inputs_sha256: str | None = None
    iterations: tuple[_Scores, ...] = Field(min_length=1)


class _Convention(BaseModel):
    size: int
    degradation_seed: int
    priors: str = ""


class _Report(BaseModel):
    schema_: Literal["mfps.evaluation/1"] = Field(alias="schema")
    name: str
    genotype: str
    weights: str
    convention: _Convention
    faces: tuple[_Face, ...] = Field(min_length=1)
    provenance: dict[str, Any] = Field(default_factory=dict)


class EarlierEvaluation:
    """The report of another network, or of the same one run otherwise.

    Args:
        path: its `evaluation.json`, or the folder that holds it.

    Raises:
        MfpsError: it is not the report of an evaluation, or does not record what it judged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path / "evaluation.json" if is_folder(path) else path
        text = read_text(self.path, "report", MAX_REPORT_BYTES, _REMEDY)
        try:
            self._report = _Report.model_validate(read_strict(text, remedy=_REMEDY))
        except ValidationError as error:
            raise first_violation(error, str(self.path)) from None
        except MfpsError as error:
            raise MfpsError(f"{self.path}: {error}") from None
        self._faces = {(face.degradation, face.name): face for face in self._report.faces}
        if any(face.inputs_sha256 is None for face in self._report.faces):
            raise MfpsError(
                f"{self.path}: does not record which inputs it judged, as an earlier version of mfps wrote it; "
                "evaluate that network again"
            )

    @property
    def genotype(self) -> str:
        """The hash of the architecture that was judged."""
        return self._report.genotype

    @property
    def provenance(self) -> dict[str, Any]:
        """What the network's file said about its training."""
        return self._report.provenance

    @property
    def convention(self) -> dict[str, Any]:
        """What was judged: how many faces, under which degradations with which seed, at which size, which priors."""
        degradations, names = (set(part) for part in zip(*self._faces, strict=True))
        return {"faces": len(names), "degradations": sorted(degradations), **self._report.convention.model_dump()}

    @property
    def psnr(self) -> float:
        """Mean PSNR of the last iteration over all faces under all degradations, in dB."""
        return float(np.mean([face.iterations[-1].psnr for face in self._report.faces]))

    def check_same_inputs(self, other: "EarlierEvaluation") -> None:
        """Refuse an evaluation that another one cannot be compared with.

        Raises:
            MfpsError: this one judged other faces, degradations, sizes, seeds or pixels, or took priors from elsewhere.
        """
        convention = other._report.convention
        degradations, names = (list(dict.fromkeys(part)) for part in zip(*other._faces, strict=True))
        self.check_same_faces(names, degradations, convention.size, convention.degradation_seed)
        if (priors := self._report.convention.priors) != convention.priors:
            raise self._differs(f"with the priors {priors!r}, not {convention.priors!r}")
        for (degradation, name), face in other._faces.items():
            self.check_same_input(name, degradation, face.inputs_sha256 or "")

    def check_same_faces(self, names: Sequence[str], degradations: Sequence[str], size: int, seed: int) -> None:
        """Refuse an evaluation of other faces, degradations, sizes or seeds, before anything is run.

        Args:
            names: the photographs that are to be judged under each degradation.
            degradations: their texts.
            size: side of the faces in pixels.
            seed: of the degradation.

        Raises:
            MfpsError: the earlier evaluation judged others.
        """
        before = self._report.convention
        for what, then, now in (("size", before.size, size), ("seed", before.degradation_seed, seed)):
            if then != now:
                raise self._differs(f"with `{what}` {then}, not {now}")
        then, now = {face.degradation for face in self._report.faces}, set(degradations)
        if then != now:
            raise self._differs(f"under {', '.join(sorted(then))}, not {', '.join(degradations)}")
        wanted = {(degradation, name) for degradation in degradations for name in names}
        if other := sorted(wanted ^ self._faces.keys()):
            degradation, name = other[0]
            which = "did not judge" if other[0] in wanted else "judged also"
            raise self._differs(f"other faces: it {which} {name} under {degradation} [and {len(other) - 1} more]")

    def check_same_input(self, name: str, degradation: str, inputs_sha256: str) -> None:
        """Refuse to compare a face whose degraded or clean pixels were others.

        Args:
            name: the photograph.
            degradation: the text of its degradation.
            inputs_sha256: the digest of what is judged now.

        Raises:
            MfpsError: the earlier evaluation judged other pixels.
        """
        if self._faces[degradation, name].inputs_sha256 != inputs_sha256:
            raise self._differs(f"other pixels of {name}, degraded by {degradation}: the photograph has changed")

    def compare(self, groups: Mapping[str, set[str]], evaluated: Sequence[EvaluatedFace]) -> dict[str, Any]:
        """What the last iterations gained over the earlier evaluation's, as plain JSON data.

        Args:
            groups: the names of each list; empty for all faces as one group.
            evaluated: every face under every degradation, all of them the earlier evaluation's.

        Returns:
            For each degradation and group the mean of the paired differences of PSNR and SSIM, its 95 % bootstrap
            interval over the faces (None for a single face), and on how many faces the number is higher than before.
        """
        results = []
        for degradation, group, faces in faces_of_groups(evaluated, groups):
            row: dict[str, Any] = {"degradation": degradation, "list": group, "faces": len(faces)}
            for metric in ("psnr", "ssim"):
                before = [getattr(self._faces[degradation, face.name].iterations[-1], metric) for face in faces]
                now = [face.scores[-1][metric] for face in faces]
                row[metric] = _paired(np.subtract(now, before))
            results.append(row)
        report = self._report
        return {
            "name": report.name,
            "genotype": report.genotype,
            "weights": report.weights,
            "interval": f"{CONFIDENCE:.0%} interval: bootstrap over faces, {RESAMPLES} resamples",
            "results": results,
        }

    def _differs(self, how: str) -> MfpsError:
        return MfpsError(
            f"{self.path}: cannot be compared, since it judged {how}; evaluate both networks in the same way"
        )


def _paired(differences: np.ndarray) -> dict[str, Any]:
    interval = None
    if len(differences) > 1:
        found = bootstrap(
            (differences,), np.mean, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method="percentile",
            rng=np.random.default_rng(0),
        ).confidence_interval  # fmt: skip
        interval = [float(found.low), float(found.high)]
    return {
        "difference": float(differences.mean()),
        "interval": interval,
        "better": int((differences > 0).sum()),
    }
