"""The commands that must fail, as data: one a line, with what the error line must name.

The files they name are made by bad_world.py and conftest.py.
"""
# ruff: noqa: E501 - a case a line, so that they read as a table

from typing import NamedTuple

import pytest

from .conftest import RETRAIN, SEARCH

OUT = "--out new"


class Case(NamedTuple):
    """A command that must fail, and what its line must name: the culprit, and the rule or remedy."""

    command: str
    named: tuple[str, ...]


def case(name: str, command: str, *named: str):
    return pytest.param(Case(command, named), id=name.replace(" ", "-"))


SEARCH_OUT = f"{SEARCH} {OUT}"
RETRAIN_OUT = f"{RETRAIN} --genotype searched {OUT}"
EVALUATE_OUT = f"evaluate trained --data faces --device cpu {OUT}"

DATA = [
    case("no data", f"search --preset tiny {OUT}", "--data is required", "photographs"),
    case("no out", "search --preset tiny --data faces", "--out is required", "folder"),
    case("no genotype", f"retrain --preset tiny --data faces {OUT}", "--genotype is required", "published name"),
    case("data missing", f"{SEARCH_OUT} --data nowhere", "nowhere", "check the path"),
    case("data is a file", f"{SEARCH_OUT} --data note.txt", "note.txt", "not a file"),
    case("folder empty", f"{SEARCH_OUT} --data empty", "empty: ", "put photographs there"),
    case("folder without image", f"{SEARCH_OUT} --data texts", "texts", "no image", "put photographs there"),
    case("too few faces", f"{SEARCH_OUT} --list three.txt", "3 faces", "at least 4"),
    case("batch too large", f"{SEARCH_OUT} --batch-size 50", "batch of 50", "smaller batch"),
    case("image too small", f"{SEARCH_OUT} --size 64", "faces/images", "32 x 32", "smaller size"),
    case("image empty", f"{SEARCH_OUT} --data blank", "1.png", "empty", "give a PNG"),
    case("image no image", f"{SEARCH_OUT} --data fake", "1.png", "not an image", "give a PNG"),
    case("list missing", f"{SEARCH_OUT} --list nolist.txt", "nolist.txt", "give a text file"),
    case("list is a folder", f"{SEARCH_OUT} --list empty", "empty", "folder", "give a text file"),
    case("list binary", f"{SEARCH_OUT} --list noise.bin", "noise.bin", "plain text"),
    case("list empty", f"{SEARCH_OUT} --list blank.txt", "blank.txt", "write one name a line"),
    case("list names a missing file", f"{SEARCH_OUT} --list gone.txt", "gone.txt", "9999.png", "line 2", "remove the lines"),
    case("list leaves the folder", f"{SEARCH_OUT} --list escape.txt", "escape.txt, line 1", "relative"),
    case("list names twice", f"{SEARCH_OUT} --list twice.txt", "twice.txt, line 2", "remove one"),
    case("val list missing", f"{SEARCH_OUT} --val-list nolist.txt", "nolist.txt", "give a text file"),
    case(
        "val list overlaps",
        f"{SEARCH_OUT} --list faces/train.txt --val-list three.txt",
        "three.txt", "training list", "validate on others",
    ),
    case("val list takes all", f"{SEARCH_OUT} --val-list all.txt", "every face", "--list"),
    case("priors missing for some", f"{SEARCH_OUT} --data partial --priors parsing", "parsing", "1 of 6", "0002.png", "make the missing"),
    case("landmarks missing for some", f"{SEARCH_OUT} --data partial --priors heatmap", "landmarks.json", "1 of 6", "0001.png"),
    case("landmarks damaged", f"{SEARCH_OUT} --data badmarks --priors heatmap", "landmarks.json", "faces.0000.png.points"),
    case("no prior stored", f"{SEARCH_OUT} --priors dictionary", "priors", "dictionary", "make it or drop it"),
    case("prior of wrong rank", f"{SEARCH_OUT} --data flat --priors dictionary", "0000.npy", "(channels, height, width)"),
    case("prior of other channels", f"{SEARCH_OUT} --data uneven --priors dictionary", "0005.npy", "3 channels", "same number"),
    case("prior pickled", f"{SEARCH_OUT} --data pickled --priors dictionary", "0000.npy", "pickled", "replace"),
]  # fmt: skip

