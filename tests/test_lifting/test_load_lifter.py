# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Loading trained lifters: what fits is loaded, what does not is refused by name."""

from __future__ import annotations

import hashlib
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS

from mmposeaug.apis import load_lifter
from mmposeaug.datasets.windows import WindowRule
from mmposeaug.structures import H36M_17


def save_random(config: str | Path | Config, path: Path, **content: Any) -> dict[str, Any]:
    """A checkpoint of the config's model with random weights."""
    cfg = config if isinstance(config, Config) else Config.fromfile(config)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpose'):
        state = MODELS.build(cfg.model).state_dict()
    torch.save(dict(content, state_dict=state), path)
    return state


@pytest.fixture
def checkpoint(lifting_config: Path, tmp_path: Path) -> Path:
    path = tmp_path / 'lifter.pth'
    save_random(lifting_config, path, meta=dict(epoch=1))
    return path


def test_lifter_is_ready_for_use(lifting_config: Path, checkpoint: Path) -> None:
    lifter = load_lifter(lifting_config, checkpoint)
    module = lifter.adapter.module
    assert not module.training and not any(p.requires_grad for p in module.parameters())
    assert lifter.skeleton.joint_names == H36M_17.joint_names
    assert lifter.skeleton.flip_indices == H36M_17.flip_indices
    assert lifter.window == WindowRule() and lifter.num_frames == 1
    assert lifter.sha256 == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    for name, value in module.state_dict().items():
        assert torch.equal(value, weights[name])
    assert lifter.adapter.predict(torch.full((2, 1, 17, 2), 300.0)).shape == (2, 1, 17, 3)


def test_training_states_and_plain_state_dicts_load_too(
    lifting_config: Path, tmp_path: Path
) -> None:
    path = tmp_path / 'epoch_1.pth'
    state = save_random(lifting_config, path, optimizer=dict(state={}), poseaug=dict(epoch=1))
    assert load_lifter(lifting_config, path).adapter
    torch.save({f'module.{name}': value for name, value in state.items()}, path)
    assert load_lifter(Config.fromfile(lifting_config), str(path)).adapter


def test_window_is_that_of_the_test_set(lifting_config: Path, tmp_path: Path) -> None:
    cfg = Config.fromfile(lifting_config)
    cfg.model.backbone.update(kernel_sizes=(3, 3, 1))
    cfg.test_dataloader.dataset.update(seq_len=9, seq_step=2, causal=False, pad_video_seq=True)
    path = tmp_path / 'lifter.pth'
    save_random(cfg, path)
    lifter = load_lifter(cfg, path)
    assert lifter.window == WindowRule(9, 2, causal=False, pad_video_seq=True)
    assert lifter.num_frames == 9 and lifter.adapter.target_frame == 'centre'

    cfg.test_dataloader.dataset.update(causal=True)
    with pytest.raises(ValueError, match=r"predicts frame\(s\) \[4\] of 9.* \[8\].*'causal'"):
        load_lifter(cfg, path)
    cfg.test_dataloader.dataset.update(causal=False, seq_len=7)
    with pytest.raises(ValueError, match=r'cannot take the 7 frame\(s\) of 17 keypoints'):
        load_lifter(cfg, path)


def rename(state: dict[str, Any]) -> None:
    state['head.other'] = state.pop('head.conv.bias')


def add(state: dict[str, Any]) -> None:
    state['head.other'] = state['head.conv.bias']


def widen(state: dict[str, Any]) -> None:
    state['head.conv.weight'] = torch.zeros(48, 32, 1)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (rename, 'lacks head.conv.bias of the model'),
        (add, 'has head.other, the model has not'),
        (widen, r'head.conv.weight is of size \(48, 32, 1\) in the checkpoint, of \(48, 16, 1\)'),
    ],
)
def test_checkpoint_of_another_lifter_is_refused(
    change: Any, message: str, lifting_config: Path, checkpoint: Path
) -> None:
    content = torch.load(checkpoint, weights_only=True)
    change(content['state_dict'])
    torch.save(content, checkpoint)
    with pytest.raises(ValueError, match=f"{re.escape(str(checkpoint))}' does not fit.*{message}"):
        load_lifter(lifting_config, checkpoint)


