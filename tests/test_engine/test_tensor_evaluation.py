# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Tests on tensors give MMPose's scores, and leave to MMPose what needs its samples."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mmengine.dataset.sampler
import numpy as np
import pytest
import torch
from eval_runs import CALIBRATED, IMAGE_POSE, TWO_SETS, VIDEO_POSE, build_loop
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.datasets import Human36mDataset
from mmpose.datasets.transforms import GenerateTarget
from mmpose.models import PoseLifter
from mmpose.registry import DATASETS, METRICS, MODELS, TRANSFORMS

import mmposeaug.evaluation.lifting_metrics
from mmposeaug.codecs import build_codec
from mmposeaug.datasets.evaluated import read_samples
from mmposeaug.engine import MultiSetTestLoop
from mmposeaug.engine.tensor_checks import reason_of_lifter
from mmposeaug.engine.tensor_set import TensorSet
from mmposeaug.evaluation import LiftingMetrics

SCORES = dict(
    type='LiftingMetrics',
    scores=['MPJPE', 'P-MPJPE', 'N-MPJPE', 'PCK', 'AUC', 'MPJVE', 'Accel'],
    include_root='both',
    by=('subject', 'action', 'camera'),
    group_results=True,
)
IN_PLACE = dict(type='LiftingMetrics', alignment='none', include_root=True)
MOTIONBERT = dict(type='MotionBERTLabel', num_keypoints=17, concat_vis=True)
CLIP = dict(seq_len=3, causal=False, pad_video_seq=True)
H36M_16 = Path(__file__).parents[2] / 'configs' / '_base_' / 'datasets' / 'h36m_16.py'


def temporal(codec: dict, frames: int = 1, joints: int = 17, **backbone: Any) -> dict:
    """A small lifter of one target frame."""
    values = 3 if codec.get('concat_vis') or codec.get('size') == 'apart' else 2
    removed = codec.get('remove_root', False)
    return dict(
        type='PoseLifter',
        backbone=dict(
            type='TCN',
            in_channels=values * joints,
            stem_channels=16,
            num_blocks=1,
            kernel_sizes=(frames, 1),
            **backbone,
        ),
        head=dict(
            type='TemporalRegressionHead',
            in_channels=16,
            num_joints=joints - removed,
            loss=dict(type='MSELoss'),
            decoder=codec,
        ),
    )


def motionbert(decoder: dict) -> dict:
    """A small lifter of clips."""
    backbone = dict(type='DSTFormer', in_channels=3, feat_size=8, depth=1, num_heads=2, seq_len=4)
    loss = dict(type='MPJPEVelocityJointLoss')
    head = dict(type='MotionRegressionHead', in_channels=8, embedding_size=8, loss=loss)
    return dict(type='PoseLifter', backbone=backbone, head=dict(head, decoder=decoder))


@pytest.fixture
def use(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict], None]:
    """Puts another model into the runner."""

    def put(model: dict) -> None:
        torch.manual_seed(1)
        built = MODELS.build(copy.deepcopy(model))
        with torch.no_grad():  # predictions of a body's size, and statistics of their own
            for module in built.modules():
                if isinstance(module, torch.nn.BatchNorm1d):
                    module.running_mean.normal_(std=0.1)
                    module.running_var.uniform_(0.5, 2)
        monkeypatch.setattr(runner, 'model', built)

    return put


def steps(codec: dict, *keys: str) -> list[dict]:
    meta_keys = ('id', 'target_img_path', 'flip_indices', *(keys or ('target_root',)))
    return [
        dict(type='GenerateTarget', encoder=codec),
        dict(type='PackPoseInputs', meta_keys=meta_keys),
    ]


@pytest.fixture(scope='module')
def holes(data_root: Path) -> dict[str, Any]:
    """A file with joints that are missing, 2D and 3D, also a root, and detections beside it."""
    arrays = dict(np.load(data_root / 'source.npz'))
    poses, pixels = arrays['S'].astype(np.float64), arrays['part'].copy()
    poses[:, 5, 3] = 0
    poses[2:4, 5, :3] = np.nan
    poses[6, 0, 3] = 0
    pixels[::3, 9] = 0  # not found
    pixels[7] = 0  # nobody found: MMPose leaves such samples out
    np.savez(data_root / 'holes.npz', **dict(arrays, S=poses, part=pixels))
    noise = np.random.default_rng(1).normal(scale=4, size=pixels.shape) * [1, 1, 0]
    np.save(data_root / 'detected.npy', pixels + noise * (pixels[..., 2:] > 0))
    return dict(ann_file='holes.npz')


