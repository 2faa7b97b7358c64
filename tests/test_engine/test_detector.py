# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The lifter learns from what a detector would find; nothing else sees it."""

from __future__ import annotations

import pytest
import torch
from train_runs import LOOPS, build, differing, poseaug, train, train_cfg

from mmposeaug.datasets import PoseBatch

NOISY = dict(type='DetectionModel', noise=0.02, misses=0.05, swap=0.1, bias='coco')
EXACT = dict(type='DetectionModel', noise=0.0)


def fed(loop):
    """What a loop's lifter is fed in an epoch, and the targets: batch by batch."""
    batches: list[PoseBatch] = []
    loop.update_lifter = lambda batch_idx, batch: batches.append(batch)
    loop.start_epoch()
    loop.train_phases()
    return batches


def loops(mocap_root, tmp_path, name, **options):
    """A loop without a detector, and one with it."""
    return [
        build(mocap_root, tmp_path / str(number), dict(LOOPS[name], **extra)).train_loop
        for number, extra in enumerate(({}, options))
    ]


@pytest.mark.parametrize('name', ['random', 'learned', 'released'])
def test_only_the_lifters_key_points_are_detected(mocap_root, tmp_path, name):
    exact, noisy = loops(mocap_root, tmp_path, name, detector=NOISY)
    for loop in (exact, noisy):
        loop._epoch = 2  # of networks that learn, the first epochs have another phase
    clean, seen = fed(exact), fed(noisy)
    assert len(clean) == len(seen) > 3
    for a, b in zip(clean, seen):
        off = (a.keypoints_px - b.keypoints_px).norm(dim=-1)
        assert off.amin(-1).max() > 0 and (off.amax((1, 2)) > 0).all()
        assert b.keypoint_scores.min() >= 0 and b.keypoint_scores.max() <= 1
        assert b.keypoint_scores.mean() < a.keypoint_scores.mean()
        for field in ('pose_cam', 'pose_visible', 'intrinsics', 'image_size'):
            assert torch.equal(getattr(a, field), getattr(b, field)), field
    if name != 'random':  # augmentor and discriminators learned the same
        assert differing(exact.state_dict(), noisy.state_dict()) == []


@pytest.mark.parametrize('name', ['random', 'released'])
@pytest.mark.parametrize('samples', ['real', 'augmented'])
def test_which_samples_are_detected(mocap_root, tmp_path, name, samples):
    options = dict(detector=NOISY, detected_samples=samples)
    exact, noisy = loops(mocap_root, tmp_path, name, **options)
    for loop in (exact, noisy):
        loop._epoch = 2
    clean, seen = fed(exact), fed(noisy)
    off = torch.stack(
        [(a.keypoints_px != b.keypoints_px).flatten(1).any(1) for a, b in zip(clean, seen)]
    )
    if name == 'random':  # the last half of every batch is augmented
        real, augmented = off.chunk(2, dim=1)
    else:  # augmented batches come first
        passes = exact.dataloader.batches_per_pass
        augmented, real = off[:-passes], off[-passes:]
    wanted, other = (real, augmented) if samples == 'real' else (augmented, real)
    assert wanted.all() and not other.any()


def test_a_detector_without_faults_changes_no_bit(mocap_root, tmp_path, trained):
    exact = train(train_cfg(mocap_root, tmp_path, dict(LOOPS['random'], detector=EXACT)))
    assert differing(trained('random').runner.model, exact.runner.model) == []
    noisy = trained('detected')
    assert differing(trained('random').runner.model, noisy.runner.model)


def test_detections_of_an_epoch_come_from_its_seed(mocap_root, tmp_path):
    first, second = (
        build(mocap_root, tmp_path / str(n), dict(LOOPS['tensor'], detector=NOISY)).train_loop
        for n in range(2)
    )
    second._epoch = 1
    torch.manual_seed(5)  # of which nothing depends
    batch = first.bank.gather(torch.arange(8))
    seen = []
    for loop in (first, first, second):
        loop.start_epoch()
        seen.append(loop.detector(batch, augmented=False).keypoints_px)
    assert torch.equal(seen[0], seen[1]) and not torch.equal(seen[0], seen[2])


def test_samples_that_there_are_not_are_refused(mocap_root, tmp_path):
    options = dict(detector=NOISY, detected_samples='augmented')
    with pytest.raises(ValueError, match="is 'augmented', but no sample is; set it to 'all'"):
        build(mocap_root, tmp_path, dict(LOOPS['tensor'], **options))
    options = dict(detector=NOISY, detected_samples='real', augmented_share=1)
    with pytest.raises(ValueError, match="is 'real', but no sample is"):
        build(mocap_root, tmp_path, dict(LOOPS['random'], **options))
    # passes have real samples whatever the share is, which must still be one
    runner = build(mocap_root, tmp_path, poseaug('released', pretrain_epochs=1, **options))
    assert not runner.train_loop.mixes
    with pytest.raises(ValueError, match='augmented_share is 7; it is a number between 0 and 1'):
        build(mocap_root, tmp_path, poseaug('released', pretrain_epochs=1, augmented_share=7))


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (dict(detector=NOISY, detected_samples='fake'), "is 'fake'; use one of all, real, aug"),
        (dict(detected_samples='real'), 'there is no train_cfg.detector; set it'),
        (dict(detector=0.01), 'detector is 0.01; give a config, such as'),
        (dict(detector=dict(noise=0.01)), "detector is {'noise': 0.01}; give a config"),
        (
            dict(detector=dict(type='KinematicChainDiscriminator')),
            'KinematicChainDiscriminator has weights, which nothing trains',
        ),
        (dict(detector=dict(type='DetectionModel', noise=9)), 'noise is 9; give a number'),
        (
            dict(detector=dict(type='DetectionModel', nois=0.01)),
            "of type DetectionModel, has no option 'nois'; the options are skeleton, noise",
        ),
        (dict(detector=dict(type=5)), 'detector has the type 5, which is not registered'),
        (
            dict(detector=dict(type='PoseLifter')),
            "'PoseLifter', which cannot be built .missing a required argument: 'backbone'",
        ),
        (dict(detector=dict(type='Detectron')), "type 'Detectron', which is not registered; use"),
    ],
)
def test_detectors_that_cannot_be_are_refused(mocap_root, tmp_path, options, sentence):
    for loop in (dict(LOOPS['tensor'], **options), poseaug(**options)):
        with pytest.raises(ValueError, match=sentence):
            build(mocap_root, tmp_path, loop)
