# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Alignments and scores against MMPose's, and where MMPose's are not defined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmpose.evaluation.functional import keypoint_mpjpe, keypoint_pck_accuracy
from scipy.spatial.transform import Rotation

from mmposeaug.evaluation import auc, joint_errors, pck, procrustes_align, root_align, scale_align


def make_poses(seed: int, count: int = 40, joints: int = 17) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    gt = rng.normal(scale=300, size=(count, joints, 3))
    return gt + rng.normal(scale=90, size=gt.shape), gt


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), joints=st.integers(4, 20))
def test_errors_equal_mmpose_where_all_joints_are_visible(seed: int, joints: int):
    pred, gt = make_poses(seed, joints=joints)
    mask = np.ones(pred.shape[:2], dtype=bool)
    ours = {
        'none': pred,
        'scale': scale_align(pred, gt, mask),
        'procrustes': procrustes_align(pred, gt, mask),
    }
    for alignment, aligned in ours.items():
        expected = keypoint_mpjpe(pred, gt, mask, alignment)
        assert joint_errors(aligned, gt).mean() == pytest.approx(expected, rel=1e-9)
    accuracy = keypoint_pck_accuracy(pred, gt, mask, 150, np.ones((len(pred), 3)))[1]
    assert pck(joint_errors(pred, gt), 150) == pytest.approx(accuracy * 100)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.1, 10), reflect=st.booleans())
def test_procrustes_undoes_similarities_but_not_reflections(seed: int, scale: float, reflect: bool):
    _, gt = make_poses(seed, count=3)
    rotation = Rotation.random(random_state=seed).as_matrix()
    moved = scale * gt @ rotation.T + [100.0, -20.0, 4000.0]
    if reflect:
        moved = moved * [-1.0, 1.0, 1.0]
    errors = joint_errors(procrustes_align(moved, gt, np.ones(gt.shape[:2], bool)), gt)
    if reflect:
        assert errors.mean() > 10
    else:
        assert errors.max() < 1e-6


def test_procrustes_looks_at_masked_joints_only():
    pred, gt = make_poses(0)
    mask = np.random.default_rng(1).random(pred.shape[:2]) > 0.3
    aligned = procrustes_align(pred, gt, mask)
    wild = np.where(mask[..., None], gt, 1e6)
    np.testing.assert_allclose(procrustes_align(pred, wild, mask)[mask], aligned[mask])
    one = procrustes_align(pred[:1, mask[0]], gt[:1, mask[0]], np.ones((1, mask[0].sum()), bool))
    np.testing.assert_allclose(aligned[0, mask[0]], one[0])


@pytest.mark.parametrize('pose', ['point', 'line'])
def test_degenerate_predictions_stay_finite(pose: str):
    _, gt = make_poses(0, count=2)
    pred = np.zeros_like(gt)
    if pose == 'line':
        pred[..., 0] = np.arange(gt.shape[1])
    mask = np.ones(gt.shape[:2], dtype=bool)
    aligned = procrustes_align(pred, gt, mask)
    assert np.isfinite(aligned).all()
    spread = joint_errors(gt, gt.mean(axis=1, keepdims=True)).mean()
    error = joint_errors(aligned, gt).mean()
    assert error == pytest.approx(spread) if pose == 'point' else error < spread
    assert np.isfinite(scale_align(pred, gt, mask)).all()


def test_scale_align_finds_the_best_scale():
    pred, gt = make_poses(2)
    pred, gt = root_align(pred, [0]), root_align(gt, [0])
    mask = np.ones(gt.shape[:2], dtype=bool)
    best = ((scale_align(pred, gt, mask) - gt) ** 2).sum(axis=(1, 2))
    for factor in (0.99, 1.01):
        assert (((factor * scale_align(pred, gt, mask)) - gt) ** 2).sum(axis=(1, 2)).min() > 0
        assert (best <= ((factor * scale_align(pred, gt, mask) - gt) ** 2).sum(axis=(1, 2))).all()


def test_root_align_by_the_mean_of_two_joints():
    pred, _ = make_poses(3)
    aligned = root_align(pred, [1, 4])
    np.testing.assert_allclose(aligned[:, [1, 4]].mean(axis=1), 0, atol=1e-9)


def test_auc_is_the_mean_of_pck():
    errors = np.random.default_rng(0).uniform(0, 300, 1000)
    errors[:5] = [0, 5, 50, 150, 145]
    thresholds = np.arange(0, 151, 5)
    assert auc(errors, thresholds) == pytest.approx(np.mean([pck(errors, t) for t in thresholds]))
