# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A bank from a dataset config has what the dataset itself would give."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.datasets import Human36mDataset
from mmpose.registry import DATASETS

from mmposeaug.datasets import POSE_READERS, checks, load_pose_bank, pixels
from mmposeaug.fileio import array_rows, save_json, save_pickle
from mmposeaug.structures import H36M_17


def assert_same_samples(bank, dataset):
    """Every sample of the dataset is the sample of that number in the bank."""
    assert len(bank) == len(dataset)
    batch = bank.gather(torch.arange(len(bank)))
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        np.testing.assert_array_equal(batch.keypoints_px[i], info['keypoints'])
        np.testing.assert_array_equal(batch.keypoint_scores[i], info['keypoints_visible'])
        np.testing.assert_array_equal(batch.pose_cam[i], info['keypoints_3d'])
        np.testing.assert_array_equal(batch.pose_visible[i], info['keypoints_3d_visible'])
        target = batch.pose_cam[i][list(bank.target_frames)]
        np.testing.assert_array_equal(target, info['lifting_target'])
        camera = info['camera_param']
        assert batch.image_size[i].tolist() == [camera['w'], camera['h']]
        numbers = np.concatenate([np.ravel(camera[name]) for name in 'fckp'])
        np.testing.assert_allclose(batch.intrinsics[i], numbers, rtol=1e-6)
        rows = bank.frame_index[bank.windows.frames_of(torch.tensor([i]))[0]].tolist()
        assert rows == list(info['img_ids'])


OPTIONS = [
    dict(),
    dict(seq_len=3, causal=False, pad_video_seq=True, seq_step=2),
    dict(seq_len=5, causal=True),
    dict(multiple_target=4, multiple_target_step=2),
    dict(indices=7),
    dict(indices=-7),
    dict(indices=[5, 2, 2]),
]


@pytest.mark.parametrize('options', OPTIONS, ids=str)
@pytest.mark.parametrize('kind', ['Human36mDataset', 'MocapDataset'])
def test_bank_has_the_samples_of_the_dataset(sample, kind, options):
    cfg = sample.cfg(type=kind, **options)
    assert_same_samples(load_pose_bank(cfg), DATASETS.build(cfg))


@pytest.mark.parametrize(
    'options',
    [
        dict(split=dict(part='train', val_fraction=0.3)),
        dict(split=dict(part='val', seed=2), frame_step=2),
        dict(subjects=['S11', 'S1'], seq_len=3, pad_video_seq=True, causal=False),
        dict(frame_step=3, subset_frac=0.5, subset_seed=5),
    ],
    ids=str,
)
def test_selections_of_bank_and_dataset_agree(sample, options):
    cfg = sample.cfg(type='MocapDataset', **options)
    bank = load_pose_bank(cfg)
    assert_same_samples(bank, DATASETS.build(cfg))
    assert len(bank.pose_cam) < len(sample.arrays['S'])  # frames that no sample shows are dropped


def test_samples_without_a_positive_pixel_are_dropped_as_by_mmpose(sample):
    part = sample.arrays['part'].copy()
    part[[3, 5], :, :2] = -1
    cfg = sample.cfg(ann_file=sample.write('holes.npz', part=part))
    assert_same_samples(load_pose_bank(cfg, check=False), DATASETS.build(cfg))
    assert len(load_pose_bank(cfg, check=False)) == len(part) - 2


@pytest.mark.parametrize('kind', ['Human36mDataset', 'MocapDataset'])
def test_detections_replace_the_2d(sample, kind):
    rng = np.random.default_rng(0)
    detected = sample.arrays['part'].copy()
    detected[..., :2] += rng.normal(0, 5, detected[..., :2].shape)
    detected[..., 2] = rng.uniform(size=detected.shape[:2])
    np.save(sample.folder / 'det.npy', detected)
    cfg = sample.cfg(type=kind, keypoint_2d_src='detection', keypoint_2d_det_file='det.npy')
    bank = load_pose_bank(cfg)
    assert_same_samples(bank, DATASETS.build(cfg))
    order = bank.frame_index
    np.testing.assert_array_equal(bank.keypoints_px, detected[order][..., :2])
    np.testing.assert_array_equal(bank.keypoint_scores, detected[order][..., 2])


