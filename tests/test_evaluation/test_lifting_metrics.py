# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""LiftingMetrics: numbers, conventions, shapes and bad input."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.evaluation.functional import keypoint_mpjpe
from mmpose.registry import DATASETS, METRICS

from mmposeaug.evaluation import LiftingMetrics

META = parse_pose_metainfo(dict(from_file='configs/_base_/datasets/h36m.py'))
ACTIONS = ('Walking_1', 'Sitting', 'Walking', 'Eating')


def make_poses(count: int = 12, joints: int = 17) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and ground truth in metres, the root somewhere before the camera."""
    rng = np.random.default_rng(0)
    gt = rng.normal(scale=0.4, size=(count, joints, 3)) + [0.0, 0.0, 5.0]
    return gt + rng.normal(scale=0.08, size=gt.shape), gt


def make_sample(pred: Any, gt: Any, index: int = 0, **kwargs: Any) -> dict:
    name = f'S9_{ACTIONS[index % 4]}.54138969_{index:06d}.jpg'
    return dict(
        pred_instances=dict(keypoints=pred),
        gt_instances=dict(lifting_target=gt, **kwargs),
        target_img_path=[name],
    )


def evaluate(samples: list, meta: dict | None = META, **kwargs: Any) -> dict:
    metric = METRICS.build(dict(type='LiftingMetrics', **kwargs))
    metric.dataset_meta = meta
    for start in range(0, len(samples), 5):
        metric.process(None, samples[start : start + 5])
    return metric.evaluate(len(samples))


def make_samples(**kwargs: Any) -> list:
    pred, gt = make_poses(**kwargs)
    return [make_sample(p[None], g[None], i) for i, (p, g) in enumerate(zip(pred, gt))]


@pytest.fixture
def log() -> Any:
    """What is logged while a test runs."""
    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ('scale', 'options', 'warning'),
    [
        (0.06, dict(scores='MPJPE'), ''),  # a hand
        (0.06, dict(), 'PCK and AUC count errors up to 150 mm, but the poses are 1'),
        (0.06, dict(pck_threshold=20, auc_thresholds=[5, 10]), ''),
        (1e-3, dict(scores='MPJPE'), 'check unit_scale=1000'),
        (1, dict(), ''),
    ],
)
def test_small_bodies_are_no_wrong_unit(log, scale, options, warning):
    pred, gt = (scale * poses for poses in make_poses())
    evaluate([make_sample(p[None], g[None]) for p, g in zip(pred, gt)], **options)
    said = [line for line in log if 'mm large' in line]
    assert (warning in said[0]) if warning else not said


def test_the_root_is_that_of_the_metainfo():
    moved = evaluate(make_samples(), dict(META, root='thorax'))
    assert moved == evaluate(make_samples(), root='thorax') != evaluate(make_samples())


def test_golden_metrics(golden: Path):
    data = np.load(golden)
    pred, gt = data['metric/pred'], data['metric/gt']
    samples = [make_sample(p[None], g[None]) for p, g in zip(pred, gt)]
    # the original compares the network's output as it is, and counts its root
    scores = evaluate(samples, meta=None, root=0, alignment='none', include_root=True)
    for name, key in {
        'MPJPE': 'mpjpe_mm',
        'P-MPJPE': 'p_mpjpe_mm',
        'PCK': 'pck150',
        'AUC': 'auc',
    }.items():
        np.testing.assert_allclose(scores[f'{name}_with_root'], data[f'metric/{key}'], rtol=1e-4)


def test_plain_names_leave_the_root_out():
    pred, gt = make_poses()
    scores = evaluate(make_samples(), include_root='both')
    pred, gt = ((pose - pose[:, :1]) * 1000 for pose in (pred, gt))
    everywhere = np.ones(pred.shape[:2], dtype=bool)
    for name, alignment in {'MPJPE': 'none', 'P-MPJPE': 'procrustes', 'N-MPJPE': 'scale'}.items():
        plain = keypoint_mpjpe(pred[:, 1:], gt[:, 1:], everywhere[:, 1:], alignment)
        assert scores[name] == pytest.approx(plain)
        with_root = keypoint_mpjpe(pred, gt, everywhere, alignment)
        assert scores[name + '_with_root'] == pytest.approx(with_root)
    assert scores['MPJPE_with_root'] == pytest.approx(scores['MPJPE'] * 16 / 17)
    assert scores['PCK_with_root'] == pytest.approx((scores['PCK'] * 16 + 100) / 17)
    # an error of 0 is not below the threshold of 0
    assert scores['AUC_with_root'] == pytest.approx((scores['AUC'] * 16 + 100 * 30 / 31) / 17)


def test_include_root_alone_and_choice_of_metrics():
    assert list(evaluate(make_samples(), scores='PCK', include_root=True)) == ['PCK_with_root']
    assert list(evaluate(make_samples(), scores=['PCK', 'MPJPE'])) == ['PCK', 'MPJPE']
    assert list(evaluate(make_samples(), scores='PCK', prefix='h36m')) == ['h36m/PCK']


def test_codecs_that_restore_the_root_and_those_that_predict_it_score_alike():
    pred, gt = make_poses()
    restored = pred - pred[:, :1] + gt[:, :1]
    expected = evaluate([make_sample(p[None], g[None]) for p, g in zip(pred, gt)])
    scores = evaluate([make_sample(p[None], g[None]) for p, g in zip(restored, gt)])
    assert scores == pytest.approx(expected)


@pytest.mark.parametrize('shape', [(1, 17, 3), (1, 1, 17, 3), (17, 3)])
@pytest.mark.parametrize('convert', [np.asarray, torch.from_numpy])
def test_shapes_and_types(shape: tuple, convert: Any):
    pred, gt = make_poses()
    samples = [
        make_sample(convert(p.reshape(shape)), convert(g[None]), i)
        for i, (p, g) in enumerate(zip(pred, gt))
    ]
    expected = evaluate(make_samples())
    assert evaluate(samples) == pytest.approx(expected)


@pytest.mark.parametrize('leading', [(), (1,)])
def test_clips_count_every_frame(leading: tuple):
    pred, gt = make_poses()
    clips = [
        make_sample(pred[i : i + 4].reshape(*leading, 4, 17, 3), gt[i : i + 4])
        for i in range(0, 12, 4)
    ]
    assert evaluate(clips) == pytest.approx(evaluate(make_samples()))


# --------------------------------------------------------------------- motion
def make_video(
    pred: np.ndarray, gt: np.ndarray, start: int = 1, step: int = 1, camera: str = 'a'
) -> list:
    """A sample for each frame of one video."""
    samples = [make_sample(p[None], g[None]) for p, g in zip(pred, gt)]
    for number, sample in enumerate(samples):
        sample['target_img_path'] = np.array(
            [f'S1/S1_Run_1.{camera}_{start + step * number:06d}.jpg']
        )
    return samples


def test_motion_errors_of_known_movements():
    """Only what differs over time counts: not a constant error, nor for `Accel` one that grows."""
    _, gt = make_poses(30)
    time = np.arange(30)[:, None]
    cases = {
        'constant': (np.full((30, 17, 3), 0.07), 0, 0),
        'growing': (np.broadcast_to(0.004 * time[..., None] * [0, 0.6, 0.8], gt.shape), 4, 0),
        'squared': (np.broadcast_to(0.001 * time[..., None] ** 2 * [1, 0, 0], gt.shape), 29, 2),
        'shaking': (np.broadcast_to(0.01 * np.cos(np.pi * time)[..., None], gt.shape), 20, 40),
    }
    for name, (error, velocity, acceleration) in cases.items():
        if name == 'shaking':
            velocity, acceleration = velocity * 3**0.5, acceleration * 3**0.5
        moving = error * (np.arange(17) > 0)[:, None]  # the root's error would be aligned away
        scores = evaluate(make_video(gt + moving, gt), scores=('MPJVE', 'Accel'))
        assert scores['MPJVE'] == pytest.approx(velocity, abs=1e-9), name
        assert scores['Accel'] == pytest.approx(acceleration, abs=1e-9), name
    wave = 0.05 * np.sin(0.3 * time)  # of a sine's second difference the factor is known
    moving = wave[..., None] * np.eye(17, 1, -5) * [0, 1, 0]
    scores = evaluate(make_video(gt + moving, gt), scores='Accel', joints=[5])
    expected = 50 * (2 - 2 * np.cos(0.3)) * np.abs(np.sin(0.3 * np.arange(1, 29))).mean()
    assert scores == pytest.approx(dict(Accel=expected))


def loop_over_frames(videos: dict, order: int, joints: Sequence[int]) -> float:
    """What `MPJVE` and `Accel` are, frame by frame and joint by joint."""
    errors = []
    for pred, gt, visible in videos.values():
        for frame in pred:
            frames = [frame - back for back in range(order + 1)]
            if not all(f in pred and visible[f][0] for f in frames):
                continue
            for joint in joints:
                if not all(visible[f][joint] for f in frames):
                    continue
                change = [
                    weight * ((pose[f][joint] - pose[f][0]) * sign)
                    for pose, sign in ((pred, 1), (gt, -1))
                    for f, weight in zip(frames, ((1, -1), (1, -2, 1))[order - 1])
                ]
                errors.append(1000 * np.linalg.norm(np.sum(change, axis=0)))
    return float(np.mean(errors))


def test_motion_errors_are_those_of_a_plain_loop():
    """Three videos with gaps and hidden joints, their samples in any order, some of them twice."""
    rng = np.random.default_rng(1)
    videos, samples = {}, []
    for camera, count in (('a', 12), ('b', 9), ('c', 20)):
        pred, gt = (poses[:count] for poses in make_poses(20))
        frames = make_video(pred, gt, camera=camera)
        visible = rng.random((count, 17)) > 0.1
        for sample, seen in zip(frames, visible):
            sample['gt_instances']['lifting_target_visible'] = seen[None]
        kept = [f for f in range(count) if f not in (4, 9)]
        videos[camera] = [{f: each[f] for f in kept} for each in (pred, gt, visible)]
        samples += [frames[f] for f in kept]
    samples += samples[3:5]  # as the samplers of several processes repeat some
    samples = [samples[i] for i in rng.permutation(len(samples))]
    options = dict(scores=('MPJPE', 'MPJVE', 'Accel'), by='camera', group_results=True)
    scores = evaluate(samples, include_root='both', **options)
    for name, order in (('MPJVE', 1), ('Accel', 2)):
        for suffix, joints in (('', range(1, 17)), ('_with_root', range(17))):
            expected = loop_over_frames(videos, order, joints)
            assert scores[name + suffix] == pytest.approx(expected)
            for camera, video in videos.items():
                expected = loop_over_frames({camera: video}, order, joints)
                assert scores[f'camera/{camera}/{name}{suffix}'] == pytest.approx(expected)
    means = evaluate(samples, scores='Accel', joints=[3, 13], mean_over='camera')
    each = [loop_over_frames({camera: video}, 2, [3, 13]) for camera, video in videos.items()]
    assert means == pytest.approx(dict(Accel=np.mean(each)))


def test_frames_follow_each_other_at_the_step_of_the_set(log: list):
    pred, gt = make_poses()
    whole = evaluate(make_video(pred, gt), scores=('MPJVE', 'Accel'))
    assert not any('follow each other' in line for line in log)
    every_fourth = make_video(pred, gt, step=4)
    assert evaluate(every_fourth, scores=('MPJVE', 'Accel')) == whole
    assert 'their numbers are 4 apart, in 11 of 11 places' in log[-1]
    jump = make_video(pred, gt, step=4)
    jump[6:] = make_video(pred[6:], gt[6:], start=101, step=4)  # of the same name, but later
    scores = evaluate(jump, scores=('MPJVE', 'Accel'))
    videos = {
        i: [dict(enumerate(each)) for each in (pred[rows], gt[rows], np.ones((6, 17)))]
        for i, rows in enumerate((slice(6), slice(6, 12)))
    }
    assert scores['MPJVE'] == pytest.approx(loop_over_frames(videos, 1, range(1, 17)))
    assert scores['Accel'] == pytest.approx(loop_over_frames(videos, 2, range(1, 17)))
    assert 'in 10 of 11 places' in log[-1]


@pytest.mark.parametrize(
    'windows',
    [
        dict(seq_len=5, causal=True),
        dict(seq_len=5, causal=False),
        dict(seq_len=5, causal=False, pad_video_seq=True),
        dict(multiple_target=4),
        dict(multiple_target=4, multiple_target_step=2),
    ],
    ids=str,
)
def test_motion_errors_of_a_data_sets_clips(tmp_path: Path, windows: dict):
    """The name is the target frame's; of overlapping clips a frame's mean prediction counts."""
    pred, gt = make_poses(12)
    names = [f'S1_Run_1.a_{frame:06d}.jpg' for frame in range(12)]
    seen = np.ones((12, 17, 1))
    annotations = dict(
        part=np.concatenate([500 + 200 * gt[..., :2], seen], -1), imgname=np.array(names)
    )
    np.savez(tmp_path / 'a.npz', S=np.concatenate([gt, seen], -1), **annotations)
    cfg = dict(type='MocapDataset', ann_file='a.npz', data_root=str(tmp_path), **windows)
    rng = np.random.default_rng(0)
    samples, found = [], {}
    for each in list(DATASETS.build(cfg)):
        frames = [int(name[-10:-4]) for name in each['target_img_path']]
        np.testing.assert_allclose(each['lifting_target'], gt[frames], atol=1e-6)
        lifted = pred[frames] + rng.normal(scale=0.01, size=(len(frames), 17, 3))
        for frame, pose in zip(frames, lifted):
            found.setdefault(frame, []).append(pose)
        sample = make_sample(lifted, gt[frames])
        samples.append(dict(sample, target_img_path=each['target_img_path']))
    mean = {frame: np.mean(poses, axis=0) for frame, poses in found.items()}
    assert len(mean) == (8 if 'seq_len' in windows and not windows.get('pad_video_seq') else 12)
    video = {'a': [mean, dict(enumerate(gt)), np.ones((12, 17))]}
    scores = evaluate(samples[::-1], scores=('MPJVE', 'Accel'))
    assert scores['MPJVE'] == pytest.approx(loop_over_frames(video, 1, range(1, 17)))
    assert scores['Accel'] == pytest.approx(loop_over_frames(video, 2, range(1, 17)))


def test_what_has_no_motion_is_named():
    pred, gt = make_poses()
    cases = {
        'MPJVE and Accel: the image of sample 3 is called .*cat.png.*target_img_path.*leave': (
            3,
            'cat.png',
        ),
        'the image of sample 0 has no name.*target_img_path': (0, None),
        r"The image 'S1/S1_Run_1.a_000001.jpg' has several poses": (4, 'S1/S1_Run_1.a_000001.jpg'),
    }
    for message, (row, name) in cases.items():
        samples = make_video(pred, gt)
        samples[row]['target_img_path'] = name
        with pytest.raises(ValueError, match=message):
            evaluate(samples, scores=('MPJVE', 'Accel'))
    pair = make_video(pred[:2], gt[:2])
    assert evaluate(pair, scores='MPJVE')['MPJVE'] > 0
    message = 'Accel needs a joint that is visible in 3 frames .* none of 2 frames of 1 videos'
    with pytest.raises(ValueError, match=message):
        evaluate(pair, scores=('MPJVE', 'Accel'))
    with pytest.raises(ValueError, match='MPJVE needs a joint .* none of 12 frames of 12 videos'):
        evaluate(
            [make_video(pred[[i]], gt[[i]], camera=str(i))[0] for i in range(12)], scores='MPJVE'
        )
    clip = make_sample(pred[:4], gt[:4])  # one name for four frames
    with pytest.raises(ValueError, match='has several poses'):
        evaluate([clip], scores='MPJVE')


def test_joints_by_name_and_index():
    pred, gt = make_poses()
    errors = np.linalg.norm(pred - pred[:, :1] - gt + gt[:, :1], axis=-1) * 1000
    by_name = evaluate(make_samples(), scores='MPJPE', joints=['left_wrist', 'right_wrist'])
    by_index = evaluate(make_samples(), scores='MPJPE', joints=[13, 16])
    assert by_name == by_index
    assert by_name['MPJPE'] == pytest.approx(errors[:, [13, 16]].mean())


def test_root_of_two_joints_is_their_mean():
    pred, gt = make_poses()
    scores = evaluate(make_samples(), scores='MPJPE', root=['left_hip', 'right_hip'])
    relative = [pose - pose[:, [1, 4]].mean(axis=1, keepdims=True) for pose in (pred, gt)]
    expected = np.linalg.norm(relative[0] - relative[1], axis=-1).mean() * 1000
    assert scores['MPJPE'] == pytest.approx(expected)


def test_millimetres_and_thresholds():
    expected = evaluate(make_samples(), pck_threshold=100, auc_thresholds=[50, 100])
    pred, gt = make_poses()
    samples = [make_sample(p[None] * 1000, g[None] * 1000) for p, g in zip(pred, gt)]
    scores = evaluate(samples, unit_scale=1, pck_threshold=100, auc_thresholds=[50, 100])
    assert scores == pytest.approx(expected)
    assert scores['AUC'] < scores['PCK']


def test_invisible_joints_do_not_count():
    pred, gt = make_poses()
    visible = np.ones(gt.shape[:2], dtype=np.float32)
    visible[:, 5] = 0
    hidden = gt.copy()
    hidden[:, 5] = np.nan
    samples = [
        make_sample(p[None], g[None], lifting_target_visible=v[None, :, None])
        for p, g, v in zip(pred, hidden, visible)
    ]
    kept = [j for j in range(17) if j != 5]
    assert evaluate(samples) == pytest.approx(evaluate(make_samples(), joints=kept))
    visible[:3, 0] = 0  # what has no root cannot be aligned to it
    without = [
        make_sample(p[None], g[None], lifting_target_visible=v[None])
        for p, g, v in zip(pred, hidden, visible)
    ]
    assert evaluate(without) == pytest.approx(evaluate(samples[3:]))


def masked_samples(wrong: float) -> list:
    """Poses of two cameras; joint 7 of the first two is invalid, and so far off as `wrong`."""
    pred, gt = make_poses()
    samples = []
    for index, (p, g) in enumerate(zip(pred, gt)):
        seen = np.ones(17)
        if index < 2:
            seen[7], g = 0, g.copy()
            g[7] += wrong
        sample = make_sample(p[None], g[None], index, lifting_target_visible=seen[None])
        camera = 'a' if index < 2 else 'b'
        sample['target_img_path'] = f'person_video.{camera}_{index:06d}.jpg'
        samples.append(sample)
    return samples


def test_a_grossly_wrong_invalid_joint_changes_nothing():
    options = dict(mean_over='camera', min_joints=6, by=('camera',), group_results=True)
    assert evaluate(masked_samples(0), **options) == evaluate(masked_samples(50), **options)


def test_the_mean_over_cameras_weighs_each_the_same():
    samples = masked_samples(0)
    first, second = evaluate(samples[:2]), evaluate(samples[2:])
    scores = evaluate(samples, mean_over='camera', by=('camera',), group_results=True)
    for name, value in first.items():
        assert scores[name] == pytest.approx((value + second[name]) / 2)
        assert scores[f'camera/a/{name}'] == pytest.approx(value)
    assert evaluate(samples)['MPJPE'] != pytest.approx(scores['MPJPE'])
    samples[5]['target_img_path'] = 'frame.png'
    with pytest.raises(ValueError, match="mean_over is 'camera', but the file names of 1 of 12"):
        evaluate(samples, mean_over='camera')


def test_poses_of_few_joints_are_not_aligned():
    samples = masked_samples(0)
    for sample in samples[:2]:
        sample['gt_instances']['lifting_target_visible'][0, 6:] = 0  # five but the root
    plain, scores = evaluate(samples), evaluate(samples, min_joints=6)
    expected = evaluate(samples[2:])
    for name in ('P-MPJPE', 'N-MPJPE'):
        assert scores[name] == pytest.approx(expected[name]) != plain[name]
    for name in ('MPJPE', 'PCK', 'AUC'):
        assert scores[name] == plain[name]
    assert evaluate(samples, min_joints=5) == plain


def test_tables_by_name(log: list):
    scores = evaluate(make_samples(), by=('action', 'camera'), group_results=True)
    walking = [s for i, s in enumerate(make_samples()) if i % 4 in (0, 2)]
    expected = evaluate(walking)
    for name, value in expected.items():
        assert scores[f'action/Walking/{name}'] == pytest.approx(value)
    text = '\n'.join(log)
    for row in ('Eating', 'Sitting', 'Walking', 'mean', '54138969'):
        assert f'| {row} ' in text
    assert list(evaluate(make_samples(), by='action')) == list(evaluate(make_samples()))


def test_names_that_do_not_parse_are_noted(log: list):
    samples = make_samples()
    for sample in samples[2:]:
        sample['target_img_path'] = np.array(['cam0/frame12.png'])
    del samples[3]['target_img_path']
    evaluate(samples, by='action')
    assert '10 of 12 samples are in no group by action' in '\n'.join(log)
    for sample in samples:
        sample['target_img_path'] = 'frame.png'
    assert evaluate(samples, by='action') == pytest.approx(evaluate(make_samples()))


def test_wrong_unit_is_noted(log: list):
    pred, gt = make_poses()
    samples = [make_sample(p[None] * 1000, g[None] * 1000) for p, g in zip(pred, gt)]
    evaluate(samples)
    assert 'check unit_scale=1000' in '\n'.join(log)


def test_not_finite_predictions_are_counted_and_named():
    samples = make_samples()
    for index in (4, 7):
        samples[index]['pred_instances']['keypoints'][0, 3, 1] = np.nan
    message = r"prediction of 2 of 12 samples is not finite, first that of 'S9_Walking_1\..*000004"
    with pytest.raises(ValueError, match=message):
        evaluate(samples)
    samples = make_samples()
    samples[4]['gt_instances']['lifting_target'][0, 3, 1] = np.inf
    with pytest.raises(ValueError, match='ground truth of 1 of 12 samples is not finite'):
        evaluate(samples)


def test_bad_samples():
    with pytest.raises(ValueError, match='no sample to evaluate'):
        evaluate([])
    pred, gt = make_poses()
    with pytest.raises(ValueError, match=r'has shape \(1, 16, 3\) but its ground truth \(1, 17, 3'):
        evaluate([make_sample(pred[:1, 1:], gt[:1])])
    sample = make_sample(pred[:1], gt[:1])
    del sample['gt_instances']['lifting_target']
    with pytest.raises(ValueError, match="'S9_Walking_1.54138969_000000.jpg' has no gt_instances"):
        evaluate([sample])
    mixed = [make_sample(pred[:1], gt[:1]), make_sample(pred[:1, :16], gt[:1, :16])]
    with pytest.raises(ValueError, match='16 and 17 joints'):
        evaluate(mixed)
    hidden = make_sample(pred[:1], gt[:1], lifting_target_visible=np.zeros((1, 17)))
    with pytest.raises(ValueError, match='No joint is left to score'):
        evaluate([hidden])


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(scores=['MPJPE', 'PA']), "scores is 'PA'; use one of MPJPE"),
        (dict(scores=[]), "scores is ''; use one of"),
        (dict(alignment='scale'), "alignment is 'scale'; use one of root, none"),
        (dict(include_root='yes'), "include_root is 'yes'; use one of True, False"),
        (dict(unit_scale=0), 'unit_scale must be positive'),
        (dict(root='hip'), "root names the joint 'hip'.* or one of root, right_hip"),
        (dict(joints=[17]), 'joints names the joint 17.* index below 17'),
        (dict(min_joints=0), 'min_joints is 0; give a whole number from 1 on'),
        (dict(mean_over='place'), "by names 'place', but name_pattern has the groups"),
        (dict(joints=['root']), 'No joint is left to score'),
        (
            dict(scores='Accel', name_pattern=r'(?P<action>\w+)'),
            r'Accel puts frames in order .* has the groups action; add \(\?P<frame>\\d\+\)',
        ),
    ],
)
def test_bad_options(kwargs: dict, message: str):
    with pytest.raises(ValueError, match=message):
        evaluate(make_samples(), **kwargs)


def test_joint_names_need_metainfo():
    with pytest.raises(ValueError, match="root names the joint 'root'.* use an index below 17"):
        evaluate(make_samples(), meta=None)


def test_one_result_a_sample():
    """Distributed evaluation drops padded samples by their number."""
    metric = LiftingMetrics()
    metric.process(None, make_samples()[:5])
    assert len(metric.results) == 5
