# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Joints in another order than the metainfo's are told by their bones; no other data is."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from mmpose.registry import DATASETS

from mmposeaug.datasets import load_pose_bank
from mmposeaug.datasets.joint_order import check_joint_order
from mmposeaug.datasets.projection_check import check_projection
from mmposeaug.geometry import bones_to_joints
from mmposeaug.structures import H36M_16, H36M_17, Skeleton, stature_ratios

SIDES_SWAPPED = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]
LIMBS_SWAPPED = [0, 14, 15, 16, 11, 12, 13, 7, 8, 9, 10, 4, 5, 6, 1, 2, 3]


def make_people(count: int = 400, skeleton: Skeleton = H36M_17, spread: float = 0.05) -> Any:
    """Bodies of published proportions, about standing, each bone measured anew in each frame."""
    generator = torch.Generator().manual_seed(0)
    ratios = torch.tensor([each or 0.1 for each in stature_ratios(skeleton)])
    up = torch.tensor([0.0, -1.0, 0.0])
    axes = {'left': [1.0, 0, 0], 'right': [-1.0, 0, 0]}
    rest = []
    for child, parent in skeleton.bones:
        side = skeleton.sides[child]
        if not side:
            rest.append(up)
        elif not skeleton.sides[parent]:
            rest.append(torch.tensor(axes[side]))
        else:
            rest.append(-up)
    turned = torch.stack(rest) + 0.4 * torch.randn(count, len(rest), 3, generator=generator)
    noise = 1 + spread * torch.randn(count, len(rest), 1, generator=generator)
    bones = 1.7 * ratios[:, None] * noise * turned / turned.norm(dim=-1, keepdim=True)
    return bones_to_joints(bones, skeleton, torch.tensor([0.0, 0.0, 4.0]).expand(count, 3))


def verdict(pose: torch.Tensor, skeleton: Skeleton, lines: list[str]) -> str:
    lines.clear()
    try:
        check_joint_order(pose, None, skeleton, 'the file')
    except ValueError as error:
        assert str(error).startswith('the file has bones whose left and right differ: ')
        return 'refused'
    return 'warned of' if lines else 'taken'


@pytest.mark.parametrize('skeleton', [H36M_17, H36M_16])
def test_people_are_taken_in_any_unit(skeleton, log_lines):
    people = make_people(skeleton=skeleton)
    for factor in (1, 1000, 0.01):
        assert verdict(factor * people, skeleton, log_lines) == 'taken'
    relative = people - people[:, :1]
    assert verdict(relative, skeleton, log_lines) == 'taken'


def test_a_head_at_the_neck_is_taken(log_lines):
    """As one made of the ears, where a detector finds no other joint of the head."""
    people = make_people()
    neck, head = (H36M_17.index(name) for name in ('neck_base', 'head'))
    people[:, head] = people[:, neck] + 0.1 * (people[:, head] - people[:, neck])
    assert verdict(people, H36M_17, log_lines) == 'taken'


def test_other_orders_are_refused_or_warned_of(log_lines):
    people = make_people()
    rng = np.random.default_rng(0)
    found = Counter(verdict(people[:, rng.permutation(17)], H36M_17, log_lines) for _ in range(100))
    assert found['taken'] == 0 and found['refused'] > 80
    assert verdict(people[:50, rng.permutation(17)], H36M_17, log_lines) == 'warned of'  # too few
    assert verdict(people[:, LIMBS_SWAPPED], H36M_17, log_lines) == 'warned of'
    assert (
        'too long for a person: root to ' in log_lines[0] and 'reorder S and part' in log_lines[0]
    )
    # mirrored bodies have the same bones: nothing tells
    assert verdict(people[:, SIDES_SWAPPED], H36M_17, log_lines) == 'taken'
    with pytest.raises(ValueError) as caught:
        check_joint_order(people.flip(1), None, H36M_17, 'the file')
    assert "metainfo 'h36m_17' has them (root, right_hip, right_knee, right_foot, ...)" in str(
        caught.value
    )