OPTIONS = [
    case("preset unknown", f"{SEARCH_OUT} --preset huge", "'huge'", "tiny, small, published"),
    case("prior unknown", f"{SEARCH_OUT} --priors parsing,hair", "--priors", "'hair'", "parsing, heatmap, dictionary"),
    case("size no multiple of 8", f"{SEARCH_OUT} --size 20", "--size", "multiple of 8", "20"),
    case("size too small", f"{SEARCH_OUT} --size 8", "--size", "equal to 16", "8"),
    case("width zero", f"{SEARCH_OUT} --width 0", "--width", "equal to 1", "0"),
    case("epochs negative", f"{SEARCH_OUT} --epochs -1", "--epochs", "equal to 1", "-1"),
    case("seed negative", f"{SEARCH_OUT} --seed -1", "--seed", "equal to 0"),
    case("mixing unknown", f"{SEARCH_OUT} --mixing both", "--mixing", "'input' or 'output'", "both"),
    case("precision unknown", f"{SEARCH_OUT} --precision float8", "--precision", "'float32' or 'bfloat16'"),
    case("warm-up takes all", f"{SEARCH_OUT} --warmup-epochs 1", "--warmup-epochs (1)", "below --epochs (1)"),
    case("warm-up outlasts the steps", f"{SEARCH_OUT} --epochs 3 --warmup-epochs 2", "1 steps", "--max-steps", "--warmup-epochs"),
    case("degradation unknown", f"{SEARCH_OUT} --degradation rain", "'rain'", "known are", "full"),
    case("degradation weight no number", f"{SEARCH_OUT} --degradation full:x,blur:1", "'x'", "positive number"),
    case("degradation weight negative", f"{SEARCH_OUT} --degradation full:-1", "'-1'", "positive number"),
    case("degradation twice", f"{SEARCH_OUT} --degradation full,full", "'full'", "add its weights up"),
    case("device unknown", f"{SEARCH_OUT} --device tpu", "'tpu'", "auto, cpu, cuda or cuda:N"),
    case("device number no number", f"{SEARCH_OUT} --device cuda:x", "'cuda:x'", "auto, cpu, cuda or cuda:N"),
    case("device not there", f"{SEARCH_OUT} --device cuda:97", "'cuda:97'", "--device cpu or auto"),
    case("fix no pair", f"{SEARCH_OUT} --fix upsample", "--fix", "'upsample'", "BRANCH=GENOTYPE"),
    case("fix unknown branch", f"{SEARCH_OUT} --fix hair=searched", "--fix", "'hair'", "upsample"),
    case("fix absent branch", f"{SEARCH_OUT} --fix parsing=mfpsnet", "--fix parsing=mfpsnet", "--priors"),
    case("fix every branch", f"{SEARCH_OUT} --fix upsample=searched", "--fix", "leave one out"),
    case("fix of other width", f"{SEARCH_OUT} --priors parsing --fix upsample=mfpsnet", "width is 8", "same width"),
    case("fix without genotype", f"{SEARCH_OUT} --fix upsample=nothing", "'nothing'", "published name"),
    case("lr zero", f"{RETRAIN_OUT} --lr 0", "--lr", "greater than 0"),
    case("schedule unknown", f"{RETRAIN_OUT} --schedule steep", "--schedule", "'cosine'", "steep"),
    case("vgg19 missing", f"{RETRAIN_OUT} --perceptual 1 --vgg19 nothing.pth", "nothing.pth", "--vgg19"),
    case("vgg19 another file", f"{RETRAIN_OUT} --perceptual 1 --vgg19 noise.bin", "noise.bin", "SHA-256", "download it again"),
    case("config missing", f"{SEARCH_OUT} --config no.yaml", "no.yaml", "cannot be read", "--config"),
    case("config is a folder", f"{SEARCH_OUT} --config faces", "faces", "cannot be read", "--config"),
    case("config not YAML", f"{SEARCH_OUT} --config broken.yaml", "broken.yaml, line 3", "not YAML", "option: value"),
    case("config binary", f"{SEARCH_OUT} --config noise.bin", "noise.bin", "not YAML", "option: value"),
    case("config a list", f"{SEARCH_OUT} --config list.yaml", "list.yaml", "option: value"),
    case("config unknown key", f"{SEARCH_OUT} --config key.yaml", "key.yaml", "'widht'", "did you mean width?"),
    case("config strange key", f"{SEARCH_OUT} --config strange.yaml", "strange.yaml", "'zzzzz'", "known are data, out"),
    case("config wrong type", f"{SEARCH_OUT} --config type.yaml", "type.yaml", "blocks", "must be an integer", "'many'"),
    case("config priors no list", f"{SEARCH_OUT} --config priors.yaml", "priors.yaml", "priors", "(got 3)"),
    case("config priors of numbers", f"{SEARCH_OUT} --config numbers.yaml", "numbers.yaml", "priors", "(got [3])"),
    case("config fix no list", f"{SEARCH_OUT} --config fix.yaml", "fix.yaml", "fix", "BRANCH=GENOTYPE"),
    case("config operation unknown", f"{SEARCH_OUT} --config operation.yaml", "'conv_9x9'", "skip, conv_3x3"),
    case("config no operation", f"{SEARCH_OUT} --config nothing.yaml", "operations []", "at least one of"),
    case("config operation twice", f"{SEARCH_OUT} --config twice.yaml", "operations", "each once"),
    case("config option overridden", f"{SEARCH_OUT} --config type.yaml --width 0", "type.yaml", "and 1 more"),
    case("config of the other stage", f"{RETRAIN_OUT} --config searched/config.yaml", "searched/config.yaml", "unknown option"),
]  # fmt: skip

