import pytest
from mfps.genotypes.backbone import LAYERS, Backbone, backbone_space
from mfps.genotypes.drawing.backbone_figure import LAYER_WIDTH, backbone_width, draw_backbone
from mfps.genotypes.drawing.palette import BACKBONE
from mfps.genotypes.drawing.scene import Point, Scene


def drawn(backbone, backbones=None):
    scene = Scene(1000, 100)
    draw_backbone(scene, backbone, Point(0, 50), backbones)
    return scene


def backbone(**changed):
    chosen = {"encoder_blocks": 2, "refine_blocks": 0, "redistill": 0.25, "restore": 1.0, "fusion": None}
    return Backbone(**{**chosen, **changed})


@pytest.mark.parametrize("possible", [None, 1, 2, 6])
@pytest.mark.parametrize("blocks", [0, 1, 2, 5, 64])
def test_as_many_boxes_are_filled_as_there_are_blocks(blocks, possible):
    space = None if possible is None else backbone_space(possible, False)
    boxes = [box for box in drawn(backbone(encoder_blocks=blocks), space).boxes if "encoder" in box.key]
    assert [box.fill == BACKBONE for box in boxes] == [i < blocks for i in range(max(blocks, possible or 3))]
    assert all(box.width > 0 for box in boxes)
    left, right = boxes[0].centre.x - boxes[0].width / 2, boxes[-1].centre.x + boxes[-1].width / 2
    assert (left, right) == (pytest.approx(0), pytest.approx(LAYER_WIDTH))


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 1.0])
def test_a_bar_is_filled_from_the_left_to_its_share(share):
    bar, filled = (box for box in drawn(backbone(redistill=share)).boxes if "redistill" in box.key)
    assert filled.width == share * bar.width
    assert filled.centre.x - filled.width / 2 == pytest.approx(bar.centre.x - bar.width / 2)


@pytest.mark.parametrize("fusion", [None, 0.5])
def test_layers_stand_in_order_with_their_names_and_choices(fusion):
    chosen = backbone(fusion=fusion)
    scene = drawn(chosen)
    words = [text.text for text in scene.texts]
    assert words == [word for pair in chosen.described.items() for word in pair]
    assert ("fusion branch" in words) == (fusion is not None)
    assert [words.index(name) for name in LAYERS.values() if name in words] == sorted(
        words.index(name) for name in chosen.described
    )
    assert len(scene.curves) == len(chosen.described)  # to and from the paths, and between the others
    assert max(box.centre.x + box.width / 2 for box in scene.boxes) == pytest.approx(backbone_width(chosen))
