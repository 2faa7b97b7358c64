# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Drawn cameras: their ranges, lenses that do not fold over, images turned with their camera."""

from __future__ import annotations

import math

import pytest
import torch

from mmposeaug.geometry import in_lens, in_view, project
from mmposeaug.models import RandomCamera, RandomPoseAugmentor

OWN = [1145.0, 1143.5, 512.5, 515.5, -0.207, 0.248, -0.003, -0.0010, -0.0055]
SIZE = [1000.0, 1002.0]


def cameras(count=512, own=OWN, size=SIZE):
    return torch.tensor([own] * count), torch.tensor([size] * count)


def draw(count=512, own=OWN, **options):
    generator = torch.Generator().manual_seed(0)
    model = RandomCamera(**dict(dict(focal=None), **options))
    return model(*cameras(count, own), generator=generator)


def test_focal_lengths_are_even_in_their_logarithm_and_keep_the_look_of_the_lens():
    drawn, size = draw(focal=(0.7, 1.4), count=4000)
    factor = drawn[:, :2] / torch.tensor(OWN[:2])
    torch.testing.assert_close(factor[:, 0], factor[:, 1])
    assert 0.7 <= factor.min() < 0.705 and 1.39 < factor.max() <= 1.4 + 1e-6
    assert abs(factor[:, 0].log().mean() - math.log(0.7 * 1.4) / 2) < 0.01
    assert torch.equal(size, cameras(4000)[1])
    # what is displaced by the lens is displaced as far at the same place of the image
    edge = torch.tensor([0.4, -0.3, 1.0])
    points = edge / torch.stack((factor[:, 0], factor[:, 0], torch.ones(4000)), dim=-1)
    seen = project(points.unsqueeze(1), drawn)
    torch.testing.assert_close(
        seen, project(edge.expand(4000, 1, 3), cameras(4000)[0]), atol=0.05, rtol=0
    )


def test_only_what_is_asked_for_changes():
    own, size = cameras()
    drawn, new_size = draw(centre=0.05)
    shift = (drawn - own)[:, 2:4] / size
    assert torch.equal(drawn[:, [0, 1, 4, 5, 6, 7, 8]], own[:, [0, 1, 4, 5, 6, 7, 8]])
    assert shift.abs().max() <= 0.05 + 1e-6 and (shift.amax(0) > 0.045).all()
    assert torch.equal(new_size, size)
    # an option leaves the draws of the others as they were
    both, _ = draw(centre=0.05, distortion=0.1)
    assert torch.equal(both[:, :4], drawn[:, :4]) and not torch.equal(both[:, 4:], own[:, 4:])


def test_a_scaled_image_shows_the_same():
    own, size = cameras()
    drawn, new_size = draw(size=(0.5, 2))
    factor = drawn[:, :1] / own[:, :1]
    assert factor.min() >= 0.5 and factor.max() <= 2 and factor.std() > 0.3
    assert (
        torch.equal(new_size, new_size.round()) and (new_size - size * factor).abs().max() <= 0.51
    )
    person = torch.randn(512, 17, 3) * 0.3 + torch.tensor([0.0, 0.0, 5.0])
    middle = [project(person, c) - s.unsqueeze(1) / 2 for c, s in ((own, size), (drawn, new_size))]
    torch.testing.assert_close(middle[0] * factor.unsqueeze(1), middle[1], atol=0.01, rtol=1e-4)


def test_portrait_swaps_width_and_height_and_turns_the_lens():
    own, wide = cameras(size=[1920.0, 1080.0])
    generator = torch.Generator().manual_seed(0)
    drawn, size = RandomCamera(focal=None, portrait=0.3)(own, wide, generator=generator)
    portrait = size[:, 1] > size[:, 0]
    assert 0.2 < portrait.float().mean() < 0.4
    assert torch.equal(size[portrait], wide[portrait].flip(-1))
    assert torch.equal(drawn[~portrait], own[~portrait])
    # the same picture, turned by a quarter: what was right is below, what was above is right
    points = torch.randn(512, 17, 3) * 0.5 + torch.tensor([0.0, 0.0, 4.0])
    x, y, z = points.unbind(-1)
    u, v = project(points, own).unbind(-1)
    seen = project(torch.stack((-y, x, z), dim=-1), drawn)[portrait]
    expected = torch.stack((1080.0 - v, u), dim=-1)[portrait]
    torch.testing.assert_close(seen, expected, atol=1e-2, rtol=1e-5)


