# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Tensor codecs against MMPose's numpy codecs, over random configurations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmpose.registry import KEYPOINT_CODECS

from mmposeaug.codecs import TensorCodec, build_codec
from mmposeaug.geometry import flip_keypoints
from mmposeaug.structures import get_skeleton

TOLERANCE = dict(rtol=3e-6, atol=3e-6)
FAST = settings(max_examples=40, deadline=None)
K = 17
FLIP = list(get_skeleton('h36m_17').flip_indices)


def stats(rng: np.random.Generator, joints: int, dim: int, scale: float) -> dict[str, list]:
    mean = rng.normal(size=(joints, dim)) * scale
    std = rng.uniform(0.2, 1, size=(joints, dim)) * scale
    return dict(mean=mean.tolist(), std=std.tolist())


# MMPose's codecs cannot encode with a removed root other than joint 0.
REMOVED_ROOTS = [0, [0]]
KEPT_ROOTS = [0, 3, [2], [1, 4], K - 1]


@st.composite
def image_cfgs(draw: Any) -> dict:
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    remove_root = draw(st.booleans())
    root = draw(st.sampled_from(REMOVED_ROOTS if remove_root else KEPT_ROOTS))
    cfg = dict(
        type='ImagePoseLifting',
        num_keypoints=K,
        root_index=root,
        remove_root=remove_root,
        save_index=draw(st.booleans()),
        reshape_keypoints=draw(st.booleans()),
        concat_vis=draw(st.booleans()),
    )
    if draw(st.booleans()):
        two_d = stats(rng, K, 2, 100.0)
        cfg.update(keypoints_mean=two_d['mean'], keypoints_std=two_d['std'])
    if draw(st.booleans()):
        target = stats(rng, K - int(remove_root), 3, 0.3)
        cfg.update(target_mean=target['mean'], target_std=target['std'])
    return cfg


@st.composite
def video_cfgs(draw: Any) -> dict:
    flags = 'zero_center remove_root save_index reshape_keypoints concat_vis normalize_camera'
    cfg = {flag: draw(st.booleans()) for flag in flags.split()}
    root = draw(st.sampled_from(REMOVED_ROOTS if cfg['remove_root'] else KEPT_ROOTS))
    return dict(type='VideoPoseLifting', num_keypoints=K, root_index=root, **cfg)


@st.composite
def motion_cfgs(draw: Any) -> dict:
    rootrel = draw(st.booleans())
    return dict(
        type='MotionBERTLabel',
        num_keypoints=K,
        root_index=0 if rootrel else draw(st.sampled_from([0, 3, K - 1])),
        remove_root=draw(st.booleans()),
        save_index=draw(st.booleans()),
        concat_vis=draw(st.booleans()),
        rootrel=rootrel,
        mode=draw(st.sampled_from(['train', 'test'])),
    )


class Sample:
    """Clips with a camera and an image size each, as arrays and as tensors."""

    def __init__(self, seed: int, clips: int, frames: int, targets: int) -> None:
        rng = np.random.default_rng(seed)
        self.keypoints = rng.uniform(0, 1000, (clips, frames, K, 2)).astype(np.float32)
        self.scores = rng.uniform(0, 1, (clips, frames, K)).astype(np.float32)
        pose = rng.normal(size=(clips, targets, K, 3)) * 0.4 + [0, 0, 5.0]
        self.pose = pose.astype(np.float32)
        self.visible = (rng.uniform(size=(clips, targets, K)) > 0.2).astype(np.float32)
        size = rng.integers(600, 2000, (clips, 2))
        focal = rng.uniform(900, 1600, (clips, 2)).astype(np.float32)
        centre = (size / 2).astype(np.float32)
        self.cameras = [
            dict(w=int(s[0]), h=int(s[1]), f=f[:, None], c=c[:, None])
            for s, f, c in zip(size, focal, centre)
        ]
        self.image_size = torch.from_numpy(size)
        self.intrinsics = torch.from_numpy(np.pad(np.hstack((focal, centre)), ((0, 0), (0, 5))))

    def tensor(self, name: str) -> torch.Tensor:
        return torch.from_numpy(getattr(self, name))

    def encode(self, numpy_codec: Any) -> dict[str, torch.Tensor]:
        """What MMPose's codec makes of each clip, stacked as the data preprocessor does."""
        results = []
        for i, camera in enumerate(self.cameras):
            extra = dict(lifting_target=self.pose[i], lifting_target_visible=self.visible[i])
            if 'camera_param' in numpy_codec.auxiliary_encode_keys:
                extra['camera_param'] = camera
            results.append(numpy_codec.encode(self.keypoints[i], self.scores[i], **extra))
        keys = ('keypoint_labels', 'lifting_target_label', 'lifting_target_weight')
        keys += ('factor', 'target_root')
        return {
            key: torch.from_numpy(np.stack([result[key] for result in results]))
            for key in keys
            if key in results[0]
        }