PLACES = [
    case("out holds a run", f"{SEARCH} --out searched", "searched", "holds another run", "new folder"),
    case("retrain onto a run", f"{RETRAIN} --genotype searched --out trained", "trained", "new folder"),
    case("evaluate onto a run", "evaluate trained --data faces --out trained", "trained", "new folder"),
    case("demo onto something", "demo --out faces", "faces", "new folder"),
    case("demo device", "demo --out new --device cuda:97", "'cuda:97'", "--device cpu or auto"),
    case("demo seed", "demo --out new --seed -1", "--seed", "greater than or equal to 0"),
    case("out is a file", f"{SEARCH} --out note.txt", "note.txt", "is a file", "folder"),
    case("out below a file", f"{SEARCH} --out note.txt/a/b", "note.txt", "is a file", "folder"),
    case("out name too long", f"{SEARCH} --out {'x' * 300}", "name too long", "--out"),
    case("search no permission", f"{SEARCH} --out /proc/mfps/run", "/proc/mfps/run", "another folder with --out"),
    case(
        "retrain no permission",
        f"{RETRAIN} --genotype searched --out /proc/mfps",
        "/proc/mfps",
        "another folder with --out",
    ),
    case(
        "evaluate no permission",
        "evaluate trained --data faces --out /proc/mfps",
        "/proc/mfps",
        "another folder with --out",
    ),
    case("degrade no permission", "degrade faces --out /proc/mfps", "/proc/mfps", "another folder with --out"),
    case("degrade below a file", "degrade faces --out note.txt/a", "note.txt", "is a file", "folder"),
    case("degrade over files", "degrade faces --out faces/images", "0000.png", "another folder with --out"),
    case("degrade nothing", "degrade nowhere --out new", "nowhere", "check the path"),
    case("degrade empty folder", "degrade empty --out new", "empty", "put photographs there"),
    case("degrade one stem twice", "degrade stems --out new", "1.png", "rename one"),
    case("degrade a text", "degrade note.txt --out new", "note.txt", "not an image", "give a PNG"),
    case("degrade too large", "degrade faces --out new --size 64", "0000.png", "32 x 32", "--size 64", "smaller size"),
    case("degrade no size", "degrade faces --out new --size 0", "--size is 0", "at least 1"),
    case("degrade seed", "degrade faces --out new --seed -1", "--seed is -1", "at least 0"),
    case("degrade unknown", "degrade faces --out new --degradation rain", "'rain'", "known are"),
    case("degrade corrupt image", "degrade corrupt --out new/deep", "0003.png", "damaged", "replace the file"),
]