def test_the_aspect_crops_about_the_middle_of_the_image():
    for share, longer in ((None, 0), (1.0, 1)):
        drawn, size = draw(aspect=(1.3, 1.8), portrait=share)
        ratio = size[:, longer] / size[:, 1 - longer]
        assert 1.299 < ratio.min() < 1.33 and 1.77 < ratio.max() < 1.802
        assert (size[:, longer] == 1002).all()
        offset = (drawn[:, 2:4] - size / 2).abs().sum(1)
        torch.testing.assert_close(offset, torch.full((512,), 12.5 + 14.5), atol=1.01, rtol=0)


def test_no_drawn_lens_folds_over_in_its_image():
    grid = torch.cartesian_prod(torch.linspace(0, 1, 12), torch.linspace(0, 1, 12))
    for options in (
        dict(distortion=0.5),
        dict(distortion=0.5, focal=(0.2, 1), centre=0.3, portrait=0.5, aspect=(1, 4)),
        dict(focal=(0.2, 0.4), centre=0.3),
        # a lens of the data that folds at 0.58 of the focal length is taken back too
        dict(own=[1000.0, 1000, 500, 500, -1.0, 0, 0, 0, 0], centre=0.05),
    ):
        drawn, size = draw(**options)
        assert in_lens(grid * size.unsqueeze(1), drawn).all()
        assert (drawn[:, 4] != 0).float().mean() > 0.9


def test_distortion_is_told_by_what_it_does_at_the_corner():
    drawn, size = draw(distortion=0.05, focal=(0.7, 1.4))
    farthest = torch.maximum(drawn[:, 2:4], size - drawn[:, 2:4]) / drawn[:, :2]
    ray = torch.cat((farthest, torch.ones(512, 1)), -1).unsqueeze(1)
    ideal = torch.cat((drawn[:, :4], torch.zeros(512, 5)), -1)
    centre = drawn[:, None, 2:4]
    far = [(project(ray, camera) - centre).norm(dim=-1) for camera in (drawn, ideal)]
    displaced = far[0] / far[1] - 1
    assert displaced.abs().max() < 0.05 * 1.7 and displaced.min() < -0.04 and displaced.max() > 0.04
    none, _ = draw(distortion=0)
    assert not none[:, 4:].any()


def test_people_placed_by_a_drawn_camera_are_in_its_view():
    generator = torch.Generator().manual_seed(1)
    intrinsics, size = draw(focal=(0.7, 1.4), portrait=0.5, aspect=(1.3, 1.8), distortion=0.1)
    pose = torch.randn(512, 17, 3, generator=generator) * 0.2 + torch.tensor([0.0, 0.0, 5.0])
    draws = RandomPoseAugmentor(depth=(4, 7), place=0.3)
    augmented = draws(pose, intrinsics, size, generator=generator).rigid
    seen = in_view(project(augmented, intrinsics), augmented[..., 2], size)
    assert seen.float().mean() > 0.6
    own = in_view(project(augmented, cameras()[0]), augmented[..., 2], cameras()[1])
    assert (own != seen).any()


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (dict(focal=(0, 1)), r'focal is \(0, 1\); give two numbers between 0.2 and 5'),
        (dict(focal=(-1, 1)), r'focal is \(-1, 1\); give two numbers'),
        (dict(focal=(1.4, 0.7)), 'the smaller one first: factors of the camera'),
        (dict(focal=(900, 1200)), r'focal is \(900, 1200\); give two numbers'),
        (dict(focal=1), 'focal is 1; give two numbers'),
        (dict(focal=(0.7, math.nan)), 'focal is .*nan.*; give two numbers'),
        (dict(centre=0.5), 'centre is 0.5; give a number between 0 and 0.3'),
        (dict(distortion=math.nan), 'distortion is nan; give a number between 0 and 0.5, the larg'),
        (dict(distortion=(0.1, 0.2)), r'distortion is \(0.1, 0.2\); give a number'),
        (dict(portrait=2), 'portrait is 2; give a number between 0 and 1, a share'),
        (dict(portrait=True), 'portrait is True; give a number'),
        (dict(aspect=(0.5, 1)), r'aspect is \(0.5, 1\); give two numbers between 1 and 4'),
        (dict(size='big'), "size is 'big'; give two numbers between 0.1 and 10"),
        (dict(focal=None), 'draws nothing, since all of its options are None'),
    ],
)
def test_ranges_that_cannot_be_are_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        RandomCamera(**options)


def test_shapes_that_are_none_are_refused():
    with pytest.raises(ValueError, match=r'must be of shape \(N, 9\) and image_size \(N, 2\), got'):
        RandomCamera()(torch.zeros(3, 9), torch.zeros(2, 2))