def test_what_is_no_person_is_warned_of_at_most(log_lines):
    names = ('body', 'left_paw', 'right_paw', 'left_hoof', 'right_hoof')
    crab = Skeleton('crab', names, (-1, 0, 0, 1, 2), ((1, 2), (3, 4)))
    rng = np.random.default_rng(0)
    pose = np.zeros((300, 5, 3)) + rng.normal(scale=0.01, size=(300, 5, 3))
    pose[:, 1:] += np.array([[3, 0, 0], [-1, 0, 0], [6, 0, 0], [-2, 0, 0]])  # one claw is larger
    assert verdict(torch.from_numpy(pose), crab, log_lines) == 'warned of'
    hand = Skeleton('hand', ('wrist', 'thumb', 'finger'), (-1, 0, 0))
    assert verdict(torch.from_numpy(pose[:, :3]), hand, log_lines) == 'taken'


def test_joints_that_are_not_visible_do_not_count(log_lines):
    people = make_people()
    visible = torch.ones(people.shape[:2])
    people[:, [2, 3]] = 50.0
    assert verdict(people, H36M_17, log_lines) == 'refused'
    visible[:, [2, 3]] = 0
    check_joint_order(people, visible, H36M_17, 'the file')
    people[:, [2, 3]] = float('nan')
    check_joint_order(people, visible, H36M_17, 'the file')
    check_joint_order(people, torch.zeros_like(visible), H36M_17, 'the file')


def test_readers_look(sample, log_lines):
    pose = make_people(len(sample.arrays['S']))
    order = np.random.default_rng(1).permutation(17)
    arrays = {name: sample.arrays[name] for name in ('S', 'part')}
    arrays['S'] = np.concatenate([pose.numpy(), arrays['S'][..., 3:]], -1)
    name = sample.write('other.npz', **{k: v[:, order] for k, v in arrays.items()})
    for kind in ('Human36mDataset', 'MocapDataset'):
        with pytest.raises(ValueError, match='other.npz.*whose left and right differ'):
            load_pose_bank(sample.cfg(type=kind, ann_file=name))
    with pytest.raises(ValueError, match='other.npz.*whose left and right differ'):
        DATASETS.build(sample.cfg(type='MocapDataset', ann_file=name, pipeline=[]))


def test_2d_in_another_order_than_the_3d(make_bank):
    bank = make_bank(200)
    order = np.random.default_rng(1).permutation(17)
    for chosen in (order, SIDES_SWAPPED):
        spoilt = dataclasses.replace(bank, keypoints_px=bank.keypoints_px[:, chosen])
        with pytest.raises(ValueError, match='joints of the 2D stand in another order') as caught:
            check_projection(spoilt)
        assert 'would leave 0.00 px' in str(caught.value)
    assert "the 2D has 'left_hip' where 'right_hip' is projected to and 11 more" in str(
        caught.value
    )


def test_motion_capture_is_taken(shared_dir, log_lines):
    """Whole files, each subject alone, and what a detector found in videos."""
    for name in ('source_train', 'source_test', 'target_dev'):
        arrays = np.load(shared_dir / 'data' / 'mocap' / f'{name}.npz')
        pose = torch.from_numpy(arrays['S'][..., :3])
        subjects = np.array([each.split('_')[0] for each in arrays['imgname']])
        for rows in (slice(None), *(subjects == s for s in np.unique(subjects))):
            assert verdict(pose[rows], H36M_17, log_lines) == 'taken'
    log_lines.clear()
    cfg = dict(ann_file='reference.npz', camera_param_file='cameras.json', pipeline=[])
    folder = str(shared_dir / 'data' / 'realvideo')
    DATASETS.build(dict(cfg, type='MultiCameraDataset', data_root=folder))
    assert not [line for line in log_lines if 'another order' in line]