@pytest.fixture(scope='module')
def sixteen(data_root: Path) -> dict[str, Any]:
    """A file of another skeleton."""
    arrays = dict(np.load(data_root / 'target.npz'))
    kept = [joint for joint in range(17) if joint != 9]
    arrays.update(S=arrays['S'][:, kept], part=arrays['part'][:, kept])
    np.savez(data_root / 'sixteen.npz', **arrays)
    return dict(ann_file='sixteen.npz', metainfo=dict(from_file=str(H36M_16)))


DETECTED = dict(keypoint_2d_src='detection', keypoint_2d_det_file='detected.npy')
MOCAP = dict(type='MocapDataset', subset_frac=0.6, subset_seed=4)
SIXTEEN = dict(VIDEO_POSE, num_keypoints=16)
TRAJECTORY = dict(
    traj_backbone=temporal(VIDEO_POSE, 3)['backbone'],
    traj_head=dict(
        type='TrajectoryRegressionHead',
        in_channels=16,
        num_joints=1,
        loss=dict(type='MPJPELoss', use_target_weight=True),
        decoder=VIDEO_POSE,
    ),
)
CASES: dict[str, tuple[dict, dict, dict, dict]] = {  # codec, model, data set, loop
    'image': (IMAGE_POSE, temporal(IMAGE_POSE), {}, dict(sets=TWO_SETS)),
    'image, flip': (IMAGE_POSE, temporal(IMAGE_POSE), {}, dict(sets=TWO_SETS, flip_test=True)),
    'image, in place': (
        dict(type='ImagePoseLifting', num_keypoints=17, root_index=0),
        temporal(dict(type='ImagePoseLifting', num_keypoints=17, root_index=0)),
        {},
        dict(flip_test=True, evaluator=IN_PLACE),
    ),
    'image, no cameras': (
        IMAGE_POSE,
        temporal(IMAGE_POSE),
        dict(camera_param_file=None),
        dict(flip_test=True, image_size=(900, 700)),
    ),
    'image, scores and holes': (
        dict(IMAGE_POSE, concat_vis=True),
        temporal(dict(IMAGE_POSE, concat_vis=True)),
        dict(type='MocapDataset', ann_file='holes.npz'),
        dict(flip_test=True),
    ),
    'video, holes, detections': (
        VIDEO_POSE,
        temporal(VIDEO_POSE, 3),
        dict(ann_file='holes.npz', **CLIP, **DETECTED),
        dict(flip_test=True),
    ),
    'video, centred, sets of their own clips': (
        VIDEO_POSE,
        temporal(VIDEO_POSE, 3),
        CLIP,
        dict(
            sets=dict(
                padded={},
                whole=dict(pad_video_seq=False, seq_step=2, flip_test=True),
                part=dict(MOCAP, indices=[6, 1, 3, 2], evaluator=dict(scores=['MPJPE'])),
                other=dict(ann_file='target.npz', indices=-4, seq_step=1),
            )
        ),
    ),
    'video, causal, in place': (
        dict(VIDEO_POSE, remove_root=True),
        temporal(dict(VIDEO_POSE, remove_root=True), 3, causal=True),
        dict(seq_len=3, causal=True, pad_video_seq=True, seq_step=2),
        dict(flip_test=True, evaluator=IN_PLACE),
    ),
    'video, root predicted': (
        dict(VIDEO_POSE, zero_center=False),
        temporal(dict(VIDEO_POSE, zero_center=False)),
        dict(type='MocapDataset', split=dict(part='val', val_fraction=0.5), frame_step=2),
        dict(flip_test=True, evaluator=IN_PLACE),
    ),
    'video, with a trajectory': (
        VIDEO_POSE,
        dict(temporal(VIDEO_POSE, 3), **TRAJECTORY),
        CLIP,
        dict(flip_test=True, evaluator=IN_PLACE),
    ),
    'video, sixteen joints': (
        SIXTEEN,
        temporal(SIXTEEN, joints=16),
        dict(ann_file='sixteen.npz', metainfo=dict(from_file=str(H36M_16))),
        dict(flip_test=True),
    ),
    'calibrated, clip': (CALIBRATED, temporal(CALIBRATED, 3), CLIP, dict(flip_test=True)),
    'calibrated, frames, apart': (
        dict(CALIBRATED, virtual_camera='frame', size='apart', remove_root=True, causal=True),
        temporal(dict(CALIBRATED, size='apart', remove_root=True), 3, causal=True),
        dict(CLIP, causal=True),
        dict(sets=TWO_SETS, flip_test=True, evaluator=IN_PLACE),
    ),
    'motionbert': (
        MOTIONBERT,
        motionbert(dict(MOTIONBERT, rootrel=True)),
        dict(multiple_target=4, multiple_target_step=2),
        dict(sets=TWO_SETS, flip_test=True),
    ),
    'motionbert, train targets, holes': (
        dict(MOTIONBERT, mode='train'),
        motionbert(MOTIONBERT),
        dict(type='MocapDataset', ann_file='holes.npz', multiple_target=3),
        {},
    ),
}


