# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""2D keypoints of the target domain in training: alignment and the 2D discriminator's real set."""

from __future__ import annotations

import pytest
import torch
from train_runs import (
    InterruptError,
    StopAfter,
    build,
    differing,
    make_runner,
    poseaug,
    train,
    train_cfg,
)

from mmposeaug.converters import convert_keypoints
from mmposeaug.datasets import load_target_keypoints
from mmposeaug.engine.augmentation import Augmentation
from mmposeaug.engine.batches import project_clip, with_poses
from mmposeaug.engine.target_domain import TargetDomain
from mmposeaug.engine.variants import get_settings
from mmposeaug.geometry import normalize_keypoints, projected_size
from mmposeaug.models import RandomPoseAugmentor
from mmposeaug.structures import H36M_17

DISCRIMINATOR = dict(
    discriminator_2d=dict(type='Keypoint2DDiscriminator', channels=16),
    weights=dict(adversarial_2d=1.0),
)


@pytest.fixture(scope='module')
def people(mocap_root, tmp_path_factory):
    """COCO file with the keypoints of the small target set."""
    path = tmp_path_factory.mktemp('target') / 'people.json'
    convert_keypoints(mocap_root / 'target_dev.npz', mocap_root / 'cameras.pkl', path)
    return path


@pytest.fixture(scope='module')
def loops(people):
    target = dict(target_2d=dict(file=str(people)))
    return dict(
        both=poseaug(align_position=True, **target, **DISCRIMINATOR),
        released=poseaug('released', align_position=True, **target),
        random=dict(
            type='TensorTrainLoop',
            max_epochs=2,
            augmentor=dict(type='RandomPoseAugmentor'),
            align_position=True,
            **target,
        ),
        alone=dict(type='TensorTrainLoop', max_epochs=2, align_position=True, **target),
    )


def built(mocap_root, tmp_path, loop):
    return build(mocap_root, tmp_path, loop).train_loop


def batch_of(mocap_root, tmp_path, loops, count=32):
    loop = built(mocap_root, tmp_path, loops['alone'])
    return loop.bank.gather(torch.arange(count))


def sizes_and_places(pose, batch):
    seen = project_clip(pose, batch.intrinsics)
    seen = normalize_keypoints(seen, batch.image_size)
    return projected_size(seen, H36M_17), seen[:, H36M_17.root]


def test_aligned_people_have_sizes_and_places_of_the_target(mocap_root, tmp_path, people, loops):
    batch = batch_of(mocap_root, tmp_path, loops)
    domain = TargetDomain(H36M_17, load_target_keypoints(people, H36M_17), aligns=True)
    generator = torch.Generator().manual_seed(3)
    augmentor = RandomPoseAugmentor()
    poses = Augmentation(H36M_17, augmentor, domain=domain).run(batch, generator)
    generator.manual_seed(3)
    plain = Augmentation(H36M_17, augmentor).run(batch, generator)
    wanted = domain.draw(len(batch), generator)  # the draw that follows the augmentor's
    size, place = sizes_and_places(poses.rigid, batch)
    torch.testing.assert_close(size, projected_size(wanted, H36M_17), atol=0, rtol=0.01)
    torch.testing.assert_close(place, wanted[:, H36M_17.root], atol=2e-3, rtol=0)
    root = H36M_17.root
    torch.testing.assert_close(
        poses.rigid - poses.rigid[:, [root]],
        plain.rigid - plain.rigid[:, [root]],
        atol=1e-5,
        rtol=0,
    )


def test_clips_are_moved_as_a_whole(mocap_root, tmp_path, people, loops):
    batch = batch_of(mocap_root, tmp_path, loops, 8)
    clip = batch.pose_cam.repeat(1, 5, 1, 1) + 0.01 * torch.arange(5.0).view(1, 5, 1, 1)
    batch = with_poses(batch, clip)
    domain = TargetDomain(H36M_17, load_target_keypoints(people, H36M_17), aligns=True)
    augmentation = Augmentation(H36M_17, domain=domain)
    poses = augmentation.run(batch, torch.Generator().manual_seed(0))
    shift = poses.rigid - clip
    torch.testing.assert_close(shift, shift[:, :1, :1].expand_as(shift))
    wanted = domain.draw(8, torch.Generator().manual_seed(0))
    size, place = sizes_and_places(poses.rigid[:, 2], batch)
    torch.testing.assert_close(size, projected_size(wanted, H36M_17), atol=0, rtol=0.01)
    torch.testing.assert_close(place, wanted[:, H36M_17.root], atol=2e-3, rtol=0)


