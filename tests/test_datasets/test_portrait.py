# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Portrait images made square: as if a wider sensor had filmed the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpose.registry import DATASETS, MODELS

from mmposeaug.codecs import LifterAdapter, build_codec
from mmposeaug.datasets import CameraSet, load_pose_bank
from mmposeaug.datasets.images import pad_portrait_cameras, padding_of
from mmposeaug.fileio import save_npy, save_npz, save_pickle
from mmposeaug.geometry import project
from mmposeaug.structures import H36M_17

WIDTH, HEIGHT = 501, 1002
PADDING = 250.5
CODEC = dict(type='VideoPoseLifting', num_keypoints=17, zero_center=True, root_index=0)
FLIP = list(range(H36M_17.num_joints))
for left, right in H36M_17.joint_pairs:
    FLIP[left], FLIP[right] = right, left


def film(sample, name, width, shift):
    """Files of the sample filmed by sensors of another width, and their dataset config."""
    cameras = {
        key: dict(camera, w=width, h=HEIGHT, c=camera['c'] + np.array([[shift], [0]]))
        for key, camera in sample.cameras.items()
    }
    names = sample.arrays['imgname']
    keys = [(n.split('_')[0], n.split('.')[1].split('_')[0]) for n in names]
    camera_set = CameraSet.from_dicts(cameras)
    pose = torch.from_numpy(sample.arrays['S'][..., :3])
    points = project(pose, camera_set.intrinsics[camera_set.lookup(keys)]).numpy()
    part = np.concatenate((points, sample.arrays['part'][..., 2:]), axis=-1)
    sample.write(f'{name}.npz', part=part, center=points.mean(axis=1))
    save_pickle(sample.folder / f'{name}.pkl', cameras)
    return sample.cfg(type='MocapDataset', ann_file=f'{name}.npz', camera_param_file=f'{name}.pkl')


@pytest.fixture
def portrait(sample):
    """A person in the middle of a sensor that is half as wide as high."""
    return film(sample, 'portrait', WIDTH, WIDTH / 2 - 500)


@pytest.fixture
def wider(sample, portrait):
    return film(sample, 'wider', HEIGHT, HEIGHT / 2 - 500)


def test_padding_makes_images_square():
    sizes = np.array([[1080, 1920], [1920, 1080], [2048, 2048], [1000, 1001]])
    assert padding_of(sizes).tolist() == [420, 0, 0, 0.5]
    camera = dict(f=np.full((2, 1), 1960.0), c=np.array([[540.0], [960]]), w=1080, h=1920)
    padded = pad_portrait_cameras({('P0', 'a'): camera})['P0', 'a']
    assert (padded['w'], padded['h'], padded['c'].ravel().tolist()) == (1920, 1920, [960, 960])
    assert camera['w'] == 1080 and camera['c'][0, 0] == 540  # what was given stays


def test_dataset_is_that_of_a_wider_sensor(portrait, wider):
    ours = DATASETS.build(dict(portrait, pad_portrait=True))
    theirs = DATASETS.build(wider)
    assert len(ours) == len(theirs)
    for i in range(0, len(ours), 10):
        a, b = ours.get_data_info(i), theirs.get_data_info(i)
        np.testing.assert_allclose(a['keypoints'], b['keypoints'], atol=1e-3)
        np.testing.assert_allclose(a['center'], b['center'], atol=1e-3)
        np.testing.assert_array_equal(a['keypoints_3d'], b['keypoints_3d'])
        for name in 'fckpwh':
            np.testing.assert_allclose(a['camera_param'][name], b['camera_param'][name])
    assert ours.get_camera_param(ours.get_data_info(0)['target_img_path'][0])['w'] == HEIGHT


def test_bank_is_that_of_the_dataset_and_of_a_wider_sensor(portrait, wider):
    bank = load_pose_bank(dict(portrait, pad_portrait=True))  # checks the projection
    other = load_pose_bank(wider)
    torch.testing.assert_close(bank.keypoints_px, other.keypoints_px, atol=1e-3, rtol=0)
    torch.testing.assert_close(bank.cameras.intrinsics, other.cameras.intrinsics)
    assert bank.cameras.image_size.unique().tolist() == [HEIGHT]
    dataset = DATASETS.build(dict(portrait, pad_portrait=True))
    for i in range(0, len(bank), 10):
        np.testing.assert_array_equal(
            dataset.get_data_info(i)['keypoints'], bank.gather(torch.tensor([i])).keypoints_px[0]
        )