GENOTYPES = [
    case("genotype missing", "genotype show nothing", "'nothing'", "published name (", "mfpsnet"),
    case("genotype binary", "genotype validate noise.bin", "noise.bin", "give a JSON file"),
    case("genotype not JSON", "genotype validate note.txt", "note.txt", "not JSON", "file written by mfps"),
    case("genotype a list", "genotype validate list.json", "list.json", "JSON object"),
    case("genotype newer schema", "genotype validate newer.json", "newer.json", "mfps.genotype/2", "upgrade mfps"),
    case("genotype unknown operation", "genotype validate operation.json", "operation.json", "cell[0].op", "conv_3x3", "conv_9x9"),
    case("genotype unknown rate", "genotype validate rate.json", "rate.json", "path[1]", "3"),
    case("genotype illegal path", "genotype validate jump.json", "jump.json", "jumps from rate 1 to 8", "one of the steps"),
    case("genotype unknown key", "genotype validate key.json", "key.json", "colour", "not permitted here", "remove it"),
    case("genotype lacks a key", "genotype validate lacks.json", "lacks.json", "branches.upsample.cell", "required", "add it"),
    case("genotype long key", "genotype validate long.json", "long.json", "..."),
    case("genotype second bad", "genotype validate mfpsnet newer.json", "newer.json", "upgrade mfps"),
    case("search holds a bad genotype", f"{SEARCH_OUT} --priors parsing --fix upsample=jump.json", "jump.json", "jumps"),
    case("retrain newer schema", f"{RETRAIN_OUT} --genotype newer.json", "newer.json", "upgrade mfps"),
    case("retrain folder without genotype", f"{RETRAIN_OUT} --genotype faces", "'faces'", "published name"),
    case("retrain without the priors", f"{RETRAIN_OUT} --genotype mfpsnet", "parsing, heatmap, dictionary", "data gives none", "--priors"),
    case("retrain with a prior too many", f"{RETRAIN_OUT} --priors parsing", "takes the priors none", "data gives parsing", "--priors"),
    case("supernet of another space", f"{RETRAIN_OUT} --genotype mfpsnet-upsample.json --width 1 --from-supernet searched", "searched", "lacks paths.upsample", "another space"),
    case("supernet of another width", f"{RETRAIN_OUT} --width 2 --from-supernet searched", "searched", "shape", "same width"),
    case("supernet missing", f"{RETRAIN_OUT} --from-supernet faces", "faces/weights.safetensors", "run folder"),
    case("show odd size", "genotype show mfpsnet --size 12", "--size is 12", "multiple of 8"),
    case("show no iteration", "genotype show mfpsnet --iterations 0", "--iterations", "equal to 1"),
    case("diff missing", "genotype diff mfpsnet nothing", "'nothing'", "published name"),
    case("draw unknown suffix", "genotype draw mfpsnet --out a.jpg", "a.jpg", ".svg, .png, .pdf"),
    case("draw without suffix", "genotype draw mfpsnet --out a", "a: ", "without a suffix", ".svg, .png, .pdf"),
    case("draw unwritable", "genotype draw mfpsnet --out /proc/a.svg", "/proc/a.svg", "writable folder"),
    case("draw below nothing", "genotype draw mfpsnet --out nowhere/a.svg", "nowhere/a.svg", "existing, writable folder"),
    case("draw onto a folder", "genotype draw mfpsnet --out folder.svg", "folder.svg", "writable folder"),
    case("draw unknown renderer", "genotype draw mfpsnet --out a.svg --renderer crayon", "'crayon'", "matplotlib, graphviz"),
    case("draw epoch of no run", "genotype draw mfpsnet --epoch 1 --out a.svg", "mfpsnet", "folder of a search"),
    case("draw epoch too late", "genotype draw searched --epoch 9 --out a.svg", "searched", "no searched epoch 9", "it has 1"),
    case("draw epoch of a training", "genotype draw trained --epoch 1 --out a.svg", "trained", "no searched epoch", "folder of a search"),
    case("draw damaged history", "genotype draw cutoff --epoch 1 --out a.svg", "history.jsonl", "cut off"),
    case("draw strange history", "genotype draw strange --epoch 1 --out a.svg", "history.jsonl", "epoch 1 is damaged"),
    case("random over a file", "genotype random --out note.txt", "note.txt", "exists already", "--out"),
    case("random over a folder", "genotype random --out faces", "faces", "exists already", "--out"),
    case("random unwritable", "genotype random --out /proc/a/b.json", "/proc/a/b.json", "--out"),
    case("random unknown prior", "genotype random --out a.json --priors hair", "'hair'", "choose from parsing"),
    case("random seed", "genotype random --out a.json --seed -1", "seed is -1", "0 or a greater integer"),
    case("random width", "genotype random --out a.json --width 0", "width 0", "1 to 4096"),
    case("random layers", "genotype random --out a.json --layers 99", "99 layers", "1 to 64"),
]  # fmt: skip