def check_encode(codec: TensorCodec, sample: Sample, expected: dict) -> None:
    x = codec.encode_input(sample.tensor('keypoints'), sample.image_size, sample.tensor('scores'))
    torch.testing.assert_close(x, expected['keypoint_labels'], **TOLERANCE, check_dtype=False)
    target, weight = codec.encode_target(
        sample.tensor('pose'), sample.image_size, sample.intrinsics, sample.tensor('visible')
    )
    torch.testing.assert_close(
        target, expected['lifting_target_label'], **TOLERANCE, check_dtype=False
    )
    assert torch.equal(weight[..., 0], expected['lifting_target_weight'])


def check_decode(codec: TensorCodec, numpy_codec: Any, sample: Sample, seed: int) -> None:
    """A random output, decoded by both; MMPose's result is made root-relative."""
    targets = sample.pose.shape[1]
    output = torch.randn(
        len(sample.pose), targets, codec.num_joints, 3, generator=torch.manual_seed(seed)
    )
    pose = codec.decode(output, sample.image_size)
    root = np.array([[0.3, -0.2, 4.0]], dtype=np.float32)
    for out, ours in zip(output.numpy(), pose):
        theirs, _ = numpy_codec.decode(out, root)
        theirs = theirs - theirs[:, codec.root_index].mean(1, keepdims=True)
        torch.testing.assert_close(ours, torch.from_numpy(theirs), **TOLERANCE)


@FAST
@given(cfg=image_cfgs(), seed=st.integers(0, 1000), frames=st.integers(1, 3))
def test_image_pose_lifting_equals_mmpose(cfg: dict, seed: int, frames: int) -> None:
    numpy_codec, codec = KEYPOINT_CODECS.build(cfg), build_codec(cfg)
    sample = Sample(seed, clips=3, frames=frames, targets=1)
    check_encode(codec, sample, sample.encode(numpy_codec))
    check_decode(codec, numpy_codec, sample, seed)


@FAST
@given(cfg=video_cfgs(), seed=st.integers(0, 1000), frames=st.integers(1, 3))
def test_video_pose_lifting_equals_mmpose(cfg: dict, seed: int, frames: int) -> None:
    numpy_codec, codec = KEYPOINT_CODECS.build(cfg), build_codec(cfg)
    sample = Sample(seed, clips=3, frames=frames, targets=1)
    check_encode(codec, sample, sample.encode(numpy_codec))
    if cfg['zero_center'] or not cfg['remove_root']:  # else MMPose decodes a root too many
        check_decode(codec, numpy_codec, sample, seed)