def test_people_at_the_left_of_a_padded_image_are_kept(sample, portrait):
    arrays = dict(np.load(sample.folder / portrait['ann_file']))
    arrays['part'][3, :, :2] = -5  # not a positive pixel before the padding
    save_npz(sample.folder / 'left.npz', arrays)
    cfg = dict(portrait, ann_file='left.npz', pad_portrait=True)
    bank, dataset = load_pose_bank(cfg, check=False), DATASETS.build(cfg)
    assert len(bank) == len(dataset) == len(arrays['part'])


def test_lifting_is_that_of_a_wider_sensor(portrait, wider):
    torch.manual_seed(0)
    lifter = MODELS.build(
        dict(
            type='mmpose.PoseLifter',
            backbone=dict(
                type='TCN', in_channels=34, stem_channels=16, num_blocks=1, kernel_sizes=(1, 1)
            ),
            head=dict(
                type='TemporalRegressionHead',
                in_channels=16,
                num_joints=17,
                loss=dict(type='MPJPELoss'),
                decoder=CODEC,
            ),
        )
    ).eval()
    codec = build_codec(CODEC)
    adapter = LifterAdapter(lifter, codec)

    def lift(cfg, flip=None):
        batch = load_pose_bank(cfg).gather(torch.arange(20))
        size = batch.image_size
        x = codec.encode_input(batch.keypoints_px, size)
        with torch.no_grad():
            return x, adapter.predict(batch.keypoints_px, size, flip_indices=flip)

    padded = dict(portrait, pad_portrait=True)
    for flip in (None, FLIP):
        torch.testing.assert_close(lift(padded, flip)[1], lift(wider, flip)[1], atol=1e-5, rtol=0)
    assert (lift(padded)[1] - lift(portrait)[1]).abs().max() > 1e-3
    # half as wide as high: unpadded, everything is twice as large
    torch.testing.assert_close(lift(portrait)[0], 2 * lift(padded)[0], atol=1e-5, rtol=0)


def test_flip_and_padding_can_change_places(portrait):
    raw = load_pose_bank(portrait).keypoints_px
    padded = load_pose_bank(dict(portrait, pad_portrait=True)).keypoints_px
    torch.testing.assert_close(HEIGHT - padded[..., 0], WIDTH - raw[..., 0] + PADDING)
    assert torch.equal(padded[..., 1], raw[..., 1])


def test_undetected_points_stay_and_detected_ones_move(sample, portrait):
    detected = sample.arrays['part'].copy()
    detected[..., 2] = 0.7
    detected[0, 3] = 0  # not found
    detected[0, 4] = [0, 10, 0.2]
    save_npy(sample.folder / 'found.npy', detected)
    cfg = dict(
        portrait,
        pad_portrait=True,
        keypoint_2d_src='detection',
        keypoint_2d_det_file='found.npy',
    )
    dataset = DATASETS.build(cfg)
    row = next(i for i, frames in enumerate(dataset.sequence_indices) if frames == [0])
    info = dataset.get_data_info(row)
    assert info['keypoints'][0, 3].tolist() == [0, 0]
    assert info['keypoints'][0, 4].tolist() == [PADDING, 10]
    np.testing.assert_allclose(info['keypoints'][0, 5, 0], detected[0, 5, 0] + PADDING)
    bank = load_pose_bank(cfg, check=False)
    np.testing.assert_array_equal(
        bank.gather(torch.tensor([row])).keypoints_px[0], info['keypoints']
    )


def test_whole_pixels_move_by_half_a_column(sample, portrait):
    part = np.round(sample.arrays['part']).astype(np.int32)
    sample.write('whole.npz', part=part)
    info = DATASETS.build(dict(portrait, ann_file='whole.npz', pad_portrait=True)).get_data_info(0)
    np.testing.assert_array_equal(
        info['keypoints'][0, :, 0], part[info['img_ids'][0], :, 0] + PADDING
    )


def test_landscape_images_stay_as_they_are(sample):
    cfg = film(sample, 'landscape', 1200, 100)
    plain, padded = (load_pose_bank(dict(cfg, pad_portrait=each)) for each in (False, True))
    assert torch.equal(plain.keypoints_px, padded.keypoints_px)
    assert torch.equal(plain.cameras.intrinsics, padded.cameras.intrinsics)


def test_cameras_are_needed(sample):
    with pytest.raises(ValueError, match='pad_portrait=True.*camera_param_file'):
        DATASETS.build(sample.cfg(type='MocapDataset', camera_param_file=None, pad_portrait=True))
