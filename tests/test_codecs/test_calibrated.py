# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The codec for calibrated cameras: MMPose's and its twin, their inverses, flips, wrong input."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.registry import init_default_scope
from mmpose.registry import KEYPOINT_CODECS, MODELS, TRANSFORMS

from mmposeaug.codecs import CalibratedPoseLifting, LifterAdapter, build_codec
from mmposeaug.datasets import RandomFlipWithCamera
from mmposeaug.geometry import flip_intrinsics, flip_keypoints, flip_pose, project
from mmposeaug.structures import get_skeleton

K = 17
FLIP = list(get_skeleton('h36m_17').flip_indices)
FAST = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 9999)
CLOSE = dict(rtol=3e-6, atol=3e-6)
TYPE = 'CalibratedPoseLifting'
HERE = dict(w=1000, h=1000, f=[1100.0, 1100.0], c=[500.0, 500.0])


@st.composite
def cfgs(draw: Any) -> dict:
    remove_root = draw(st.booleans())
    return dict(
        type=TYPE,
        num_keypoints=K,
        root_index=draw(st.sampled_from([0, [0]] if remove_root else [0, 3, [1, 4]])),
        remove_root=remove_root,
        size=draw(st.sampled_from(['keep', 'divide', 'apart'])),
        virtual_camera=draw(st.sampled_from(['clip', 'frame'])),
        causal=draw(st.booleans()),
        reshape_keypoints=draw(st.booleans()),
        concat_vis=draw(st.booleans()),
    )


class Sample:
    """People before distorting cameras, double, as tensors and as MMPose has them."""

    def __init__(self, seed: int, clips: int = 3, frames: int = 3) -> None:
        rng = np.random.default_rng(seed)
        self.size = torch.from_numpy(rng.integers(700, 1900, (clips, 2)).astype(float))
        focal = rng.uniform(0.8, 1.6, (clips, 1)).repeat(2, 1) * self.size.numpy().max(1)[:, None]
        centre = self.size.numpy() * rng.uniform(0.45, 0.55, (clips, 2))
        lens = rng.uniform(-1, 1, (clips, 5)) * [0.2, 0.2, 0.01, 0.003, 0.003]
        self.camera = torch.from_numpy(np.hstack((focal, centre, lens)))
        pose = (
            rng.normal(size=(clips, 1, K, 3)) * 0.3 + rng.normal(size=(clips, frames, K, 3)) * 0.05
        )
        place = rng.uniform([-0.8, -0.8, 4], [0.8, 0.8, 7], (clips, 1, 1, 3))
        self.pose = torch.from_numpy(pose + place)
        self.keypoints = project(self.pose, self.camera.unsqueeze(1))
        self.scores = torch.from_numpy(rng.uniform(0.1, 1, (clips, frames, K)))
        # of some people the root, or all but one joint, was not found
        self.scores[rng.uniform(size=self.scores.shape) < 0.2] = 0
        self.scores[0, :, :] = 0
        self.scores[0, :, 5] = 1

    def params(self, i: int) -> dict:
        f, c, k, p = (each.numpy()[:, None] for each in self.camera[i].split((2, 2, 3, 2)))
        return dict(f=f, c=c, k=k, p=p, w=self.size[i, 0].item(), h=self.size[i, 1].item())

    def targets(self, codec: Any, all_frames: bool) -> torch.Tensor:
        if all_frames:
            return self.pose
        frames = self.pose.shape[1]
        frame = frames - 1 if codec.causal else frames // 2
        return self.pose[:, frame : frame + 1]


def view_of(codec: Any, view: torch.Tensor, all_frames: bool) -> torch.Tensor:
    if all_frames or view.shape[1] == 1:
        return view
    frame = view.shape[1] - 1 if codec.causal else view.shape[1] // 2
    return view[:, frame : frame + 1]