@pytest.mark.parametrize('name', CASES)
def test_scores_are_those_of_mmposes_pipeline(
    runner: Runner, use: Callable[[dict], None], holes: dict, sixteen: dict, name: str
):
    codec, model, dataset, options = CASES[name]
    use(model)
    keys = ('factor', 'camera_param') if codec['type'] == 'MotionBERTLabel' else ()
    dataset = dict(dataset, pipeline=steps(codec, *keys))
    options = dict(dict(evaluator=SCORES), **options)
    loop = build_loop(runner, dataset, **copy.deepcopy(options))
    found = loop.run()
    assert loop._told == {} and all(item.tensors is not None for item in loop.sets)
    # no data set has made its samples
    assert not any('built' in vars(item.dataloader) for item in loop.sets)
    by_samples = build_loop(runner, dataset, on_tensors=False, **copy.deepcopy(options))
    expected = by_samples.run()
    assert list(found) == list(expected)
    # of float32, where untrained lifters are off by metres and more
    assert found == pytest.approx(expected, rel=2e-7, abs=1e-4, nan_ok=True)
    assert [item.size for item in loop.sets] == [item.size for item in by_samples.sets]


def test_hooks_are_called_in_the_same_order(runner: Runner, monkeypatch: pytest.MonkeyPatch):
    calls: list[tuple] = []
    call = runner.call_hook

    def record(name: str, **kwargs: Any) -> None:
        calls.append((name, kwargs.get('batch_idx'), sorted(kwargs)))
        call(name, **kwargs)

    monkeypatch.setattr(runner, 'call_hook', record)
    found = []
    for on_tensors in (True, False):
        calls.clear()
        build_loop(runner, sets=TWO_SETS, on_tensors=on_tensors).run()
        found.append(list(calls))
    assert found[0] == found[1]
    assert [index for name, index, _ in found[0] if name == 'after_test_iter'] == [*range(9)]


def test_a_set_is_read_once_and_no_more_of_it_than_is_used(runner: Runner):
    """A set of some frames of a file keeps these, and a second run reads nothing."""
    loop = build_loop(runner, dict(type='MocapDataset', indices=5, **CLIP))
    tensors = loop.sets[0].tensors
    assert tensors is not None and len(tensors) == 5
    bank = tensors.samples.bank
    assert len(bank.pose_cam) == len(tensors.samples.names) == 6  # the neighbour of the last
    whole = build_loop(runner, dict(type='MocapDataset')).sets[0].tensors
    assert whole is not None and len(whole.samples.bank.pose_cam) == 22


def test_of_a_lazy_data_set_everything_can_be_asked(runner: Runner):
    """Its length and metainfo without building it, and the rest of the data set itself."""
    (item,) = build_loop(runner).sets
    dataset = item.dataloader.dataset
    assert len(dataset) == 22 and dataset.metainfo['num_keypoints'] == 17
    assert len(item.dataloader) == 6 and item.dataloader.batch_size == 4
    assert 'built' not in vars(item.dataloader)
    expected = build_loop(runner, on_tensors=False).sets[0].dataloader
    assert isinstance(dataset.built, Human36mDataset) and dataset.causal is True
    assert (
        dataset[3]['data_samples'].target_img_path
        == expected.dataset[3]['data_samples'].target_img_path
    )
    assert len(list(item.dataloader)) == 6 and item.dataloader.sampler is not None


