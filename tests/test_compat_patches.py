# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Checkpoints and pictures of MMEngine and MMPose with the compatibility layer in place."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner, find_latest_checkpoint

from mmposeaug.compat.patches import restore_tostring_rgb


def run_training(config: Path, **changes: object) -> Runner:
    """Trains the small config through MMEngine's own runner."""
    cfg = Config.fromfile(config)
    cfg.work_dir = str(config.parent / 'run')
    cfg.merge_from_dict(changes)
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def test_runner_checkpoint_resumes_and_loads_under_protection(lifting_config):
    from mmpose.apis import init_model

    first = run_training(lifting_config)
    path = find_latest_checkpoint(first.work_dir)
    assert path is not None and path.endswith('epoch_2.pth')

    loaded = torch.load(path, weights_only=True)
    history = loaded['message_hub']['log_scalars']['train/loss']
    assert isinstance(history, HistoryBuffer)
    kept = first.message_hub.log_scalars['train/loss'].data
    np.testing.assert_array_equal(history.data[0], kept[0])
    assert history.mean() == pytest.approx(float(np.mean(kept[0])))

    model = init_model(str(lifting_config), path, device='cpu')
    for name, value in first.model.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value)

    resumed = run_training(lifting_config, resume=True, train_cfg=dict(max_epochs=3))
    assert resumed.epoch == 3
    assert resumed.iter == 9  # 3 batches an epoch, of which 6 come from the first run


class _Forged:
    """Pickles as a call of any function."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    'forged',
    [
        _Forged(os.getcwd),
        _Forged(getattr, HistoryBuffer, '__init__'),
        _Forged(getattr, np.ndarray, 'tofile'),
        _Forged(eval, '1'),
    ],
    ids=['os', 'getattr of an admitted type', 'getattr of ndarray', 'eval'],
)
def test_forged_checkpoints_stay_refused(forged):
    file = io.BytesIO()
    torch.save({'state_dict': forged}, file)
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(file)


@pytest.mark.parametrize(
    'value',
    [
        HistoryBuffer(),
        np.float32(0.5),
        np.int64(3),
        np.bool_(True),
        np.zeros(0),
        np.array(['left', 'right']),
        np.arange(3, dtype=np.uint8),
        np.array([[True]]),
    ],
    ids=lambda value: f'{type(value).__name__} {getattr(value, "dtype", "")}',
)
def test_what_checkpoints_hold_comes_back(value):
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    loaded = torch.load(file)
    assert type(loaded) is type(value)
    if not isinstance(value, HistoryBuffer):
        np.testing.assert_array_equal(loaded, value)


def test_tostring_rgb_is_the_drawn_figure(monkeypatch):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1), dpi=50)
    canvas = FigureCanvasAgg(figure)
    figure.add_axes((0, 0, 1, 1)).fill([0, 1, 1], [0, 0, 1], 'r')
    canvas.draw()
    monkeypatch.delattr(FigureCanvasAgg, 'tostring_rgb', raising=False)
    finding = restore_tostring_rgb()
    try:
        assert finding.done
        assert not restore_tostring_rgb().done
        image = np.frombuffer(canvas.tostring_rgb(), np.uint8).reshape(50, 100, 3)
        np.testing.assert_array_equal(image, np.asarray(canvas.buffer_rgba())[..., :3])
        assert image.min() == 0 and image.max() == 255
    finally:
        del FigureCanvasAgg.tostring_rgb


def test_3d_visualizer_draws(tmp_path):
    from mmengine.structures import InstanceData
    from mmpose.datasets.datasets.utils import parse_pose_metainfo
    from mmpose.structures import PoseDataSample
    from mmpose.visualization import Pose3dLocalVisualizer

    rng = np.random.default_rng(0)
    keypoints = rng.normal(size=(1, 17, 3))
    sample = PoseDataSample(
        pred_instances=InstanceData(keypoints=keypoints, keypoint_scores=np.ones((1, 17))),
        gt_instances=InstanceData(
            lifting_target=keypoints, lifting_target_visible=np.ones((1, 17))
        ),
    )
    visualizer = Pose3dLocalVisualizer(name=str(tmp_path))
    meta = parse_pose_metainfo(dict(from_file='configs/_base_/datasets/h36m.py'))
    visualizer.set_dataset_meta(meta)
    out_file = tmp_path / 'pose.png'
    visualizer.add_datasample(
        'pose', np.full((100, 100, 3), 255, np.uint8), sample, draw_2d=False, out_file=str(out_file)
    )
    from mmcv import imread

    image = imread(str(out_file))
    assert image.shape[0] >= 100 and len(np.unique(image.reshape(-1, 3), axis=0)) > 10