SMALL_BLOCKS = [
    dict(),
    dict(subset_frac=0.4),
    dict(ann_file='scored.npz'),
    dict(ann_file='scored.npz', seq_len=3, pad_video_seq=True, causal=False, subjects=['S1']),
    dict(ann_file='scored.npz', keep_frames='detected', pad_portrait=True, frame_step=2),
    dict(keypoint_2d_src='detection', keypoint_2d_det_file='det.npy'),
]


def test_the_size_of_blocks_changes_nothing(sample, monkeypatch, log_lines):
    rng = np.random.default_rng(0)
    part, pose = (sample.arrays[name].astype('>f8') for name in ('part', 'S'))
    part[..., 2], pose[..., 3] = rng.uniform(size=(2, *part.shape[:2]))
    part[[20, 50], :, 2] = 0
    part[[3, 70], :, :2] *= -1  # no pixel is positive
    names = sample.arrays['imgname'][rng.permutation(len(part))]  # clips of other numbers
    sample.write('scored.npz', part=part, S=pose, imgname=names.astype('S'))
    np.save(sample.folder / 'det.npy', np.asfortranarray(part))
    sample.cameras['S5', '54138969'].update(w=700, h=1100)
    save_pickle(sample.folder / 'cameras.pkl', sample.cameras)
    cfgs = [sample.cfg(type='MocapDataset', **options) for options in SMALL_BLOCKS]
    expected = [load_pose_bank(cfg, check=False) for cfg in cfgs]
    told = log_lines.copy()
    log_lines.clear()
    monkeypatch.setattr(array_rows, 'BLOCK_BYTES', 2000)  # some rows
    for bank, other in zip((load_pose_bank(cfg, check=False) for cfg in cfgs), expected):
        assert torch.equal(bank.frame_index, other.frame_index)
        assert torch.equal(bank.windows.frames_of(), other.windows.frames_of())
        everything = torch.arange(len(bank))
        ours, theirs = (each.gather(everything) for each in (bank, other))
        for field in fields(ours):
            assert torch.equal(getattr(ours, field.name), getattr(theirs, field.name))
    assert log_lines == told and any('out of order' in line for line in told)
    rows = expected[2].frame_index
    np.testing.assert_array_equal(expected[2].pose_cam, np.float32(pose[rows][..., :3]))
    np.testing.assert_array_equal(expected[2].keypoint_scores, np.float32(part[rows][..., 2]))


def test_subjects_skeleton_and_cameras(sample):
    bank = load_pose_bank(sample.cfg())
    names = sample.arrays['imgname'][bank.frame_index]
    assert bank.subjects == ('S1', 'S11', 'S5')
    assert [bank.subjects[i] for i in bank.subject_index] == [n.split('_')[0] for n in names]
    keys = [bank.cameras.keys[i] for i in bank.camera_index]
    assert keys == [(n.split('_')[0], n.split('.')[1].split('_')[0]) for n in names]
    assert bank.skeleton.joint_names == H36M_17.joint_names
    assert bank.skeleton.parents == H36M_17.parents


def test_config_objects_classes_scopes_and_json_cameras_are_read(sample):
    plain = {
        '/'.join(key): {k: np.asarray(v).tolist() for k, v in camera.items()}
        for key, camera in sample.cameras.items()
    }
    save_json(sample.folder / 'cameras.json', plain)
    expected = load_pose_bank(sample.cfg())
    for options in (
        dict(type=Human36mDataset),
        dict(type='mmpose.Human36mDataset'),
        dict(camera_param_file='cameras.json'),
        dict(data_root=None, ann_file=str(sample.folder / 'train.npz'),
             camera_param_file=str(sample.folder / 'cameras.json')),
    ):  # fmt: skip
        cfg = Config(dict(dataset=sample.cfg(**options))).dataset
        bank = load_pose_bank(cfg)
        assert torch.equal(bank.pose_cam, expected.pose_cam)
        assert torch.equal(bank.cameras.intrinsics, expected.cameras.intrinsics)