@FAST
@given(cfg=cfgs(), seed=SEEDS, all_frames=st.booleans())
def test_twin_equals_the_codec_and_both_decode_what_they_encode(
    cfg: dict, seed: int, all_frames: bool
) -> None:
    codec, twin = KEYPOINT_CODECS.build(cfg), build_codec(cfg)
    sample = Sample(seed)
    target = sample.targets(codec, all_frames)
    single = [
        each.float() for each in (sample.keypoints, sample.size, sample.scores, sample.camera)
    ]
    x, view = twin.encode(*single)
    label, weight = twin.encode_target(target.float(), view=view_of(codec, view, all_frames))
    pose = twin.decode(label, view=view_of(codec, view, all_frames))
    relative = target - target[..., codec.root_index, :].mean(-2, keepdim=True)
    torch.testing.assert_close(pose.double(), relative, atol=2e-6, rtol=0)
    for i in range(len(target)):
        encoded = codec.encode(
            sample.keypoints[i].numpy(),
            sample.scores[i].numpy(),
            target[i].numpy(),
            np.ones(target.shape[1:3]),
            sample.params(i),
        )
        same = dict(keypoint_labels=x, lifting_target_label=label, lifting_target_weight=weight)
        for key, values in same.items():
            value = values[i, ..., 0] if key.endswith('weight') else values[i]
            np.testing.assert_allclose(encoded[key], value, **CLOSE)
        decoded, scores = codec.decode(encoded['lifting_target_label'], encoded['target_root'])
        np.testing.assert_allclose(decoded, target[i], atol=3e-6)
        assert scores.shape == decoded.shape[:-1]


def test_input_is_what_the_turned_camera_sees() -> None:
    """Against OpenCV and rotations by hand."""
    sample = Sample(3, clips=1, frames=1)
    camera = sample.params(0)
    encoded = CalibratedPoseLifting(K, root_index=2).encode(
        sample.keypoints[0].numpy(), None, sample.pose[0].numpy(), None, camera
    )
    matrix = np.diag([*camera['f'].ravel(), 1.0])
    matrix[:2, 2] = camera['c'].ravel()
    lens = np.concatenate((camera['k'][:2], camera['p'], camera['k'][2:])).ravel()
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-14)
    pixels = sample.keypoints[0, 0, :, None].numpy()
    rays = cv2.undistortPointsIter(pixels, matrix, lens, None, None, criteria)[:, 0]
    directions = np.hstack((rays, np.ones((K, 1))))
    pan = -np.arctan2(directions[2, 0], 1)
    directions = directions @ cv2.Rodrigues(np.array([0, pan, 0]))[0].T
    tilt = np.arctan2(directions[2, 1], directions[2, 2])
    directions = directions @ cv2.Rodrigues(np.array([tilt, 0, 0]))[0].T
    expected = directions[:, :2] / directions[:, 2:]
    np.testing.assert_allclose(encoded['keypoint_labels'].reshape(K, 2), expected, atol=1e-6)


@FAST
@given(cfg=cfgs(), seed=SEEDS)
def test_flip_is_the_mirrored_image_of_the_mirrored_camera(cfg: dict, seed: int) -> None:
    if cfg['root_index'] == 3:
        cfg['root_index'] = 8  # its own mirror partner
    twin, sample = build_codec(cfg), Sample(seed)
    x, view = twin.encode(sample.keypoints, sample.size, sample.scores, sample.camera)
    width = sample.size[:, :1].expand(sample.scores.shape[:2])
    expected, expected_view = twin.encode(
        flip_keypoints(sample.keypoints, width, FLIP),
        sample.size,
        sample.scores[..., FLIP],
        flip_intrinsics(sample.camera, sample.size[:, 0]),
    )
    torch.testing.assert_close(twin.flip_input(x, FLIP), expected)
    torch.testing.assert_close(twin.flip_view(view), expected_view)
    root = torch.cat((torch.ones_like(view[..., :1, :]), view), dim=-2)
    torch.testing.assert_close(twin.flip_target_root(root)[..., 1:, :], expected_view)
    np.testing.assert_array_equal(twin.flip_target_root(root.numpy()), twin.flip_target_root(root))