EVALUATE = [
    case("evaluate missing weights", f"evaluate nothing --data faces {OUT}", "nothing", "weights.safetensors", "run folder"),
    case("evaluate garbage", f"evaluate noise.bin --data faces {OUT}", "noise.bin", "not a safetensors file", "written by mfps"),
    case("evaluate foreign weights", f"evaluate foreign.safetensors --data faces {OUT}", "foreign.safetensors", "header", "written by mfps"),
    case("evaluate a supernet", f"evaluate searched --data faces {OUT}", "searched", "supernet", "mfps retrain"),
    case("evaluate damaged weights", f"evaluate lacking.safetensors --data faces {OUT}", "lacking.safetensors", "do not fit its genotype", "written by mfps"),
    case("evaluate data missing", f"{EVALUATE_OUT} --data nowhere", "nowhere", "check the path"),
    case("evaluate without priors", f"evaluate parsing.safetensors --data bare {OUT}", "parsing", "make it or drop it"),
    case("evaluate other channels", f"evaluate dictionary.safetensors --data even {OUT}", "even", "4 channels", "takes 5", "trained with"),
    case("evaluate lists of one name", f"{EVALUATE_OUT} --list three.txt --list empties/three.txt", "three.txt", "same name"),
    case("evaluate list missing", f"{EVALUATE_OUT} --list nolist.txt", "nolist.txt", "give a text file"),
    case("evaluate degradation twice", f"{EVALUATE_OUT} --degradation blur --degradation blur", "'blur'", "each once"),
    case("evaluate degradation unknown", f"{EVALUATE_OUT} --degradation rain", "'rain'", "known are"),
    case("evaluate size", f"{EVALUATE_OUT} --size 0", "size 0", "multiple of 8"),
    case("evaluate too large", f"{EVALUATE_OUT} --size 64", "32 x 32", "smaller size"),
    case("evaluate batch", f"{EVALUATE_OUT} --batch-size 0", "--batch-size is 0", "at least 1"),
    case("evaluate workers", f"{EVALUATE_OUT} --workers -1", "--workers is -1", "at least 0"),
    case("evaluate shown", f"{EVALUATE_OUT} --shown 0", "--shown is 0", "at least 1"),
    case("evaluate seed", f"{EVALUATE_OUT} --seed -1", "--seed is -1", "at least 0"),
    case("evaluate precision", f"{EVALUATE_OUT} --precision float8", "'float8'", "float32, bfloat16"),
    case("evaluate device", f"{EVALUATE_OUT} --device cuda:97", "'cuda:97'", "--device cpu or auto"),
    case("evaluate corrupt image", f"{EVALUATE_OUT} --data corrupt --save-images", "0003.png", "damaged", "replace the file"),
    case("evaluate corrupt image in a worker", f"{EVALUATE_OUT} --data corrupt --workers 1", "0003.png", "damaged", "replace the file"),
]  # fmt: skip