def test_checkpoint_of_other_joints_is_refused(lifting_config: Path, tmp_path: Path) -> None:
    path = tmp_path / 'lifter.pth'
    names = dict(enumerate(H36M_17.joint_names))

    def meta(names: dict[int, str]) -> dict[str, Any]:
        return dict(dataset_meta=dict(keypoint_id2name=names))

    save_random(lifting_config, path, meta=meta(names))
    assert load_lifter(lifting_config, path).sha256
    save_random(lifting_config, path, meta=meta({**names, 1: names[4], 4: names[1]}))
    with pytest.raises(ValueError, match="number 1 is 'left_hip', in the config it is 'right_hip'"):
        load_lifter(lifting_config, path)
    save_random(lifting_config, path, meta=meta({0: 'root'}))
    with pytest.raises(ValueError, match='trained on 1 joints, the data set of the config has 17'):
        load_lifter(lifting_config, path)


def test_checkpoint_of_another_codec_is_refused(lifting_config: Path, tmp_path: Path) -> None:
    path = tmp_path / 'trained.pth'
    text = "work = 1\nmodel = dict(head=dict(decoder=dict(type='{}')), type='PoseLifter')\n"
    save_random(lifting_config, path, meta=dict(cfg=text.format('CalibratedPoseLifting')))
    sentence = 'was trained with the codec CalibratedPoseLifting, the config has ImagePoseLifting'
    with pytest.raises(ValueError, match=sentence):
        load_lifter(lifting_config, path)
    for cfg in (text.format('ImagePoseLifting'), 'model = 3', 'no code', 'model = {"head": 1}'):
        save_random(lifting_config, path, meta=dict(cfg=cfg))
        load_lifter(lifting_config, path)


def test_bad_files_are_named(lifting_config: Path, checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="The config 'no.py' does not exist"):
        load_lifter('no.py', checkpoint)
    with pytest.raises(FileNotFoundError, match="The checkpoint 'no.pth' does not exist"):
        load_lifter(lifting_config, 'no.pth')
    bad = tmp_path / 'bad.pth'
    bad.write_bytes(b'PK\x03\x04 cut off')
    with pytest.raises(ValueError, match='cannot be read as a checkpoint'):
        load_lifter(lifting_config, bad)
    bad.write_bytes(pickle.dumps(Path('x')))
    with pytest.raises(ValueError, match=r'(more than weights|cannot be read)'):
        load_lifter(lifting_config, bad)
    torch.save(dict(state_dict={}), bad)
    with pytest.raises(ValueError, match='has no state_dict and is none'):
        load_lifter(lifting_config, bad)
    config = tmp_path / 'broken.py'
    config.write_text('model = dict(')
    with pytest.raises(ValueError, match="The config '.*broken.py' cannot be read"):
        load_lifter(config, checkpoint)


def test_other_devices_and_models_are_named(lifting_config: Path, checkpoint: Path) -> None:
    with pytest.raises(ValueError, match="The device 'gpu' cannot be used"):
        load_lifter(lifting_config, checkpoint, device='gpu')
    cfg = Config.fromfile(lifting_config)
    cfg.model.type = 'TopdownPoseEstimator'
    with pytest.raises(ValueError, match="'TopdownPoseEstimator', not a PoseLifter"):
        load_lifter(cfg, checkpoint)
    cfg.model.update(type='PoseLifter', backbone=dict(type='NoSuchBackbone'))
    with pytest.raises(ValueError, match='cannot be built .*NoSuchBackbone.*custom_imports'):
        load_lifter(cfg, checkpoint)
    cfg.test_dataloader.dataset.type = 'NoSuchDataset'
    with pytest.raises(ValueError, match="'NoSuchDataset' of test_dataloader is not registered"):
        load_lifter(cfg, checkpoint)
    for part in ('train', 'val', 'test'):
        cfg.pop(f'{part}_dataloader')
    with pytest.raises(ValueError, match='no test_dataloader'):
        load_lifter(cfg, checkpoint)
