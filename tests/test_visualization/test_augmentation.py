# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures and the page of an augmentation: what they show, and odd input."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from mmposeaug.geometry import project, rotate, rotation_matrix
from mmposeaug.structures import H36M_17, AugmentedSamples, Skeleton, ViewedPoses
from mmposeaug.visualization import draw_augmentation, draw_changes, draw_distributions, to_image
from mmposeaug.visualization.augmentation import choose_examples, describe_step
from mmposeaug.visualization.augmentation_page import augmentation_page
from mmposeaug.visualization.augmentation_values import field_of_view, length_change, view_angles
from mmposeaug.visualization.clip_animation import choose_clips, write_clips
from mmposeaug.visualization.motion import draw_motion
from mmposeaug.visualization.motion_values import measure_motion, motion_of

HAND = Skeleton('hand', ('wrist', 'palm', 'thumb'), (-1, 0, 0))
CAMERA = np.array([1000.0, 1000, 400, 500, 0, 0, 0, 0, 0], np.float32)
TABLE = [['', 'in view'], ['Real', '100 %']]


def viewed(skeleton=H36M_17, count=6, seed=0, depth=5.0):
    generator = torch.Generator().manual_seed(seed)
    pose = 0.3 * torch.randn(count, skeleton.num_joints, 3, generator=generator)
    pose = pose + torch.tensor([0.0, 0.0, depth])
    camera = torch.as_tensor(CAMERA).repeat(count, 1)
    size = np.full((count, 2), 1000, np.float32)
    return ViewedPoses(skeleton, pose.numpy(), project(pose, camera).numpy(), camera.numpy(), size)


def samples_of(skeleton=H36M_17, in_view=True, **options):
    first, second = viewed(skeleton), viewed(skeleton, seed=1)
    seen = np.full(len(first), True)
    return AugmentedSamples(
        {'Original': first, 'Learned bone angles': second},
        {'Original': seen, 'Learned bone angles': seen & in_view},
        dict(real='Original', learned='Learned bone angles'),
        dict(learned=np.full((len(first), skeleton.num_bones), 7.0)),
        **options,
    )


def test_steps_are_described_by_what_changed():
    poses = viewed()
    root = poses.pose_cam[:, :1]
    stages = {'Original': poses}
    stages['Learned bone angles'] = poses
    stages['Learned bone lengths'] = grown = ViewedPoses(
        H36M_17,
        root + 1.1 * (poses.pose_cam - root),
        poses.keypoints_px,
        poses.intrinsics,
        poses.image_size,
    )
    turn = rotation_matrix(torch.tensor([0.0, np.pi / 6, 0.0]))[None]
    relative = torch.as_tensor(grown.pose_cam - root)
    turned = root + rotate(relative, turn.expand(6, 3, 3).to(relative)).numpy()
    stages['Learned view and place'] = ViewedPoses(
        H36M_17, turned, poses.keypoints_px, poses.intrinsics, poses.image_size
    )
    seen = {name: np.full(6, True) for name in stages}
    turns = dict(learned=np.full((6, 16), 7.0))
    kinds = dict(real='Original', learned='Learned view and place')
    samples = AugmentedSamples(stages, seen, kinds, turns)
    assert [describe_step(samples, name, 0) for name in stages] == [
        '',
        'bones turned by 7°, at most 7°',
        'lengths changed by +10 to +10 %',
        'turned by 30° and moved',
    ]
    assert length_change(poses.pose_cam, grown.pose_cam, H36M_17) == pytest.approx(0.1, abs=1e-4)
    figure = draw_augmentation(samples, examples=1)
    image = to_image(figure)
    assert image.shape[1] > image.shape[0]  # four columns, two rows


def test_examples_are_in_view_where_there_are_such():
    samples = samples_of()
    samples.in_view['Learned bone angles'][:3] = False
    assert choose_examples(samples, 2) == [3, 4]
    assert choose_examples(samples_of(in_view=False), 2) == [0, 1]


def test_field_of_view_is_that_of_the_camera():
    assert field_of_view(viewed()) == pytest.approx((-0.4, 0.6))


def test_points_stand_where_the_poses_are():
    poses = viewed()
    figure = draw_distributions({'Real': poses})
    view, place, image = figure.axes
    assert np.asarray(view.collections[0].get_offsets()) == pytest.approx(
        np.radians(view_angles(poses))
    )
    assert np.asarray(place.collections[0].get_offsets()) == pytest.approx(
        poses.pose_cam[:, 0, ::2]
    )
    assert np.asarray(image.collections[0].get_offsets()) == pytest.approx(
        poses.keypoints_px[:, 0] / 1000
    )


