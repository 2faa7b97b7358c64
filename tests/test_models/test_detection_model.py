# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A model of a detector errs as its options say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmposeaug.datasets.keypoints_2d import fill_gaps
from mmposeaug.geometry import correlate_frames, fill_in, person_size, project, swap_sides
from mmposeaug.models import DetectionModel
from mmposeaug.structures import H36M_16, H36M_17, Skeleton

CAMERA = torch.tensor([1100.0, 1100, 500, 500, 0, 0, 0, 0, 0])
UPRIGHT = {  # to the left of the image, down, away; a person who faces the camera
    'root': (0, 0, 0),
    'hip': (0.15, 0, 0),
    'knee': (0.16, 0.45, 0),
    'foot': (0.16, 0.9, 0),
    'spine': (0, -0.25, 0),
    'thorax': (0, -0.5, 0),
    'neck_base': (0, -0.6, 0),
    'head': (0, -0.75, 0),
    'shoulder': (0.2, -0.47, 0),
    'elbow': (0.3, -0.2, 0),
    'wrist': (0.35, 0.05, 0),
}
GRAPH = Skeleton('chain', ('root', 'middle', 'end'), (-1, 0, 1), ())


def people(count=1, frames=1, depth=5.0, skeleton=H36M_17):
    """People (N, T, J, 3) before the camera, and their keypoints."""
    rows = []
    for name in skeleton.joint_names:
        side = name.split('_')[0] if name.split('_')[0] in ('left', 'right') else ''
        x, y, z = UPRIGHT[name.removeprefix(f'{side}_')]
        rows.append((-x if side == 'right' else x, y, z + depth))
    pose = torch.tensor(rows).expand(count, frames, -1, 3).clone()
    return pose, project(pose, CAMERA)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def detect(pixels, pose=None, scores=None, seed=0, skeleton=H36M_17, **options):
    model = DetectionModel(skeleton, **options)
    cameras = CAMERA.expand(len(pixels), 9)
    return model(pixels, scores, pose_cam=pose, intrinsics=cameras, generator=generator(seed))


def indices(*names):
    return [H36M_17.index(name) for name in names]


# ------------------------------------------------------------------ functions
@given(st.floats(0.1, 50), st.floats(-500, 500))
def test_the_size_grows_with_the_person_and_does_not_move(factor, shift):
    _, pixels = people()
    size = person_size(pixels)
    torch.testing.assert_close(
        person_size(pixels * factor + shift), size * factor, rtol=1e-3, atol=1e-2
    )
    wild = pixels.clone()
    wild[..., 3, :] += 1e4 * factor + 1e4  # one keypoint far off makes nobody large
    assert person_size(wild) <= size


def test_the_size_of_a_point_and_of_two_is_finite():
    assert person_size(torch.full((1, 17, 2), 7.0)).item() == 0
    pixels = torch.full((1, 17, 2), 7.0)
    pixels[0, 0] += 10
    assert person_size(pixels).item() == 10


def test_swapping_twice_gives_the_original():
    values = torch.rand(4, 3, 17, 2)
    swapped = torch.zeros(4, 3, 17, dtype=torch.bool)
    swapped[::2] = True
    once = swap_sides(values, swapped, H36M_17.flip_indices)
    left, right = indices('left_knee', 'right_knee')
    assert torch.equal(once[::2, :, left], values[::2, :, right])
    assert torch.equal(once[1::2], values[1::2])
    assert torch.equal(swap_sides(once, swapped, H36M_17.flip_indices), values)


def test_numbers_of_a_clip_are_correlated_and_stay_standard_normal():
    drawn = correlate_frames(torch.randn(20000, 12, generator=generator()), 0.8)
    torch.testing.assert_close(drawn.std(0), torch.ones(12), atol=0.03, rtol=0)
    for lag in (1, 4):
        pairs = torch.stack((drawn[:, 5], drawn[:, 5 + lag]))
        assert float(torch.corrcoef(pairs)[0, 1]) == pytest.approx(0.8**lag, abs=0.03)


