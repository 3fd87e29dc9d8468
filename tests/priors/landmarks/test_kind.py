import numpy as np
import torch
from mfps.priors.faces import CutFaces, StoredFaces
from mfps.priors.landmarks.kind import HEATMAP, HeatmapFinder
from mfps.priors.landmarks.landmark_file import LANDMARK_FILE, read_landmarks
from mfps.priors.prior_kind import ExternalSources


def test_landmarks_are_stored_in_the_requested_scheme(tmp_path, console):
    points = np.random.default_rng(0).uniform(0, 15, (98, 2)).round(1)
    faces = CutFaces(tmp_path, 16, {"a.png": points, "b.png": None}, "wflw98", console, "ibug68", {"by": "hand"})
    made = HeatmapFinder(ExternalSources(), torch.device("cpu")).make(faces)
    assert made == {"scheme": "ibug68", "by": "hand"}
    stored = read_landmarks(tmp_path / "priors" / LANDMARK_FILE)
    assert stored.scheme == "ibug68"
    assert stored.faces["a.png"].points[0] == tuple(points[0])
    assert stored.faces["a.png"].points[16] == tuple(points[32])
    assert stored.faces["b.png"].points == (None,) * 68
    sizes = {"a.png": (16, 16), "b.png": (16, 16)}
    opened = HEATMAP.open_shared(StoredFaces(tmp_path / "priors", list(sizes), sizes))
    assert opened.channels == HEATMAP.found_channels(False)