def test_the_draw_and_the_learned_pose_stand_for_the_same_person(mocap_root, tmp_path, loops):
    loop = built(mocap_root, tmp_path, loops['both'])
    batch = loop.bank.gather(torch.arange(32))
    poses = loop.augmentation.run(batch, torch.Generator().manual_seed(0))
    for learned, drawn in zip(*(sizes_and_places(p.rigid, batch) for p in (poses, poses.draw))):
        torch.testing.assert_close(learned, drawn, atol=5e-3, rtol=0.02)
    # gradients go into the pose
    poses.rigid.square().sum().backward()
    assert any(p.grad is not None and p.grad.any() for p in loop.adversary.augmentor.weights)


def test_the_2d_discriminator_learns_the_target(mocap_root, tmp_path, loops):
    loop = built(mocap_root, tmp_path, loops['both'])
    assert not loop.adversary.needs_real
    batch = loop.bank.gather(torch.arange(32))
    shifted = with_poses(batch, batch.pose_cam, batch.keypoints_px + 500)

    def real_scores(real):
        generator = torch.Generator().manual_seed(0)
        return loop.adversary._real_keypoints(real, generator)

    torch.testing.assert_close(real_scores(batch), real_scores(shifted), atol=0, rtol=0)
    known = loop.augmentation.domain.keypoints.keypoints_norm
    mirrored = known[:, list(H36M_17.flip_indices)] * torch.tensor([-1.0, 1.0])
    for person in real_scores(batch):
        assert min((torch.cat((known, mirrored)) - person).flatten(1).abs().amax(1)) == 0


@pytest.mark.parametrize('name', ['released', 'random'])
def test_runs_end_with_a_finite_lifter_and_see_aligned_people(mocap_root, tmp_path, loops, name):
    run = train(train_cfg(mocap_root, tmp_path, loops[name]))
    assert all(torch.isfinite(p).all() for p in run.runner.model.parameters())
    loop = run.runner.train_loop
    assert loop.augments and loop.augmentation.aligns
    batch = loop.bank.gather(torch.arange(64))
    assert loop.augment(batch).valid.float().mean() > (0.9 if name == 'random' else 0.2)


def test_an_interrupted_run_goes_on_to_the_last_bit(mocap_root, tmp_path, loops):
    full = train(train_cfg(mocap_root, tmp_path / 'full', loops['both'])).runner
    first = make_runner(train_cfg(mocap_root, tmp_path / 'cut', loops['both']))
    first.register_hook(StopAfter(2))
    with pytest.raises(InterruptError):
        first.train()
    second = train(train_cfg(mocap_root, tmp_path / 'cut', loops['both'], resume=True)).runner
    assert differing(full.model, second.model) == []
    assert differing(full.train_loop.state_dict(), second.train_loop.state_dict()) == []
    # and it learned from the target
    assert differing(first.train_loop.state_dict(), second.train_loop.state_dict())


def test_other_key_points_make_another_lifter(mocap_root, tmp_path, people, loops):
    file = tmp_path / 'half.json'
    convert_keypoints(
        mocap_root / 'target_dev.npz', mocap_root / 'cameras.pkl', file, frame_step=10
    )
    other = {**loops['alone'], 'target_2d': dict(file=str(file))}
    first, second = (
        train(train_cfg(mocap_root, tmp_path / str(i), loop)).runner.model
        for i, loop in enumerate((loops['alone'], other))
    )
    assert differing(first, second)


TARGET = dict(file='people.json')


@pytest.mark.parametrize(
    ('given', 'sentence'),
    [
        (dict(target_2d=TARGET), 'target_2d is given but not used'),
        (
            dict(target_2d=TARGET, discriminator_2d=dict(type='Keypoint2DDiscriminator')),
            'weights.adversarial_2d is None',
        ),
    ],
)
def test_key_points_that_nothing_looks_at_are_refused(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        get_settings('learned', given)


@pytest.mark.parametrize(
    ('loop', 'error', 'sentence'),
    [
        (dict(align_position=True), ValueError, 'there is nothing to align to'),
        (dict(target_2d=TARGET), ValueError, 'target_2d is given but not used'),
        (dict(target_2d='people.json', align_position=True), ValueError, 'give a dict with file'),
        (dict(target_2d=TARGET, align_position=True), FileNotFoundError, "'people.json' does not"),
        (
            dict(target_2d=dict(TARGET, scores=1), align_position=True),
            ValueError,
            "target_2d has no option 'scores'; the options are file, data_root",
        ),
    ],
)
def test_bad_options_are_one_sentence(mocap_root, tmp_path, loop, error, sentence):
    loop = dict(type='TensorTrainLoop', max_epochs=1, **loop)
    with pytest.raises(error, match=sentence):
        built(mocap_root, tmp_path, loop)