@pytest.mark.parametrize('max_gap', [1, 3, 10])
def test_gaps_are_filled_as_the_inferencer_fills_them(max_gap):
    rng = np.random.default_rng(0)
    values = rng.uniform(100, 200, (1, 30, 17, 3)).astype(np.float32)
    missing = rng.random((1, 30, 17)) < 0.4
    missing[0, :, 2] = True  # never seen
    scores = np.where(missing, 0.1, 0.9).astype(np.float32)[0]
    filled = fill_in(torch.from_numpy(values), torch.from_numpy(missing), max_gap)[0, ..., :2]
    wanted = fill_gaps(
        np.arange(30), np.zeros(30, int), values[0, ..., :2], scores, max_gap, score_thr=0.3
    )
    torch.testing.assert_close(filled, torch.from_numpy(wanted.joints_px), rtol=1e-4, atol=1e-3)


# ---------------------------------------------------------------------- model
@pytest.mark.parametrize('shape', [(5, 17, 2), (5, 4, 17, 2)])
def test_with_zeros_nothing_changes(shape):
    pixels = 500 * torch.rand(shape)
    model = DetectionModel(noise=0.0)
    keypoints, scores = model(pixels)
    assert torch.equal(keypoints, pixels) and torch.all(scores == 1)
    given = torch.rand(shape[:-1])
    assert torch.equal(model(pixels, given)[1], given)


def test_errors_are_shares_of_the_size_and_depend_on_the_generator_alone():
    pixels = torch.cat([people(3000, depth=depth)[1] for depth in (3.0, 9.0)])
    torch.manual_seed(3)
    keypoints, scores = detect(pixels, noise=0.02, factors=dict(far=2.0, head=0.5))
    torch.manual_seed(4)
    again = detect(pixels, noise=0.02, factors=dict(far=2.0, head=0.5))
    assert torch.equal(keypoints, again[0]) and torch.equal(scores, again[1])
    assert not torch.equal(keypoints, detect(pixels, noise=0.02, seed=1)[0])
    error = (keypoints - pixels) / person_size(pixels)[..., None, None]
    near, far = error[:3000].std((0, 1, 3)), error[3000:].std((0, 1, 3))
    torch.testing.assert_close(near, far, rtol=0.1, atol=0)
    expected = torch.full((17,), 0.02)
    expected[indices('left_wrist', 'right_wrist', 'left_foot', 'right_foot')] = 0.04
    expected[indices('head')] = 0.01
    torch.testing.assert_close(near, expected, rtol=0.1, atol=0)
    # scores fall with the error
    offset = error.norm(dim=-1)
    assert scores.min() >= 0 and scores.max() <= 1
    worse = offset > offset.median()
    assert scores[worse].mean() < scores[~worse].mean() - 0.05


def test_the_shares_of_misses_outliers_and_swaps():
    _, pixels = people(4000)
    keypoints, scores = detect(pixels, noise=0.0, misses=0.1, far=0.05)
    off = (keypoints - pixels).norm(dim=-1) > 0
    assert off.float().mean() == pytest.approx(0.1, abs=0.01)
    assert torch.equal(off, scores < 1) and scores[off].max() <= 0.25
    keypoints, scores = detect(pixels, noise=0.0, outliers=0.1)
    off = (keypoints - pixels).norm(dim=-1) > 0
    assert off.float().mean() == pytest.approx(0.1, abs=0.01)
    assert scores[off].median() > 0.4
    keypoints, scores = detect(pixels, noise=0.0, swap=dict(legs=0.3))
    legs = indices('left_hip', 'left_knee', 'left_foot')
    others = indices('right_hip', 'right_knee', 'right_foot')
    hit = (keypoints[..., legs, :] == pixels[..., others, :]).all(-1).all(-1)
    assert hit.float().mean() == pytest.approx(0.3, abs=0.03)
    changed = (keypoints != pixels).any(-1).any(0)[0]
    assert sorted(changed.nonzero()[:, 0].tolist()) == sorted(legs + others)
    keypoints, _ = detect(pixels[:5], noise=0.0, swap=1.0)
    assert torch.equal(keypoints, pixels[:5][..., list(H36M_17.flip_indices), :])


def test_scores_of_swapped_joints_go_along():
    _, pixels = people()
    given = torch.rand(1, 1, 17, generator=generator())
    _, scores = detect(pixels, scores=given, noise=0.0, swap=1.0)
    assert torch.equal(scores, given[..., list(H36M_17.flip_indices)])
    # what the data set does not show the detector does not either
    given[..., 3] = 0
    assert detect(pixels, scores=given, misses=0.5)[1][..., 3] == 0