def test_gradients_flow_through_the_codec() -> None:
    sample = Sample(0, clips=1, frames=2)
    keypoints = sample.keypoints.requires_grad_()
    pose = sample.pose[:, 1:].requires_grad_()
    for size in ('keep', 'divide', 'apart'):
        twin = build_codec(dict(type=TYPE, num_keypoints=K, size=size))

        def whole(points: torch.Tensor, target: torch.Tensor, codec: Any = twin) -> Any:
            x, view = codec.encode(points, None, sample.scores, sample.camera)
            label, _ = codec.encode_target(target, view=view)
            return x, label, codec.decode(label**2, view=view)

        assert torch.autograd.gradcheck(whole, (keypoints, pose))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        x, view = twin.encode(keypoints.float(), None, None, sample.camera)
        assert x.dtype == view.dtype == twin.encode_target(pose.float(), view=view)[0].dtype
        assert x.dtype is torch.float32


def encode(**changes: Any) -> dict:
    """Encode a person 5 m before a camera, some of it changed."""
    pose = np.zeros((1, K, 3)) + [0.5, 0, 5]
    pose[0, :, 1] += np.linspace(0, 1, K)
    given = dict(keypoints=None, keypoints_visible=None, lifting_target=pose, camera_param=HERE)
    given.update(changes)
    if given['keypoints'] is None:
        given['keypoints'] = pose[..., :2] / pose[..., 2:] * 1100 + 500
    return CalibratedPoseLifting(K).encode(**given)


def camera(**changes: Any) -> dict:
    return dict(camera_param=dict(HERE, **changes))


WRONG = {
    'no camera': (dict(camera_param=None), 'and got no camera; set camera_param_file'),
    'size alone': (dict(camera_param=dict(w=9, h=9)), 'a camera with w, h alone'),
    'focal 0': (camera(f=[0, 0]), 'focal length of 0; give it in pixels, above 0'),
    'negative': (camera(f=[-1100, 1100]), 'focal length of -1100; give it in pixels, above 0'),
    'not finite': (camera(f=[np.nan, 1100]), 'nan.*9 finite numbers are needed'),
    'millimetres': (camera(f=[50, 50]), '50 px, 169 degrees across an image of 1000 px, which no'),
    'other unit': (camera(f=[1.1, 1.1]), 'in millimetres times the image'),
    'kilometres': (camera(f=[1e6, 1e6]), '0.0573 degrees'),
    'no size': (dict(camera_param=dict(f=[50, 50], c=[500, 500])), '169 degrees'),
    'other image': (camera(w=480, h=360), r'centre at \(500, 500\), outside of the image of 480'),
    'words': (camera(c=['a', 'b']), r"c = \['a', 'b'\]; 2 numbers are needed"),
    'three focals': (camera(f=[1, 1, 1]), r'f = \[1.0, 1.0, 1.0\]; 2 numbers'),
    'folds': (camera(k=[-4, 0, 0]), r'keypoints of the sample.*k1.* = -4, 0.*folds over'),
    'NaN': (
        dict(keypoints=np.full((1, K, 2), np.nan)),
        r'is \(nan, nan\); give pixels, and the sc',
    ),
    'behind': (dict(lifting_target=np.full((1, K, 3), -3.0)), 'depth of -3 m, behind the camera'),
    'elsewhere': (camera(c=[900, 500]), 'lies 20 degrees from its keypoint; the camera must be'),
}


@pytest.mark.parametrize('case', WRONG)
def test_wrong_input_is_told(case: str) -> None:
    encode()
    changes, sentence = WRONG[case]
    with pytest.raises(ValueError, match=sentence):
        encode(**changes)