def test_joined_and_repeated_datasets(sample):
    parts = [sample.cfg(type='MocapDataset', subjects=[s]) for s in ('S5', 'S1')]
    first, second = map(load_pose_bank, parts)
    for kind in ('ConcatDataset', 'CombinedDataset'):
        joined = load_pose_bank(dict(type=kind, datasets=parts, pipeline=[]))
        assert torch.equal(joined.pose_cam, torch.cat((first.pose_cam, second.pose_cam)))
        assert joined.subjects == ('S1', 'S5')
    repeated = load_pose_bank(dict(type='RepeatDataset', dataset=parts[0], times=3))
    assert len(repeated) == 3 * len(first) and len(repeated.pose_cam) == len(first.pose_cam)
    with pytest.raises(ValueError, match='sample_ratio_factor'):
        load_pose_bank(dict(type='CombinedDataset', datasets=parts, sample_ratio_factor=[1, 2]))
    animal = dict(
        from_file='configs/_base_/datasets/ap10k.py',
        root='Root of tail',
        drop_links=[('L_Eye', 'R_Eye')],
    )
    with pytest.raises(ValueError, match="'ap10k' of the joined dataset is not that of its parts"):
        load_pose_bank(dict(type='CombinedDataset', datasets=parts, metainfo=animal))


def test_a_reader_can_be_added(make_bank):
    with pytest.raises(KeyError, match=r"'TheirDataset'.*POSE_READERS\.register_module"):
        load_pose_bank(dict(type='TheirDataset'))

    @POSE_READERS.register_module(name='TheirDataset')
    def read(cfg, skeleton, subset_seed, check):
        return make_bank(cfg['size'])

    try:
        assert len(load_pose_bank(dict(type='TheirDataset', size=9))) == 7
    finally:
        POSE_READERS.module_dict.pop('TheirDataset')


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        (dict(camera_param_file=None), ValueError, 'train_dataloader.dataset.camera_param_file'),
        (dict(camera_param_file='no.pkl'), FileNotFoundError, 'no.pkl.*camera_param_file'),
        (dict(ann_file='no.npz'), FileNotFoundError, 'no.npz.*ann_file'),
        (dict(data_mode='bottomup'), ValueError, "data_mode is 'bottomup'; use one of topdown"),
        (dict(keypoint_2d_src='pipeline'), ValueError, 'is .pipeline.; use one of gt, detection'),
        (dict(keypoint_2d_src='detection'), ValueError, 'keypoint_2d_det_file is given'),
        (
            dict(keypoint_2d_src='detection', keypoint_2d_det_file='no.npy'),
            FileNotFoundError,
            'no.npy',
        ),
        (dict(type='MocapDataset', subjects=['S9']), ValueError, "asks for .'S9'.*S1, S11, S5"),
        (dict(seq_len=100), ValueError, 'No video'),
        (
            dict(type='MocapDataset', frame_stepp=2),
            ValueError,
            "MocapDataset has no option 'frame_stepp'; .*frame_step",
        ),
    ],
    ids=str,
)
def test_bad_configs_are_named(sample, options, error, message):
    with pytest.raises(error, match=message) as caught:
        load_pose_bank(sample.cfg(**options))
    assert '\n' not in str(caught.value)


def without_a_joint(array):
    """16 joints."""
    return np.delete(array, 9, axis=1)


def with_nan(array):
    """One NaN, in the row of the file 40."""
    array = array.copy()
    array[40, 10, 0] = np.nan
    return array


