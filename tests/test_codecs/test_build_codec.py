# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Finding and building codecs, and what they say of settings and tensors they cannot take."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from mmpose.codecs import VideoPoseLifting
from mmpose.registry import KEYPOINT_CODECS

from mmposeaug.codecs import LIFTING_CODECS, TensorVideoPoseLifting, build_codec, find_train_codec

VIDEO = dict(type='VideoPoseLifting', num_keypoints=17)
IMAGE = dict(type='ImagePoseLifting', num_keypoints=17)
MOTION = dict(type='MotionBERTLabel', num_keypoints=17)


@pytest.mark.parametrize(
    'cfg',
    [
        VIDEO,
        ConfigDict(VIDEO),
        dict(VIDEO, type='mmpose.VideoPoseLifting'),
        dict(VIDEO, type=VideoPoseLifting),
        VideoPoseLifting(num_keypoints=17),
        TensorVideoPoseLifting(VideoPoseLifting(num_keypoints=17)),
    ],
    ids=['dict', 'ConfigDict', 'scope', 'class', 'instance', 'twin'],
)
def test_build_takes_what_mmpose_takes(cfg: Any) -> None:
    with DefaultScope.overwrite_default_scope('mmpose'):
        codec = build_codec(cfg)
    assert isinstance(codec, TensorVideoPoseLifting)
    assert codec.num_keypoints == 17


def test_unknown_codec_is_named_with_the_way_to_add_it() -> None:
    with pytest.raises(ValueError, match=r"'SimCCLabel'.*register_module\(name='SimCCLabel'\)"):
        build_codec(dict(type='SimCCLabel', input_size=(1, 1)))
    with pytest.raises(ValueError, match='has no type'):
        build_codec(dict(num_keypoints=17))


def test_a_codec_of_ones_own_can_be_added() -> None:
    class MyLifting(VideoPoseLifting):
        pass

    with pytest.raises(ValueError, match="'MyLifting' has no tensor twin"):
        build_codec(MyLifting(num_keypoints=17))
    KEYPOINT_CODECS.register_module(module=MyLifting)
    LIFTING_CODECS.register_module(name='MyLifting', module=TensorVideoPoseLifting)
    try:
        assert build_codec(dict(type='MyLifting', num_keypoints=17)).num_keypoints == 17
    finally:
        del KEYPOINT_CODECS.module_dict['MyLifting']
        del LIFTING_CODECS.module_dict['MyLifting']


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (dict(VIDEO, root_index=17), r'root_index=\[17\]'),
        (dict(VIDEO, root_index=-1), 'root_index='),
        (dict(IMAGE, additional_encode_keys=['camera_param']), 'camera_param'),
        (
            dict(IMAGE, keypoints_mean=[[0.0] * 3] * 17, keypoints_std=[[1.0] * 3] * 17),
            'keypoints_mean of 3 dimensions',
        ),
        (
            dict(
                IMAGE,
                root_index=[1, 4],
                remove_root=True,
                target_mean=[[0.0] * 3] * 16,
                target_std=[[1.0] * 3] * 16,
            ),
            'single root_index',
        ),
        (dict(MOTION, rootrel=True, root_index=3), 'rootrel=True and root_index=3'),
    ],
)
def test_impossible_settings_are_refused(cfg: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_codec(cfg)


def test_a_refused_key_does_not_reach_the_class_of_mmpose() -> None:
    with pytest.raises(ValueError, match='camera_param'):
        build_codec(dict(IMAGE, additional_encode_keys=['camera_param']))
    assert 'camera_param' not in KEYPOINT_CODECS.get('ImagePoseLifting').auxiliary_encode_keys


@pytest.mark.parametrize(
    ('cfg', 'kwargs', 'message'),
    [
        (VIDEO, dict(keypoints_px=(2, 1, 16, 2), image_size=(2, 2)), r'frames, 17, 2\).*16'),
        (VIDEO, dict(keypoints_px=(2, 17, 2), image_size=(2, 2)), 'keypoints_px must be'),
        (VIDEO, dict(keypoints_px=(2, 1, 17, 2)), 'pass image_size'),
        (VIDEO, dict(keypoints_px=(2, 1, 17, 2), image_size=(2,)), 'image_size must be'),
        (
            dict(VIDEO, concat_vis=True),
            dict(keypoints_px=(2, 1, 17, 2), image_size=(2, 2), scores=(2, 17)),
            'scores must be',
        ),
    ],
)
def test_wrong_inputs_are_named(cfg: dict, kwargs: dict, message: str) -> None:
    tensors = {name: torch.ones(shape) for name, shape in kwargs.items()}
    with pytest.raises(ValueError, match=message):
        build_codec(cfg).encode_input(**tensors)


def test_missing_camera_depth_and_width_are_named() -> None:
    codec, pose, size = build_codec(MOTION), torch.ones(2, 3, 17, 3), torch.ones(2, 2)
    with pytest.raises(ValueError, match='pass intrinsics'):
        codec.encode_target(pose, size)
    with pytest.raises(ValueError, match='pass root_depth'):
        codec.decode(pose, size, torch.ones(2, 9))
    with pytest.raises(ValueError, match='visible must be'):
        codec.encode_target(pose, size, torch.ones(2, 9), torch.ones(2, 17))
    with pytest.raises(ValueError, match='mirrored at the image'):
        build_codec(IMAGE).flip_input(torch.ones(2, 34, 1), range(17))


def test_train_codec_is_the_encoder_of_the_pipeline() -> None:
    name = 'motionbert/h36m/motionbert_dstformer-243frm_8xb32-240e_h36m.py'
    config = get_config(f'mmpose::body_3d_keypoint/{name}')
    cfg = find_train_codec(config.train_pipeline)
    assert cfg['mode'] == 'train'
    assert config.model.head.decoder.get('mode') is None


def test_train_codec_is_found_in_wrappers_scopes_and_instances() -> None:
    from mmpose.datasets.transforms import GenerateTarget

    step = dict(type='mmpose.GenerateTarget', encoder=VIDEO)
    wrapped = dict(type='RandomApply', transforms=[dict(type='Other'), step])
    assert find_train_codec([wrapped, dict(type='PackPoseInputs')]) == VIDEO
    assert find_train_codec([GenerateTarget(encoder=VIDEO)]) == VIDEO


@pytest.mark.parametrize(
    ('pipeline', 'message'),
    [
        ([dict(type='PackPoseInputs')], r"\['PackPoseInputs'\].*exactly one GenerateTarget"),
        ([dict(type='GenerateTarget', encoder=VIDEO)] * 2, 'it holds 2'),
        ([dict(type='GenerateTarget', encoder=[VIDEO, IMAGE])], 'list of 2 encoders'),
        ([dict(type='GenerateTarget')], 'encoder=None'),
    ],
)
def test_unclear_train_codec_is_refused(pipeline: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        find_train_codec(pipeline)