def test_what_can_be_encoded_although_it_is_little() -> None:
    # larger than the image, which shows a part; where nothing was found lies anything
    pose = np.zeros((1, K, 3)) + [0, 0, 1.5]
    pose[0, :, 1] += np.linspace(-0.2, 1.5, K)
    pose -= pose[:, :1] - [0, 0, 1.5]
    large = encode(keypoints=pose[..., :2] / pose[..., 2:] * 1100 + 500, lifting_target=pose)
    assert np.isfinite(large['keypoint_labels']).all()
    one = np.zeros((1, K))
    one[0, 7] = 1
    keypoints = np.full((1, K, 2), np.nan)
    keypoints[0, 7] = 600, 700
    alone = encode(keypoints=keypoints, keypoints_visible=one)
    # it is what the camera looks at, and what has no place is put there
    np.testing.assert_allclose(alone['keypoint_labels'].reshape(K, 2), 0, atol=1e-6)
    nobody = encode(keypoints=keypoints * np.nan, keypoints_visible=np.zeros((1, K)))
    np.testing.assert_allclose(nobody['keypoint_labels'], 0, atol=1e-6)
    box = np.zeros((1, K))
    box[0, 5:9] = 1
    seen = encode(keypoints_visible=box)['keypoint_labels'].reshape(K, 2)[5:9]
    np.testing.assert_allclose(seen.max(0) + seen.min(0), 0, atol=1e-3)


def test_wrong_options_and_tensors_are_told() -> None:
    with pytest.raises(ValueError, match="size is 'big'; use one of keep, divide, apart"):
        CalibratedPoseLifting(K, size='big')
    with pytest.raises(ValueError, match="virtual_camera is 'body'; use one of clip, frame"):
        CalibratedPoseLifting(K, virtual_camera='body')
    with pytest.raises(ValueError, match="add 'target_root' to the meta_keys"):
        CalibratedPoseLifting(K).decode(np.zeros((1, K, 3)))
    twin, sample = build_codec(dict(type=TYPE, num_keypoints=K)), Sample(0)
    with pytest.raises(ValueError, match='needs the camera: pass intrinsics'):
        twin.encode(sample.keypoints)
    with pytest.raises(ValueError, match='pass view'):
        twin.encode_target(sample.pose)
    with pytest.raises(ValueError, match=r'view must be of shape \(3, 1 or 3, 3, 3\)'):
        twin.decode(sample.pose, view=torch.eye(3).expand(2, 1, 3, 3))
    with pytest.raises(ValueError, match='2 of the 3 frames of a sample are targets'):
        CalibratedPoseLifting(K, virtual_camera='frame').encode(
            sample.keypoints[0].numpy(), None, sample.pose[0, :2].numpy(), None, sample.params(0)
        )


def results_of(sample: Sample, i: int) -> dict:
    """A sample as MMPose's data sets give it."""
    return dict(
        keypoints=sample.keypoints[i].numpy(),
        keypoints_visible=np.ones(sample.keypoints.shape[1:3], np.float32),
        lifting_target=sample.pose[i].numpy(),
        lifting_target_visible=np.ones(sample.keypoints.shape[1:3], np.float32),
        camera_param=sample.params(i),
        flip_indices=FLIP,
    )


@FAST
@given(seed=SEEDS)
def test_random_flip_mirrors_the_camera_too(seed: int) -> None:
    sample = Sample(seed, clips=1, frames=1)
    results = RandomFlipWithCamera(1.0)(results_of(sample, 0))
    flipped = results['camera_param']
    rows = torch.from_numpy(np.concatenate([flipped[name].ravel() for name in 'fckp']))
    pose = torch.from_numpy(results['lifting_target'])
    torch.testing.assert_close(pose, flip_pose(sample.pose[0], FLIP))
    torch.testing.assert_close(project(pose, rows).numpy(), results['keypoints'])
    assert RandomFlipWithCamera(0.0)(results)['keypoints'] is results['keypoints']
    # MMPose's own leaves the camera as it is, which is noticed
    mmpose = TRANSFORMS.build(
        dict(type='RandomFlipAroundRoot', keypoints_flip_cfg={}, target_flip_cfg={}, flip_prob=1.0)
    )
    step = TRANSFORMS.build(dict(type='GenerateTarget', encoder=dict(type=TYPE, num_keypoints=K)))
    with pytest.raises(ValueError, match='use RandomFlipWithCamera in place of RandomFlipAroundR'):
        step(mmpose(results_of(sample, 0)))


