# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Augmented samples are seen by drawn cameras, in training and where it is looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from test_detector import fed
from train_runs import LOOPS, build, make_bank, poseaug

from mmposeaug.engine import DrawnCameras
from mmposeaug.engine.batches import project_clip, select

RANGES = dict(focal=(0.7, 1.4), aspect=(1.3, 1.8))
CAMERA = dict(type='RandomCamera', centre=0.05, distortion=0.1, portrait=0.5, **RANGES)


def make(mocap_root, tmp_path, name, **options):
    return build(mocap_root, tmp_path, dict(LOOPS[name], **options)).train_loop


def of_bank(loop, batch):
    """Which samples have a camera of the training set, mirrored or not."""
    known = loop.bank.cameras.intrinsics[:, [0, 4, 6]]
    return (batch.intrinsics[:, None, [0, 4, 6]] == known).all(-1).any(-1)


@pytest.mark.parametrize('name', ['random', 'learned', 'tensor'])
def test_augmented_samples_alone_are_seen_by_drawn_cameras(mocap_root, tmp_path, name):
    loop = make(mocap_root, tmp_path, name, camera=CAMERA)
    loop._epoch = 2  # of networks that learn, the first epochs have another phase
    batches = fed(loop)
    own = torch.stack([of_bank(loop, batch) for batch in batches])
    # the last samples of every batch are augmented
    first = 32 - round(32 * loop.settings.augmented_share)
    assert own[:, :first].all() and not own[:, first:].any() and own.numel() == 192
    samples = select(batches[0], slice(first, None))
    pose, pixels = samples.pose_cam, samples.keypoints_px
    again = project_clip(pose, samples.intrinsics, samples.image_size)
    torch.testing.assert_close(pixels, again, atol=0.01, rtol=1e-4)
    assert (pixels >= 0).all() and (pixels <= samples.image_size[:, None, None]).all()
    portrait = samples.image_size[:, 1] > samples.image_size[:, 0]
    assert 0 < portrait.sum() < len(portrait)
    assert loop.augmentation.cameras.shows(samples).all()
    if name == 'tensor':  # nothing else: people stand where they are
        poses = loop.bank.pose_cam
        mirrored = torch.tensor(loop.skeleton.flip_indices)
        flipped = poses[:, mirrored] * torch.tensor([-1.0, 1.0, 1.0])
        off = (pose - torch.cat((poses, flipped)).unsqueeze(0)).flatten(2).abs().amax(2)
        assert (off.amin(1) == 0).all()


def test_a_pass_over_the_bank_fills_the_buffer_with_drawn_cameras(mocap_root, tmp_path):
    loop = make(mocap_root, tmp_path, 'released', camera=CAMERA)
    loop._epoch = 2
    loop.start_epoch()
    buffer = loop._adversarial_phase()
    # a network that has learned nothing puts few people in view
    assert len(buffer) >= 3 and not of_bank(loop, buffer).any()
    assert loop.augmentation.cameras.shows(buffer).all()
    assert (buffer.keypoints_px < buffer.image_size[:, None, None]).all()


def test_the_2d_discriminator_is_shown_drawn_cameras_on_both_sides(mocap_root, tmp_path):
    loop = make(mocap_root, tmp_path, 'released', camera=CAMERA)
    plain = make(mocap_root, tmp_path / 'plain', 'released')
    for each in (loop, plain):
        each.start_epoch()
    index = torch.arange(32)
    real, before = (each._draw_real(each.bank.gather(index)) for each in (loop, plain))
    own = of_bank(loop, real)
    assert (~own).float().mean() > 0.3
    size = real.image_size[~own][:, None, None]
    seen = real.keypoints_px[~own]
    assert (seen >= 0).all() and (seen <= size).all()
    # who is not in view is seen by the own camera, and nobody's pose changes
    assert torch.equal(real.keypoints_px[own], before.keypoints_px[own])


