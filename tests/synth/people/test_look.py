"""From labels to appearance: the effect of each label, and that all randomness is the generator's."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.attributes.official import official_codebook
from agreid_cli.synth.draw.light import Light
from agreid_cli.synth.film.render import render
from agreid_cli.synth.people import figure, paint, parts
from agreid_cli.synth.people.look import GROUPS, make_look, plain
from agreid_cli.synth.place.ground import Ground
from agreid_cli.synth.place.scene import Placed, Rendered, Scene
from tests.synth.someone import PLAIN, facing, someone

BOOK = {group.name: group for group in official_codebook().groups}

#: Two labels of each group that anybody could tell apart from close by.
TOLD_APART = {
    "gender": ("Male", "Female"), "age": ("18-24", ">65"), "height": ("Short", "Tall"),
    "weight": ("Thin", "Fat"), "ethnic": ("White", "Black"), "haircolor": ("Black", "Red"),
    "hairstyle": ("Short", "Long"), "beard": ("No", "Yes"), "moustache": ("No", "Yes"),
    "glasses": ("No", "Sunglasses"), "head": ("Unknown", "Hat"),
    "upper": ("T-shirt", "Coat"), "lower": ("Jeans", "Shorts"), "feet": ("Sport_shoe", "Boots"),
    "bag": ("Nothing", "Backpack"),
}  # fmt: skip


def seen(group: str, label: str) -> Rendered:
    # From the side for a bag on the back, from the front for everything else.
    heading = 1.2 if group == "bag" else 0.1
    person = Placed(1, someone(3, **{group: label}), 0.0, 0.0, heading, 0.15, 1.2)
    near = 160.0 if group in {"beard", "moustache", "glasses", "age"} else 90.0
    camera = facing(pixels_a_metre=near)
    return render(Scene((person,), Ground(1), (), Light(cloud=0.9)), camera, supersample=1)


def test_every_group_of_the_official_codebook_is_drawn() -> None:
    assert tuple(BOOK) == GROUPS
    assert set(parts.GROUP_PARTS) == set(GROUPS) == set(TOLD_APART)
    for shown in parts.GROUP_PARTS.values():
        assert shown
        assert set(shown) <= set(range(1, len(parts.PARTS)))


@pytest.mark.parametrize("group", GROUPS)
def test_a_label_shows_where_its_group_says(group: str) -> None:
    one, other = (seen(group, label) for label in TOLD_APART[group])
    changed = np.abs(one.image.astype(int) - other.image).max(-1) > 12
    where = np.isin(one.part, parts.GROUP_PARTS[group]) | np.isin(other.part, parts.GROUP_PARTS[group])
    assert (changed & where).sum() >= 12, "the two labels look the same"
    if group in {"beard", "moustache", "glasses", "haircolor"}:  # nothing else of the person may change
        outside = changed & ~where
        assert outside.sum() <= 0.25 * (changed & where).sum()


@pytest.mark.parametrize("group", ["upper", "lower", "feet", "bag", "head", "hairstyle"])
def test_all_labels_of_a_garment_make_different_figures(group: str) -> None:
    made = {}
    for label in BOOK[group].labels:
        look = someone(4, gender="Female", **{group: label})
        mesh = figure.figure(look, 0.2, 1.2)
        assert np.isfinite(mesh.points).all()
        assert np.isfinite(mesh.normals).all()
        rest = mesh.rest[mesh.faces[:, 0]]
        colours, _ = paint.painted(look, mesh.paint, mesh.part, rest)
        made[label] = (round(float(np.abs(mesh.points).sum()), 6), round(float(colours.sum()), 6))
    definite = [value for label, value in made.items() if label not in {"Unknown", "Occluded"}]
    assert len(set(definite)) == len(definite)


def test_official_labels_and_column_endings_are_one() -> None:
    for name, group in BOOK.items():
        if name == "age":
            continue
        words = [bit.removeprefix(name) for bit in group.bits]
        assert [plain(label) for label in group.labels] == [plain(word) for word in words]


def test_the_same_generator_gives_the_same_person_and_another_one_does_not() -> None:
    assert make_look(PLAIN, np.random.default_rng(5)) == make_look(PLAIN, np.random.default_rng(5))
    assert make_look(PLAIN, np.random.default_rng(5)) != make_look(PLAIN, np.random.default_rng(6))


def test_one_label_changed_leaves_the_rest_of_the_person_alone() -> None:
    one, other = someone(8), someone(8, bag="Backpack")
    assert (one.skin, one.hair, one.upper, one.height_m) == (
        other.skin,
        other.hair,
        other.upper,
        other.height_m,
    )


def test_labels_order_heights_and_girths() -> None:
    heights = {
        label: [someone(s, height=label).height_m for s in range(20)]
        for label in ("Child", "Short", "Medium", "Tall")
    }
    assert max(heights["Child"]) < min(heights["Short"])
    assert max(heights["Short"]) < min(heights["Medium"]) < max(heights["Medium"]) < min(heights["Tall"])
    girths = {
        label: [someone(s, weight=label).girth for s in range(20)] for label in ("Thin", "Medium", "Fat")
    }
    assert max(girths["Thin"]) < min(girths["Medium"])
    assert max(girths["Medium"]) < min(girths["Fat"])


def test_clothes_are_mostly_dark_or_grey_as_on_a_campus() -> None:
    colours = np.array([someone(s).upper.colour for s in range(300)])
    vivid = (colours.max(1) - colours.min(1)) > 0.25
    assert 0.1 < vivid.mean() < 0.55
    assert (colours.mean(1) < 0.35).mean() > 0.35