def test_wrong_flips_are_told() -> None:
    with pytest.raises(ValueError, match='flip_prob is 2'):
        RandomFlipWithCamera(2)
    with pytest.raises(ValueError, match='the sample has none with c and w'):
        RandomFlipWithCamera(1.0)(dict(results_of(Sample(0), 0), camera_param=dict(w=5)))


@pytest.mark.parametrize('cfg', [{}, dict(remove_root=True), dict(virtual_camera='frame')])
@pytest.mark.parametrize('frames', [1, 9])
def test_mmposes_own_head_and_the_adapter_agree(cfg: dict, frames: int) -> None:
    """Through GenerateTarget, PackPoseInputs and a plain PoseLifter; its losses too."""
    cfg = dict(cfg, type=TYPE, num_keypoints=K)
    kernels = (3, 3) if frames == 9 else (1, 1)
    init_default_scope('mmpose')
    model = MODELS.build(
        dict(
            type='PoseLifter',
            backbone=dict(
                type='TCN', in_channels=34, stem_channels=16, num_blocks=1, kernel_sizes=kernels
            ),
            head=dict(
                type='TemporalRegressionHead',
                in_channels=16,
                num_joints=K - ('remove_root' in cfg),
                loss=dict(type='MPJPELoss'),
                decoder=cfg,
            ),
        )
    ).eval()
    sample = Sample(0, clips=4, frames=frames)
    target = sample.pose[:, frames // 2 : frames // 2 + 1]
    steps = [
        TRANSFORMS.build(dict(type='GenerateTarget', encoder=cfg)),
        TRANSFORMS.build(dict(type='PackPoseInputs', meta_keys=('target_root',))),
    ]
    packed = []
    for i in range(4):
        results = dict(results_of(sample, i), lifting_target=target[i].numpy())
        results['lifting_target_visible'] = np.ones((1, K), np.float32)
        for step in steps:
            results = step(results)
        packed.append(results)
    inputs = torch.stack([each['inputs'] for each in packed])
    samples = [each['data_samples'] for each in packed]
    adapter = LifterAdapter(model, build_codec(cfg))
    ours = (sample.keypoints.float(), None, None, sample.camera.float())
    loss = model.loss(inputs, samples)
    mine = adapter.loss(ours[0], target.float(), intrinsics=ours[3])
    torch.testing.assert_close(mine['loss_pose3d'], loss['loss_pose3d'], rtol=1e-5, atol=1e-6)
    pose = adapter.predict(*ours)[:, 0]
    found = np.stack([each.pred_instances.keypoints[0] for each in model.predict(inputs, samples)])
    found = torch.from_numpy(found) - target[:, 0, :1].float()
    torch.testing.assert_close(found - found[:, :1], pose, rtol=0, atol=3e-5)
    with pytest.raises(
        ValueError, match='The codec has causal=True, but the lifter predicts the c'
    ):
        LifterAdapter(model, build_codec(dict(cfg, causal=True)))


def test_heads_that_hand_over_no_rotation_are_refused() -> None:
    cfg = dict(type=TYPE, num_keypoints=K, reshape_keypoints=False, concat_vis=True)
    init_default_scope('mmpose')
    backbone = dict(type='DSTFormer', in_channels=3, feat_size=8, depth=1, num_heads=2, seq_len=4)
    head = dict(type='MotionRegressionHead', in_channels=8, embedding_size=8, decoder=cfg)
    model = MODELS.build(dict(type='PoseLifter', backbone=backbone, head=head))
    with pytest.raises(ValueError, match='a MotionRegressionHead, which hands its decoder no targ'):
        LifterAdapter(model, build_codec(cfg))