def test_cameras_of_an_epoch_come_from_its_seed_and_change_no_other_draw(mocap_root, tmp_path):
    first = make(mocap_root, tmp_path / 'a', 'random', camera=CAMERA)
    second = make(mocap_root, tmp_path / 'b', 'random', camera=CAMERA)
    plain = make(mocap_root, tmp_path / 'c', 'random')
    second._epoch = 1
    torch.manual_seed(5)  # of which nothing depends
    batch, seen, noise = first.bank.gather(torch.arange(16)), [], []
    for loop in (first, first, second, plain):
        loop.start_epoch()
        seen.append(loop.augment(batch).batch)
        noise.append(torch.rand(3, generator=loop.noise_generator))
    assert torch.equal(seen[0].intrinsics, seen[1].intrinsics)
    assert torch.equal(seen[0].keypoints_px, seen[1].keypoints_px)
    assert not torch.equal(seen[0].intrinsics, seen[2].intrinsics)
    assert torch.equal(noise[0], noise[3])
    # without a model the same objects come back: nothing can differ
    cameras = plain.augmentation.cameras
    assert cameras.draw(batch) is batch and cameras.draw_in_view(batch) is batch


def test_a_joint_beyond_the_fold_of_a_drawn_lens_is_not_shown(mocap_root, tmp_path):
    loop = make(mocap_root, tmp_path, 'tensor', camera=CAMERA)
    batch = loop.bank.gather(torch.arange(2))
    lens = torch.tensor([1000.0, 1000, 500, 500, -0.2, 0, 0, 0, 0])
    pose = batch.pose_cam.clone()
    pose[:] = torch.tensor([0.1, 0.1, 2.0])
    pose[1, 0, 5, 0] = 4.3  # far to the right, and yet within the image
    seen = replace(batch, pose_cam=pose, intrinsics=lens.expand(2, -1))
    seen = replace(seen, keypoints_px=project_clip(pose, seen.intrinsics, seen.image_size))
    assert 0 < seen.keypoints_px[1, 0, 5, 0] < 1000
    assert loop.augmentation.cameras.shows(seen).tolist() == [True, False]
    assert loop.augmentation.visible(seen).tolist() == [True, False]


def test_a_clip_has_one_camera(mocap_root):
    bank = make_bank(mocap_root, seq_len=3)
    cameras = DrawnCameras(CAMERA, 'cpu')
    batch = cameras.draw(bank.gather(torch.arange(8)), torch.Generator().manual_seed(0))
    assert batch.intrinsics.shape == (8, 9) and batch.keypoints_px.shape[:2] == (8, 3)
    assert batch.pose_visible.all() and batch.keypoint_scores.all()
    hidden = torch.ones(8, 3, 17)
    hidden[:, :, 4] = 0  # its place is not known, and no other camera finds it
    part = replace(batch, pose_visible=hidden, keypoint_scores=hidden)
    part = cameras.draw(part, torch.Generator().manual_seed(0))
    assert torch.equal(part.pose_visible, hidden) and torch.equal(part.keypoint_scores, hidden)
    frames = [project_clip(batch.pose_cam[:, t], batch.intrinsics) for t in range(3)]
    seen = batch.keypoints_px
    torch.testing.assert_close(seen, torch.stack(frames, 1), atol=0.01, rtol=1e-4)


@pytest.mark.parametrize(
    ('camera', 'sentence'),
    [
        (0.7, 'train_cfg.camera is 0.7; give a config, such as dict'),
        (dict(focal=(0.7, 1.4)), "give a config, such as dict.type='RandomCamera'"),
        (dict(type='RandomCamera', focal=(0, 1)), r'focal is \(0, 1\); give two'),
        (dict(type='Kamera'), "type 'Kamera', which is not registered; use 'RandomCamera'"),
        (
            dict(type='KinematicChainDiscriminator'),
            'KinematicChainDiscriminator has weights, which nothing trains; give a model that',
        ),
    ],
)
def test_cameras_that_cannot_be_are_refused(camera, sentence):
    with pytest.raises(ValueError, match=sentence):
        DrawnCameras(camera, 'cpu')


def test_both_loops_refuse_options_that_there_are_not(mocap_root, tmp_path):
    camera = dict(type='RandomCamera', focus=(0.7, 1.4))
    sentence = "of type RandomCamera, has no option 'focus'; the options are focal, centre,"
    for loop in (dict(LOOPS['tensor'], camera=camera), poseaug(camera=camera)):
        with pytest.raises(ValueError, match=sentence):
            build(mocap_root, tmp_path, loop)
    with pytest.raises(ValueError, match='but augmented_share is 0; set it to 0.5, or camera to'):
        make(mocap_root, tmp_path, 'tensor', camera=CAMERA, augmented_share=0)