def test_errors_of_clips_last_and_gaps_in_them_are_filled():
    _, pixels = people(200, frames=30)
    keypoints, _ = detect(pixels, noise=0.02, correlation=0.9)
    error = keypoints - pixels
    pairs = torch.stack((error[:, :-1].flatten(), error[:, 1:].flatten()))
    assert float(torch.corrcoef(pairs)[0, 1]) == pytest.approx(0.9, abs=0.03)
    # nobody moves and nothing else is off: only what is missing for long is not filled in
    kept = detect(pixels, noise=0.0, misses=0.1, max_gap=0, correlation=0.5)
    filled, scores = detect(pixels, noise=0.0, misses=0.1, max_gap=10, correlation=0.5)
    missing = (kept[0] != pixels).any(-1)
    assert missing.float().mean() == pytest.approx(0.1, abs=0.01)
    torch.testing.assert_close(filled, pixels, rtol=0, atol=0.01)
    torch.testing.assert_close(scores, torch.ones_like(scores), rtol=0, atol=1e-5)
    runs = missing[:, 1:] & missing[:, :-1]
    assert runs.float().mean() > 2 * 0.1**2  # misses come in rows


def test_bias_moves_joints_along_the_body():
    pose, pixels = people(400)
    keypoints, _ = detect(pixels, pose, noise=0.0, bias=dict(hip=(0.1, 0.2, 0.0)))
    moved = keypoints - pixels
    left, right = indices('left_hip', 'right_hip')
    assert torch.all(moved[..., left, 0] >= 0) and torch.all(moved[..., right, 0] <= 0)
    torch.testing.assert_close(moved[..., left, 0], -moved[..., right, 0], rtol=1e-3, atol=1e-3)
    assert torch.all(moved[..., left, 1] <= 0)  # up is to the top of the image
    # 0.1 of a trunk of 0.5 m at 5 m, times a share that is uniform in 0 to 1
    assert moved[..., left, 0].max().item() == pytest.approx(0.05 * 1100 / 5, rel=0.02)
    assert moved[..., left, 0].mean().item() == pytest.approx(0.025 * 1100 / 5, rel=0.1)
    others = [joint for joint in range(17) if joint not in (left, right)]
    assert torch.all(moved[..., others, :] == 0)
    # forward is towards the camera, away from the middle of the image
    keypoints, _ = detect(pixels, pose, noise=0.0, bias=dict(left_foot=(0.0, 0.0, 0.5)))
    foot = indices('left_foot')[0]
    assert torch.all((keypoints - pixels)[..., foot, 1] >= 0)


def test_each_sample_has_a_bias_of_its_own_that_holds_for_its_clip():
    pose, pixels = people(50, frames=6)
    keypoints, _ = detect(pixels, pose, noise=0.0, bias='coco', bias_spread=0.02)
    moved = keypoints - pixels
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved), rtol=1e-3, atol=1e-3)
    assert moved[:, 0, 0].std() > 0.1
    assert detect(*people(2, skeleton=H36M_16)[::-1], skeleton=H36M_16, bias='coco')[0].shape == (
        2,
        1,
        16,
        2,
    )


def test_people_who_walk_through_the_camera_have_finite_key_points():
    pose, pixels = people(4, frames=3)
    pose[:, 1, :, 2] -= 5.0
    keypoints, scores = detect(
        pixels, pose, bias='coco', bias_spread=0.1, misses=0.1, outliers=0.1, swap=0.1
    )
    assert keypoints.isfinite().all() and scores.isfinite().all()


def test_values_of_joints_count_before_those_of_their_group():
    pixels = people(2000)[1]
    factors = dict(far=2, trunk=0, wrist=3, left_wrist=0)
    found, _ = detect(pixels, noise=0.01, factors=factors)
    off = ((found - pixels) / person_size(pixels)[..., None, None]).std((0, 1, 3))
    joints = ('root', 'left_foot', 'right_wrist', 'left_wrist', 'left_knee')
    wanted = torch.tensor([0, 0.02, 0.03, 0, 0.01])
    torch.testing.assert_close(off[indices(*joints)], wanted, rtol=0.03, atol=1e-6)