@FAST
@given(cfg=motion_cfgs(), seed=st.integers(0, 1000), frames=st.integers(1, 4))
def test_motionbert_label_equals_mmpose(cfg: dict, seed: int, frames: int) -> None:
    numpy_codec, codec = KEYPOINT_CODECS.build(cfg), build_codec(cfg)
    sample = Sample(seed, clips=3, frames=frames, targets=frames)
    expected = sample.encode(numpy_codec)
    check_encode(codec, sample, expected)
    depth = codec.root_depth(sample.tensor('pose'))
    factor = codec.factor(depth, sample.intrinsics)
    torch.testing.assert_close(factor, expected['factor'][..., 0], **TOLERANCE)
    output = torch.randn(3, frames, K, 3, generator=torch.manual_seed(seed))
    pose = codec.decode(output, sample.image_size, sample.intrinsics, depth)
    for i, camera in enumerate(sample.cameras):
        w, h = (np.full((frames,), camera[key]) for key in 'wh')
        theirs, _ = numpy_codec.decode(output[i].numpy(), w, h, expected['factor'][i].numpy())
        torch.testing.assert_close(pose[i], torch.from_numpy(theirs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('targets', [1, 5])
@pytest.mark.parametrize('root', [0, 3, K - 1])
@pytest.mark.parametrize('remove_root', [False, True])
def test_frames_and_roots_that_mmpose_cannot_encode(
    targets: int, root: int, remove_root: bool
) -> None:
    """ImagePoseLifting of MMPose takes one target frame, and removes joint 0 only."""
    target = stats(np.random.default_rng(0), K - int(remove_root), 3, 0.3)
    cfg = dict(type='ImagePoseLifting', num_keypoints=K, remove_root=remove_root, root_index=root)
    codec = build_codec(dict(cfg, target_mean=target['mean'], target_std=target['std']))
    pose = Sample(0, clips=2, frames=1, targets=targets).tensor('pose')
    whole, _ = codec.encode_target(pose)
    for frame in range(targets):
        one, _ = codec.encode_target(pose[:, frame : frame + 1])
        assert torch.equal(whole[:, frame], one[:, 0])
    relative = pose - pose[:, :, root : root + 1]
    torch.testing.assert_close(codec.decode(whole), relative, rtol=1e-6, atol=1e-6)


@FAST
@given(
    cfg=st.one_of(image_cfgs(), video_cfgs(), motion_cfgs()),
    seed=st.integers(0, 1000),
    frames=st.integers(1, 3),
)
def test_flip_input_is_the_input_of_the_mirrored_image(cfg: dict, seed: int, frames: int) -> None:
    codec = build_codec(cfg)
    sample = Sample(seed, clips=2, frames=frames, targets=1)
    px, scores = sample.tensor('keypoints').double(), sample.tensor('scores')
    width = sample.image_size[:, :1, None].double().expand(px.shape[:-1])[..., 0]
    mirrored = codec.encode_input(
        flip_keypoints(px, width, FLIP), sample.image_size, scores[..., FLIP]
    )
    x = codec.encode_input(px, sample.image_size, scores)
    flipped = codec.flip_input(x, FLIP, sample.image_size)
    torch.testing.assert_close(flipped, mirrored, rtol=1e-9, atol=1e-9)


CFGS = [
    dict(
        type='ImagePoseLifting',
        num_keypoints=K,
        remove_root=True,
        keypoints_mean=[[500.0, 400.0]] * K,
        keypoints_std=[[100.0, 60.0]] * K,
        target_mean=[[0.0, 0.1, 0.2]] * (K - 1),
        target_std=[[0.1, 0.2, 0.3]] * (K - 1),
    ),
    dict(type='VideoPoseLifting', num_keypoints=K),
    dict(type='MotionBERTLabel', num_keypoints=K, concat_vis=True, mode='train'),
]
IDS = [cfg['type'] for cfg in CFGS]


@pytest.mark.parametrize('cfg', CFGS, ids=IDS)
def test_gradients(cfg: dict) -> None:
    codec = build_codec(cfg)
    sample = Sample(0, clips=1, frames=2, targets=2)
    px = sample.tensor('keypoints').double().requires_grad_()
    pose = sample.tensor('pose').double().requires_grad_()
    size, camera = sample.image_size, sample.intrinsics.double()
    assert torch.autograd.gradcheck(lambda x: codec.encode_input(x, size), px)
    assert torch.autograd.gradcheck(
        lambda x: codec.flip_input(codec.encode_input(x, size), range(K), size), px
    )
    assert torch.autograd.gradcheck(lambda p: codec.encode_target(p, size, camera)[0], pose)
    output = torch.randn(1, 2, codec.num_joints, 3, dtype=torch.double, requires_grad=True)
    depth = codec.root_depth(pose)
    assert torch.autograd.gradcheck(lambda o, d: codec.decode(o, size, camera, d), (output, depth))


@pytest.mark.parametrize('cfg', CFGS, ids=IDS)
def test_constants_follow_the_input(cfg: dict, device: torch.device, dtype: torch.dtype) -> None:
    codec = build_codec(cfg)
    sample = Sample(0, clips=2, frames=1, targets=1)
    px, pose = (sample.tensor(name).to(device, dtype) for name in ('keypoints', 'pose'))
    with torch.inference_mode():  # must not spoil the training that follows
        codec.encode_input(px, sample.image_size)
        codec.encode_target(pose, sample.image_size, sample.intrinsics)
    pose.requires_grad_()
    x = codec.encode_input(px.requires_grad_(), sample.image_size)
    target, weight = codec.encode_target(pose, sample.image_size, sample.intrinsics)
    decoded = codec.decode(target, sample.image_size, sample.intrinsics, codec.root_depth(pose))
    for tensor in (x, target, weight, decoded):
        assert (tensor.device.type, tensor.dtype) == (device.type, dtype)
    (x.sum() + decoded.sum()).backward()
    assert px.grad.abs().sum() > 0
    assert pose.grad.abs().sum() > 0