# ------------------------------------------------------------------- what is left to MMPose
class Looker(Hook):
    """Looks at what is predicted."""

    def __init__(self) -> None:
        self.seen = 0

    def after_test_iter(self, runner: Any, batch_idx: int, data_batch: Any, outputs: Any) -> None:
        self.seen += len(outputs)


@METRICS.register_module()
class CountSamples(BaseMetric):
    """A metric of a user."""

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results += [sample['pred_instances']['keypoints'] for sample in data_samples]

    def compute_metrics(self, results: list) -> dict:
        return dict(count=len(results))


@DATASETS.register_module()
class MovedDataset(Human36mDataset):
    """A data set of a user, who changes what MMPose reads."""

    def get_data_info(self, idx: int) -> dict:
        info = super().get_data_info(idx)
        info['keypoints'] = info['keypoints'] + 5
        return info


@TRANSFORMS.register_module()
class OwnTarget(GenerateTarget):
    """A transform of a user."""


class OwnLifter(PoseLifter):
    """A model of a user."""

    def predict(self, inputs: Any, data_samples: Any) -> Any:
        return super().predict(inputs * 1.01, data_samples)


class ForwardLifter(PoseLifter):
    """A lifter that may do anything in a test."""

    def forward(self, inputs: Any, data_samples: Any, mode: str = 'tensor') -> Any:
        return super().forward(inputs, data_samples, mode)


PLAIN = steps(IMAGE_POSE)
JITTER = [dict(type='RandomFlipWithCamera', flip_prob=0.0), *PLAIN]
OWN = [dict(PLAIN[0], type='OwnTarget'), PLAIN[1]]
NO_ROOT = [PLAIN[0], dict(type='PackPoseInputs', meta_keys=('id', 'target_img_path'))]
VIDEO = steps(VIDEO_POSE)
LEFT: dict[str, tuple[dict, dict, str]] = {  # data set, loop, reason
    'class': (dict(type='MovedDataset'), {}, 'MovedDataset has its own get_data_info'),
    'part': (dict(subset_frac=0.999), {}, 'draws its subset_frac anew whenever it is built'),
    'factors': (dict(factor_file='factors.npy'), {}, 'it has a factor_file'),
    'transforms': (dict(pipeline=JITTER), {}, 'its pipeline is RandomFlipWithCamera, Generate'),
    'transform': (dict(pipeline=OWN), {}, 'its pipeline is OwnTarget, PackPoseInputs'),
    'metric': ({}, dict(evaluator=[SCORES, dict(type='CountSamples')]), 'CountSamples reads data'),
    'decoder': (dict(pipeline=VIDEO), {}, 'The head decodes by ImagePoseLifting, but the pipel'),
    'joined': (
        dict(
            type='CombinedDataset',
            datasets=[dict(ann_file='source.npz'), dict(ann_file='target.npz')],
        ),
        {},
        'CombinedDataset is no Human36mDataset',
    ),
}