@pytest.mark.parametrize('kind', ['Human36mDataset', 'MocapDataset'])
@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(S=None), "no 3D joints 'S'"),
        (dict(part=None), "no 2D keypoints 'part'"),
        (dict(imgname=None), "no image names 'imgname'"),
        (dict(S=lambda a: a[..., :3]), r"'S' .*\(N, J, 4\)"),
        (dict(part=lambda a: a[:-1]), 'different numbers of rows'),
        (dict(S=without_a_joint, part=without_a_joint), '16 joints, but the metainfo .* 17'),
        (dict(S=with_nan), "NaN.*'head' in frame 40;"),
        (dict(part=with_nan), "NaN.*'head' in frame 40;"),
        (dict(S=lambda a: a * [1000, 1000, 1000, 1]), 'millimetres'),
        (dict(S=lambda a: a[:0], part=lambda a: a[:0], imgname=lambda a: a[:0]), 'no frames'),
        (dict(imgname=lambda a: np.char.replace(a, 'S5_', 'S9_')), 'S9/54138969, S9/60457274'),
        (dict(imgname=lambda a: np.char.replace(a, '_', '-')), 'is not of the form'),
        (dict(imgname=lambda a: a.astype(object)), "'imgname' of .*fixed-width strings"),
    ],
)
def test_bad_annotation_files_are_named(sample, kind, changes, message):
    arrays = {k: c and c(sample.arrays[k]) for k, c in changes.items()}
    cfg = sample.cfg(type=kind, ann_file=sample.write('bad.npz', **arrays))
    with pytest.raises(ValueError, match=message) as caught:
        load_pose_bank(cfg)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('array', 'place', 'value', 'message'),
    [
        ('S', (10, 1), np.nan, "3D .*NaN.*'head' in frame {} and in 2 other frames; repair"),
        (
            'part',
            (3, 2),
            np.inf,
            "2D score.*'right_foot' in frame {} and in 2 other frames; repair",
        ),
        ('S', (slice(3, 6), 2), -1, "behind.*'right_foot' in frame {} and in 2 other frames; such"),
        ('S', (3, slice(3)), 7, "without length.*'right_foot' in frame {} and in 2 other frames"),
    ],
)
@pytest.mark.parametrize('options', [dict(), dict(subjects=['S5', 'S1'])], ids=str)
def test_rows_of_later_blocks_are_named_as_in_the_file(
    sample, monkeypatch, options, array, place, value, message
):
    monkeypatch.setattr(array_rows, 'BLOCK_BYTES', 2000)
    monkeypatch.setattr(checks, '_CHUNK', 7)
    names = sample.arrays['imgname'][40:].tolist()
    rows = [40 + i for i, name in enumerate(names) if name.startswith(('S1_', 'S5_'))][:90:30]
    changed = sample.arrays[array].copy()
    changed[rows, 2, :3] = 7  # where the right foot is then, too
    changed[(rows, *place)] = value
    cfg = sample.cfg(type='MocapDataset', ann_file=sample.write('bad.npz', **{array: changed}))
    with pytest.raises(ValueError, match=message.format(rows[0])):
        load_pose_bank(dict(cfg, **options))


def test_the_one_person_who_was_found_need_not_be_in_the_sample(sample, monkeypatch):
    monkeypatch.setattr(pixels, '_SAMPLE', 5)
    count = len(sample.arrays['part'])
    row = np.setdiff1d(np.arange(count), pixels.sample_rows(count))[60]
    part = np.zeros_like(sample.arrays['part'])
    part[row] = sample.arrays['part'][row] / [1000, 1000, 1]
    cfg = sample.cfg(ann_file=sample.write('one.npz', part=part))
    with pytest.raises(ValueError, match='they are normalised, not pixels'):
        load_pose_bank(cfg)


def test_detections_of_another_file_are_refused(sample):
    np.save(sample.folder / 'det.npy', sample.arrays['part'][:-1])
    cfg = sample.cfg(keypoint_2d_src='detection', keypoint_2d_det_file='det.npy')
    with pytest.raises(ValueError, match='det.npy'):
        load_pose_bank(cfg)
