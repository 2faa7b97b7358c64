# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Bone-length banks: measured, given, or the paper's five people."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from mmposeaug.datasets import PoseBank, build_bone_length_bank
from mmposeaug.datasets.bone_length_bank import measure_bone_lengths
from mmposeaug.fileio import save_npz
from mmposeaug.geometry import bone_lengths, replace_bone_lengths
from mmposeaug.structures import H36M_16, H36M_17, Skeleton


@pytest.fixture
def bank(make_bank) -> PoseBank:
    """Poses of two people with known bones, and a few outliers."""
    made = make_bank(60)
    pose = replace_bone_lengths(made.pose_cam, lengths_of_two()[made.subject_index], H36M_17)
    pose[:5] *= 2
    return dataclasses.replace(made, pose_cam=pose)


def lengths_of_two() -> torch.Tensor:
    """Two rows of bone lengths."""
    return torch.linspace(0.1, 0.5, 32).reshape(2, 16)


def test_measured_lengths_are_medians_by_subject(bank):
    torch.testing.assert_close(measure_bone_lengths(bank), lengths_of_two(), rtol=1e-4, atol=1e-5)
    for cfg in (None, 'measured'):
        made = build_bone_length_bank(cfg, bank)
        assert made.names == ('S1', 'S5')
        torch.testing.assert_close(made.lengths, lengths_of_two(), rtol=1e-4, atol=1e-5)


def test_preset_is_the_reference_bank(golden):
    with np.load(golden) as file:
        if file['swap/bank'].shape != (5, 15):
            pytest.skip('the reference file has another bank')
        expected = torch.from_numpy(file['swap/bank']).float()
    made = build_bone_length_bank('poseaug_h36m', skeleton=H36M_16)
    torch.testing.assert_close(made.lengths, expected, atol=1e-4, rtol=0)


def test_preset_is_symmetric_and_human():
    lengths = build_bone_length_bank('poseaug_h36m', skeleton=H36M_16).lengths
    for left, right in H36M_16.bone_pairs:
        assert torch.equal(lengths[:, left], lengths[:, right])
    upright = ('right_knee', 'right_foot', 'spine', 'thorax', 'head')
    height = lengths[:, [H36M_16.bone_names.index(name) for name in upright]].sum(1)
    assert ((height > 1.45) & (height < 1.8)).all()


def test_preset_on_17_joints_shares_the_head_bone_as_the_poses_do(make_bank):
    poses = make_bank(30)
    made = build_bone_length_bank('poseaug_h36m', poses)
    paper = build_bone_length_bank('poseaug_h36m', skeleton=H36M_16)
    for name in H36M_16.bone_names:
        if name != 'head':
            ours = made.lengths[:, H36M_17.bone_names.index(name)]
            assert torch.equal(ours, paper.lengths[:, H36M_16.bone_names.index(name)])
    thorax, head = H36M_17.index('thorax'), H36M_17.index('head')
    distance = (poses.pose_cam[:, thorax] - poses.pose_cam[:, head]).norm(dim=-1).median()
    measured = bone_lengths(poses.pose_cam, H36M_17).median(0).values
    for name in ('neck_base', 'head'):
        bone = H36M_17.bone_names.index(name)
        expected = paper.lengths[:, H36M_16.bone_names.index('head')] * measured[bone] / distance
        torch.testing.assert_close(made.lengths[:, bone], expected)


def test_preset_says_what_it_does_not_know():
    with pytest.raises(ValueError, match='head, neck_base of .*give a pose_bank'):
        build_bone_length_bank('poseaug_h36m', skeleton=H36M_17)
    other = Skeleton('stick', ('root', 'tip'), (-1, 0), ())
    with pytest.raises(ValueError, match="bone from 'root' to 'right_hip'.*'stick'"):
        build_bone_length_bank('poseaug_h36m', skeleton=other)
    tail = Skeleton(
        'tailed', (*H36M_16.joint_names, 'tail'), (*H36M_16.parents, 0), H36M_16.joint_pairs
    )
    with pytest.raises(ValueError, match=r"nothing of the bones \['tail'\]"):
        build_bone_length_bank('poseaug_h36m', skeleton=tail)


def test_given_lengths_of_every_kind_agree(tmp_path):
    lengths = lengths_of_two().numpy()
    np.save(tmp_path / 'bank.npy', lengths)
    order = np.random.default_rng(0).permutation(16)
    save_npz(
        tmp_path / 'bank.npz',
        dict(
            lengths=lengths[:, order],
            bone_names=np.array(H36M_17.bone_names)[order],
            subjects=np.array(['Ann', 'Bob']),
        ),
    )
    files = (str(tmp_path / name) for name in ('bank.npy', 'bank.npz'))
    for cfg in (lengths, lengths.tolist(), torch.from_numpy(lengths), *files):
        made = build_bone_length_bank(cfg, skeleton=H36M_17)
        assert torch.equal(made.lengths, lengths_of_two())
    assert made.names == ('Ann', 'Bob')


def test_drawing_is_seeded_and_covers_all_people(device):
    made = build_bone_length_bank(lengths_of_two(), skeleton=H36M_17).to(device)
    drawn = [made.draw(50, torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*drawn) and drawn[0].device.type == device.type
    rows = {tuple(row) for row in drawn[0].tolist()}
    assert rows == {tuple(row) for row in made.lengths.tolist()}


@pytest.mark.parametrize(
    ('value', 'message'),
    [
        (0.0, "length 0 for the bone 'right_foot' of person 1"),
        (-0.1, 'length -0.1'),
        (np.nan, 'length nan'),
        (np.inf, 'length inf'),
    ],
)
def test_impossible_lengths_are_named(value, message):
    lengths = lengths_of_two()
    lengths[1, 2] = value
    with pytest.raises(ValueError, match=message):
        build_bone_length_bank(lengths, skeleton=H36M_17)


def test_other_bad_banks_are_named(tmp_path):
    build = build_bone_length_bank
    with pytest.raises(ValueError, match=r'shape \(2, 15\).*\(S, 16\)'):
        build(lengths_of_two()[:, :15], skeleton=H36M_17)
    with pytest.raises(ValueError, match='millimetres'):
        build(lengths_of_two() * 1000, skeleton=H36M_17)
    with pytest.raises(KeyError, match="'nobody'.*'poseaug_h36m'"):
        build('nobody', skeleton=H36M_17)
    with pytest.raises(FileNotFoundError, match='no.npy'):
        build(str(tmp_path / 'no.npy'), skeleton=H36M_17)
    with pytest.raises(ValueError, match='need a pose_bank'):
        build(None, skeleton=H36M_17)
    save_npz(tmp_path / 'x.npz', dict(a=np.ones(2)))
    with pytest.raises(ValueError, match="no 'lengths'"):
        build(str(tmp_path / 'x.npz'), skeleton=H36M_17)
    save_npz(tmp_path / 'x.npz', dict(lengths=np.ones((1, 1)), bone_names=np.array(['head'])))
    with pytest.raises(ValueError, match='lacks .*right_hip'):
        build(str(tmp_path / 'x.npz'), skeleton=H36M_17)