def test_each_sample_has_its_share_of_the_bias_and_some_stay_exact():
    pose, pixels = people(400)
    whole = detect(pixels, pose, noise=0, bias=dict(head=(0, 0.3, 0)), bias_share=(1, 1))[0]
    move = (whole - pixels)[..., H36M_17.index('head'), 1]
    torch.testing.assert_close(move, move[:1].expand_as(move))
    part = detect(pixels, pose, noise=0, bias=dict(head=(0, 0.3, 0)), bias_share=(0.5, 1))[0]
    shares = (part - pixels)[..., H36M_17.index('head'), 1] / move
    assert 0.5 <= shares.min() < 0.52 and 0.98 < shares.max() <= 1.001
    found, scores = detect(pixels, pose, noise=0.01, misses=0.1, share=0.3)
    seen = (found != pixels).flatten(1).any(1)
    assert 0.23 < seen.float().mean() < 0.37 and (scores[~seen] == 1).all()


def test_bias_spread_of_joints_is_the_same_on_both_sides_and_moves_no_others():
    pose, pixels = people(3000)
    found, _ = detect(pixels, pose, noise=0, bias_spread=dict(knee=0.1, head=0.0))
    off = (found - pixels)[:, 0]
    left, right = (off[:, H36M_17.index(f'{side}_knee')] for side in ('left', 'right'))
    torch.testing.assert_close(left[:, 0], -right[:, 0], rtol=0, atol=6)  # near, far
    rest = [j for j, name in enumerate(H36M_17.joint_names) if 'knee' not in name]
    assert not off[:, rest].any()
    trunk = 0.5 * 1100 / 5  # pixels
    assert off[:, H36M_17.index('left_knee'), 1].std() / trunk == pytest.approx(0.1, rel=0.06)


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (dict(noise=0.5), r'noise is 0.5; give a number between 0 and 0.2 \(0.01 is 1 %'),
        (dict(noise='1 %'), "noise is '1 %'; give a number"),
        (dict(misses=1.5), 'misses is 1.5; give a number between 0 and 1'),
        (dict(outliers=float('nan')), 'outliers is nan; give a number'),
        (dict(correlation=1), 'correlation is 1; give a number between 0 and 0.9999'),
        (dict(score_reach=0), 'score_reach is 0; give a number'),
        (dict(max_gap=-1), 'max_gap is -1; give a number of 0 or more'),
        (dict(factors=dict(hands=2)), "factors has no option 'hands'; the options are trunk, near"),
        (dict(factors=2), 'factors is 2; give values by the names trunk'),
        (dict(swap=dict(head=0.1)), "swap has no option 'head'; the options are body, legs, arms"),
        (dict(swap=dict(legs=2)), r"swap\['legs'\] is 2; give a number between 0 and 1"),
        (dict(swap=0.1, skeleton=GRAPH), "swap of 'body' is 0.1, but the skeleton 'chain' has"),
        (dict(bias='h36m'), "bias is 'h36m'; use one of coco"),
        (dict(bias=dict(tail=(0, 0, 0))), "bias has no option 'tail'; the options are hip, knee"),
        (dict(bias=dict(hip=(0, 0))), r"bias\['hip'\] is \(0, 0\); give three numbers"),
        (dict(bias=dict(hip=(0, 0, 30))), r"bias\['hip'\] is 30; give a number between -1 and 1"),
        (dict(bias={}, skeleton=GRAPH), "needs a body with hips and a trunk, which .* 'chain'"),
        (dict(bias_spread=dict(tail=1)), "bias_spread has no option 'tail'; the options are hip"),
        (dict(bias_spread=dict(hip=-1)), r"bias_spread\['hip'\] is -1; give a number between 0"),
        (dict(bias_share=(1, 0)), r'bias_share is \(1, 0\); give two numbers between 0 and 2'),
        (dict(share=2), 'share is 2; give a number between 0 and 1'),
        (dict(factors=dict(wrist=-1)), r"factors\['wrist'\] is -1; give a number of 0 or more"),
        (dict(bias_spread=0.1, skeleton=GRAPH), "needs a body with hips .* 'chain' has not"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        DetectionModel(**options)


def test_wrong_shapes_and_a_missing_camera_are_told():
    model = DetectionModel(bias='coco')
    with pytest.raises(ValueError, match=r'of shape \(N, 17, 2\) or .*, got \(2, 16, 2\)'):
        model(torch.zeros(2, 16, 2))
    with pytest.raises(ValueError, match='give pose_cam and intrinsics, or leave them out'):
        model(torch.zeros(2, 17, 2))