@pytest.mark.parametrize('skeleton', [H36M_17, HAND])
@pytest.mark.parametrize('in_view', [True, False])
def test_other_trees_and_empty_sets_are_drawn(skeleton, in_view):
    errors = dict(real=np.full(6, 20.0), learned=np.full(6, 30.0))
    samples = samples_of(skeleton, in_view, errors_mm=errors)
    for figure in (
        draw_augmentation(samples, 1),
        draw_distributions(samples.visible()),
        draw_changes(samples),
    ):
        assert to_image(figure).std() > 0
    page = augmentation_page(samples, 'title', [], TABLE)
    assert ('as seen from the body' in page) == (skeleton is H36M_17)


def test_nothing_to_draw_is_one_sentence():
    with pytest.raises(ValueError, match='give at least one set'):
        draw_distributions({})


def test_the_page_holds_texts_as_texts():
    page = augmentation_page(samples_of(), '<b>&', ['</script><script>alert(1)'], TABLE, 2)
    assert '<b>&' not in page and '&lt;b&gt;&amp;' in page
    assert '<script>alert' not in page
    texts = json.loads(re.search(r'const texts = (.*);', page).group(1))
    assert len(texts) == 2
    assert len(texts[0]) == 2 and texts[0][1].startswith('bones turned by 7°, at most 7°; root ')


def test_shapes_that_do_not_fit_are_refused():
    poses = viewed()
    with pytest.raises(ValueError, match=r'keypoints_px of 6 ViewedPoses .* \(6, 17, 2\)'):
        ViewedPoses(H36M_17, poses.pose_cam, poses.pose_cam, poses.intrinsics, poses.image_size)


def hands(count=1, frames=8, filled=0, speed=0.02):
    """Clips of a hand that moves evenly while its palm turns by 10 degrees a frame.

    At the end the hand stays where it is for ``filled`` frames, and the palm turns on.
    """
    clip = np.zeros((count, frames, 3, 3))
    clip[..., 2] = 1
    moved = np.minimum(np.arange(frames), frames - 1 - filled)
    clip[..., 0] += speed * moved[:, None]
    angle = np.radians(10) * np.arange(frames)
    clip[..., 1, :2] += 0.1 * np.stack((np.cos(angle), np.sin(angle)), axis=-1)
    clip[..., 2, 1] += 0.1
    return clip


def test_motion_is_measured_without_frames_that_fill_up():
    chord = 200 * np.sin(np.radians(5))
    for filled in (0, 3):
        found = measure_motion(hands(filled=filled), HAND)
        steps = 7 - filled
        assert found['root_speed'] == pytest.approx(np.full(steps, 20))
        assert found['root_acceleration'] == pytest.approx(np.zeros(steps - 1), abs=1e-6)
        assert found['turn'] == pytest.approx(np.tile([10, 0], steps), abs=1e-6)
        assert found['body_speed'] == pytest.approx(np.tile([chord, 0], steps), abs=1e-6)
        turning = np.tile([2 * chord * np.sin(np.radians(5)), 0], steps - 1)
        assert found['body_acceleration'] == pytest.approx(turning, abs=1e-6)
        assert len(found['speed']) == 3 * steps and found['speed'][::3] == pytest.approx(20)
    # who never goes anywhere moves all the same, until nothing moves
    still = np.concatenate((hands(speed=0), np.repeat(hands(speed=0)[:, -1:], 4, axis=1)), axis=1)
    assert len(measure_motion(still, HAND)['root_speed']) == 7
    assert not len(measure_motion(still[:, -4:], HAND)['turn'])


def clips_of(real, drawn, in_view=True):
    samples = samples_of(HAND)
    samples.in_view['Learned bone angles'][:1] = in_view
    samples.clips.update(real=real, learned=drawn)
    return samples


def test_clips_that_move_well_are_chosen():
    real = np.concatenate([hands(filled=3 if i == 1 else 0) for i in range(6)])
    real[:, :, 1] += np.arange(6)[:, None, None] * (real[:, :, 1] - real[:, :, 0])
    samples = clips_of(real, real, in_view=False)
    assert choose_clips(samples, 2) == [4, 5]  # the faster ones
    assert choose_clips(samples, 9) == [4, 5, 1, 2, 3, 0]  # those out of view come last


def test_motion_and_clips_are_drawn(tmp_path):
    samples = clips_of(hands(6, speed=0.01), hands(6), in_view=False)
    motion = motion_of(samples)
    assert len(motion['learned']['root_speed']) == 5 * 7  # of those in view
    figure = draw_motion(motion)
    labels = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert labels == ['Real: mean 10, largest 10', 'Learned: mean 20, largest 20']
    short = hands(6)[:, :2]  # which have no acceleration
    assert 'no motion' in [
        text.get_text() for text in draw_motion(motion_of(clips_of(short, short))).axes[4].texts
    ]
    write_clips(samples, tmp_path / 'clips.gif', 2)
    with Image.open(tmp_path / 'clips.gif') as picture:
        assert picture.n_frames == 8
        first = np.asarray(picture.convert('RGB')).astype(int)
        picture.seek(4)
        assert (np.asarray(picture.convert('RGB')) != first).any()