@pytest.mark.parametrize('name', LEFT)
def test_what_tensors_cannot_do_is_left_to_mmpose(
    runner: Runner, data_root: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    np.save(data_root / 'factors.npy', np.full(22, 4.0, np.float32))
    dataset, options, reason = LEFT[name]
    dataset = dict(dict(pipeline=PLAIN), **dataset)
    loader = copy.deepcopy(runner.cfg.test_dataloader)
    if 'datasets' in dataset:
        parts = [dict(loader.dataset, pipeline=[], **part) for part in dataset['datasets']]
        metainfo = dict(from_file='configs/_base_/datasets/h36m.py')
        loader.dataset = dict(
            type='CombinedDataset', metainfo=metainfo, datasets=parts, pipeline=PLAIN
        )
    else:
        loader.dataset.update(dataset)
    options = dict(dict(evaluator=dict(type='LiftingMetrics')), **options)
    lines: list[str] = []
    monkeypatch.setattr(runner.logger, 'info', lines.append)
    np.random.seed(0)  # by which MMPose's data set draws its part
    loop = MultiSetTestLoop(runner, loader, **options)
    found = [loop.run(), loop.run()]
    assert reason in loop._told['']
    assert [reason in line for line in lines].count(True) == 1
    np.random.seed(0)
    alone = MultiSetTestLoop(runner, loader, on_tensors=False, **options)
    assert found == [alone.run()] * 2
    assert len([line for line in lines if 'sample by sample' in line]) == 1


def test_hooks_and_models_that_need_samples_get_them(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
):
    loop = build_loop(runner)
    before = loop.run()
    assert loop._told == {}
    looker = Looker()
    monkeypatch.setattr(runner, '_hooks', [*runner._hooks, looker])
    expected = loop.run()
    assert looker.seen == 22 and loop._told[''] == 'the hook Looker looks at samples'
    assert expected == pytest.approx(before, abs=1e-4)
    runner._hooks.remove(looker)

    def reason_of(model: Any) -> str:
        monkeypatch.setattr(runner, 'model', model)
        loop.run()
        return loop._told['']

    plain = runner.model
    assert reason_of(copy.deepcopy(plain)) == 'the hook Looker looks at samples'  # nothing new
    own = copy.deepcopy(plain)
    own.__class__ = OwnLifter
    assert reason_of(own) == 'OwnLifter has its own predict'
    own.__class__ = ForwardLifter
    assert reason_of(own) == 'ForwardLifter has its own forward'
    compiled = copy.deepcopy(plain)
    compiled.test_step = lambda data: plain.test_step(data)
    assert reason_of(compiled) == 'PoseLifter has its own test_step'
    chosen = copy.deepcopy(plain)
    chosen.test_cfg = dict(output_keypoint_indices=list(range(17)))
    assert reason_of(chosen) == 'the test_cfg of the model has output_keypoint_indices'


@pytest.mark.parametrize(
    'changes, reason',
    [
        (dict(drop_last=True), 'its data loader has drop_last'),
        (dict(collate_fn=dict(type='pseudo_collate')), 'its data loader has collate_fn'),
        (dict(sampler=dict(type='DefaultSampler')), 'no DefaultSampler with shuffle=False'),
        (dict(sampler=dict(type='InfiniteSampler', shuffle=False)), 'no DefaultSampler with'),
        (dict(sampler=dict(type='DefaultSampler', shuffle=False, rond_up=0)), 'has rond_up'),
        (dict(batch_size=0), 'its batch_size is 0'),
        (dict(num_workers=0, prefetch_factor=4), 'options of workers and no workers'),
    ],
)
def test_data_loaders_that_do_more_are_mmengines(runner: Runner, changes: dict, reason: str):
    loader = dict(runner.cfg.test_dataloader, **changes)
    with pytest.raises(ValueError, match=reason):
        TensorSet(loader)


def test_scores_of_ones_own_see_samples_one_by_one():
    class Median(LiftingMetrics):
        def compute_metrics(self, results: list) -> dict[str, float]:
            return dict(samples=len(results))

    pose = np.zeros((5, 1, 17, 3))
    for kind, count in ((LiftingMetrics, 1), (Median, 5)):
        metric = kind()
        metric.process_poses(pose, pose, np.ones((5, 1, 17), bool))
        assert len(metric.results) == count


def test_a_codec_and_a_decoder_that_differ_are_left_to_mmpose():
    lifter = MODELS.build(
        dict(
            type='PoseLifter',
            backbone=dict(
                type='TCN', in_channels=34, stem_channels=8, num_blocks=1, kernel_sizes=(1, 1)
            ),
            head=dict(
                type='TemporalRegressionHead',
                in_channels=8,
                num_joints=17,
                loss=dict(type='MPJPELoss'),
                decoder=dict(VIDEO_POSE, zero_center=False),
            ),
        )
    )
    reasons = [
        reason_of_lifter(lifter, build_codec(dict(VIDEO_POSE, zero_center=zero)), 1)
        for zero in (True, False)
    ]
    assert reasons == ['zero_center of the codec and of the decoder differ', '']


def test_codecs_are_not_guessed(runner: Runner):
    for pipeline, reason in (
        (NO_ROOT, "'target_root' is not among the meta_keys"),
        (steps(dict(CALIBRATED, causal=True)), ''),
        (steps(dict(VIDEO_POSE, num_keypoints=16)), 'its codec is for 16 of 17 joints'),
    ):
        loader = copy.deepcopy(runner.cfg.test_dataloader)
        loader.dataset.pipeline = pipeline
        if not reason:
            assert len(TensorSet(loader)) == 22
            continue
        with pytest.raises(ValueError, match=reason):
            TensorSet(loader)
    bare = dict(runner.cfg.test_dataloader.dataset, camera_param_file=None, pipeline=VIDEO)
    with pytest.raises(ValueError, match='its codec needs cameras'):
        TensorSet(dict(runner.cfg.test_dataloader, dataset=bare))


def test_targets_behind_the_camera_are_refused_as_by_mmposes_codec(
    runner: Runner, use: Callable[[dict], None], data_root: Path
):
    use(temporal(CALIBRATED))
    arrays = dict(np.load(data_root / 'source.npz'))
    wrong = arrays['S'].copy()
    wrong[4, :, 2] -= 10
    np.savez(data_root / 'behind.npz', **dict(arrays, S=wrong))
    turned = arrays['S'].copy()
    turned[4, :, 0] += 3
    np.savez(data_root / 'apart.npz', **dict(arrays, S=turned))
    for file, sentence in (('behind', 'behind the camera'), ('apart', 'degrees from its keypoint')):
        said = []
        for on_tensors in (True, False):
            dataset = dict(ann_file=f'{file}.npz', pipeline=steps(CALIBRATED))
            with pytest.raises(ValueError, match=sentence) as error:
                build_loop(runner, dataset, on_tensors=on_tensors).run()
            said.append(str(error.value))
        assert said[0] == said[1]


@pytest.mark.parametrize('round_up', [True, False])
def test_processes_share_the_samples_and_drop_the_padded_ones(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, round_up: bool
):
    """Results of three processes, joined as MMEngine joins them, are those of one."""
    loader = copy.deepcopy(runner.cfg.test_dataloader)
    loader.sampler.round_up = round_up
    expected = build_loop(runner).run()
    metrics = build_loop(runner).sets[0].evaluator.metrics
    monkeypatch.setattr(mmposeaug.evaluation.lifting_metrics, 'get_world_size', lambda: 3)
    parts = []
    for rank in range(3):
        monkeypatch.setattr(mmengine.dataset.sampler, 'get_dist_info', lambda rank=rank: (rank, 3))
        tensors = TensorSet(loader)
        assert tensors.num_batches == 2
        metrics[0].results = []
        for poses in tensors.poses(runner.model.eval()):
            metrics[0].process_poses(*poses)
        parts.append(metrics[0].results)
    assert [len(part) for part in parts] == ([8, 8, 8] if round_up else [8, 7, 7])
    longest = max(map(len, parts))
    joined = [part[i] for i in range(longest) for part in parts if i < len(part)][:22]
    monkeypatch.undo()
    assert metrics[0].compute_metrics(joined) == pytest.approx(expected, abs=1e-4)


def test_reading_leaves_samples_in_the_data_sets_order(runner: Runner, holes: dict):
    cfg = dict(runner.cfg.test_dataloader.dataset, **holes, type='MocapDataset', **CLIP)
    samples, dataset = read_samples(cfg), DATASETS.build(cfg)
    assert len(samples.bank) == len(dataset)
    batch = samples.bank.gather(torch.arange(len(dataset)))
    names = samples.target_names(torch.arange(len(dataset)))
    for number in range(len(dataset)):
        info = dataset.get_data_info(number)
        np.testing.assert_array_equal(batch.keypoints_px[number], info['keypoints'])
        np.testing.assert_array_equal(batch.pose_cam[number, [1]], info['lifting_target'])
        assert list(names[number]) == list(info['target_img_path'])
        assert batch.image_size[number].tolist() == [
            info['camera_param']['w'],
            info['camera_param']['h'],
        ]


def test_the_option_is_a_yes_or_no(runner: Runner):
    with pytest.raises(ValueError, match="on_tensors is 'maybe'; use one of True, False"):
        build_loop(runner, on_tensors='maybe')
