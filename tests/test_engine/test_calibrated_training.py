# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trainings with the codec for calibrated cameras."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest
import torch
from train_runs import PIPELINE, build, make_runner, poseaug, train_cfg

from mmposeaug.datasets import load_camera_dicts
from mmposeaug.engine.batches import with_poses
from mmposeaug.engine.tensor_loader import flip_probability

CODEC = dict(type='CalibratedPoseLifting', num_keypoints=17)
STEPS = [
    dict(type='RandomFlipWithCamera', flip_prob=0.25),
    dict(type='GenerateTarget', encoder=CODEC),
    PIPELINE[-1],
]
CHANGES = {
    'model.head.decoder': dict(_delete_=True, **CODEC),
    'train_dataloader.dataset.pipeline': STEPS,
    'val_dataloader.dataset.pipeline': STEPS[1:],
}


def test_poseaug_learns_through_the_codec(mocap_root: Path, tmp_path: Path) -> None:
    runner = make_runner(train_cfg(mocap_root, tmp_path, poseaug(max_epochs=3), **CHANGES))
    runner.train()
    loop = runner.train_loop
    assert loop.flip_prob == flip_probability(STEPS) == 0.25
    assert 0 < runner.message_hub.get_scalar('val/MPJPE').current() < 2000
    # the error on augmented poses tells the augmentor where to go, through rays and rotation
    batch = loop.bank.gather(torch.arange(4))
    pose = batch.pose_cam.clone().requires_grad_()
    samples = with_poses(batch, pose)
    predicted = loop.adapter.predict(
        samples.keypoints_px, scores=samples.keypoint_scores, intrinsics=samples.intrinsics
    )
    predicted.square().sum().backward()
    assert torch.isfinite(pose.grad).all() and (pose.grad.abs().amax((1, 2, 3)) > 0).all()


@pytest.mark.parametrize(
    ('change', 'sentence'),
    [
        (dict(k=[[-6.0], [0.0], [0.0]], p=[[0.0], [0.0]]), 'of the training data.*folds over'),
        (dict(f=[[35.0], [35.0]]), r'The camera S\d+/\d+ has a focal length of 35 px, 172 degr'),
        (dict(w=300, h=300), r'The camera S\d+/\d+ has its centre at .*, outside of the image of'),
    ],
    ids=['fold', 'millimetres', 'other image'],
)
def test_training_data_that_cannot_be_is_refused(
    mocap_root: Path, tmp_path: Path, change: dict, sentence: str
) -> None:
    root = tmp_path / 'data'
    shutil.copytree(mocap_root, root)
    cameras = load_camera_dicts(str(root / 'cameras.pkl'))
    wrong = {key: {**camera, **change} for key, camera in cameras.items()}
    (root / 'cameras.pkl').write_bytes(pickle.dumps(wrong))
    loop = dict(type='TensorTrainLoop', max_epochs=1, check_data=False)
    with pytest.raises(ValueError, match=sentence):
        build(root, tmp_path / 'run', loop, **CHANGES)
