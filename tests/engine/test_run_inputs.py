"""What a run was given, compared with what it is given now. `training/test_face_inputs.py` goes through all fields."""

from mfps.engine.run_inputs import RunInput, check_inputs, contents

SHA = "0123456789abcdef" * 4
GIVEN = {"genotype": RunInput("genotype", "up.json", f"an architecture of SHA-256 {SHA}")}


def test_the_place_does_not_matter_and_the_content_does(refused):
    before = contents(GIVEN)
    check_inputs(before, {"genotype": GIVEN["genotype"]._replace(place="/elsewhere/x.json")})
    changed = RunInput("genotype", "b.json", f"an architecture of SHA-256 {SHA[::-1]}")
    with refused(
        r"b.json: not the `genotype` that the run was started with, which was an architecture of SHA-256 "
        r"0123456789ab\.\.\., while this is an architecture of SHA-256 fedcba987654\.\.\.; give that one, or a new"
    ):
        check_inputs(before, {"genotype": changed})
    more = {**GIVEN, "fix upsample": RunInput("fix", "upsample=a.json", "x"), "vgg19": RunInput("vgg19", "v", "x")}
    with refused(r"upsample=a.json: the run was started without this `fix`; leave it out, .*\[and 1 more\]"):
        check_inputs(before, more)
    with refused("`genotype` is missing, with which the run was started; give it again, or a new folder"):
        check_inputs(before, {})
