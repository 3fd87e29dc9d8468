"""The corpus is at least as large as docs/reliability.md says."""

import re
from pathlib import Path

from .bad_images import bad_images, bombs
from .bad_names import NAMES
from .bad_texts import DARTS, bad_json, bad_landmarks, bad_lists, bad_tables, bad_yaml, genotype_text
from .bad_weights import bad_arrays, bad_checkpoints, bad_safetensors
from .readers import READERS
from .test_places import PLACES
from .test_weights import claims

DOCS = Path(__file__).parents[2] / "docs" / "reliability.md"


def test_the_corpus_has_what_the_docs_say():
    counts = {
        "images": len(bad_images()) + len(bombs()),
        "genotypes": len(bad_json(genotype_text(), "branches")) + len(DARTS),
        "configurations": len(bad_yaml()),
        "lists": len(bad_lists()),
        "landmark files": len(bad_landmarks()) + len(bad_tables()),
        "weights": len(bad_safetensors()) + len(claims()),
        "arrays": len(bad_arrays()),
        "checkpoints": len(bad_checkpoints()),
        "names": len(NAMES),
        "not regular files": len(READERS) * len(PLACES),
    }
    rows = re.findall(r"^\| ([a-z ]+) \| (\d+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: int(count) for name, count in rows if name in counts}
    assert told.keys() == counts.keys()
    assert not {name: count for name, count in told.items() if count > counts[name]}
