# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The bank as tensors: gathering, moving, joining, and what it refuses."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch

from mmposeaug.datasets import CameraSet, PoseBank, VideoIndex, WindowRule, make_pose_bank
from mmposeaug.structures import H36M_16, H36M_17


def test_gather_is_indexing(make_bank, device):
    bank = make_bank().to(device)
    index = torch.tensor([3, 0, 17, 3], device=device)
    batch = bank.gather(index)
    assert len(bank) == 18 and len(batch) == 4 and bank.num_frames == 3
    for row, i in enumerate(index.tolist()):
        frames = slice(i, i + 3)
        camera = bank.camera_index[i]
        assert torch.equal(batch.keypoints_px[row], bank.keypoints_px[frames])
        assert torch.equal(batch.pose_cam[row], bank.pose_cam[frames])
        assert torch.equal(batch.intrinsics[row], bank.cameras.intrinsics[camera])
        assert torch.equal(batch.image_size[row], bank.cameras.image_size[camera])
    assert batch.keypoint_scores.shape == batch.pose_visible.shape == (4, 3, 17)
    assert batch.pose_cam.device.type == device.type == bank.cameras.intrinsics.device.type


def test_arrays_alone_make_one_sample_a_frame(make_bank):
    made = make_bank(5)
    one = CameraSet(made.cameras.intrinsics[:1], made.cameras.image_size[:1], (('me', 'a'),))
    keypoints, pose = made.keypoints_px.double().numpy(), made.pose_cam.double().numpy()
    bank = make_pose_bank(keypoints, pose, one, H36M_17, check=False)
    assert len(bank) == 5 and bank.gather(torch.arange(5)).pose_cam.shape == (5, 1, 17, 3)
    assert bank.pose_cam.dtype == torch.float32 and bool((bank.keypoint_scores == 1).all())
    assert 'PoseBank(5 samples of 1 frames' in repr(bank)


def test_clips_beyond_the_ends_of_a_video_are_checked_and_gathered(make_bank):
    rule, one = WindowRule(seq_len=5, causal=False, pad_video_seq=True), ('S1', 'Walk', 'a')
    _, windows = rule.build(VideoIndex((one,), np.zeros(20, int))).compact(20)
    bank = make_bank(windows=windows, target_frames=rule.target_frames)  # which checks it
    shown = bank.gather(torch.tensor([0, 10, 19])).pose_cam
    frames = [[0, 0, 0, 1, 2], [8, 9, 10, 11, 12], [17, 18, 19, 19, 19]]
    assert torch.equal(shown, bank.pose_cam[torch.tensor(frames)])
    assert bank.target_rows().tolist() == list(range(20)) and bank.windows.rows is None


def test_joined_banks_keep_samples_and_merge_people(make_bank):
    first, second = make_bank(), make_bank(10, ('S5', 'S11'))
    joined = PoseBank.concat([first, second])
    assert len(joined) == len(first) + len(second)
    assert joined.subjects == ('S1', 'S11', 'S5')
    people = [[bank.subjects[i] for i in bank.subject_index] for bank in (first, second, joined)]
    assert people[0] + people[1] == people[2]
    for offset, bank in ((0, first), (len(first), second)):
        index = torch.arange(len(bank))
        theirs, ours = bank.gather(index), joined.gather(index + offset)
        for field in fields(ours):
            assert torch.equal(getattr(theirs, field.name), getattr(ours, field.name))


def test_scores_that_are_equal_are_held_once(make_bank, device):
    ones, halves = torch.ones(20, 17), torch.full((20, 17), 0.5)
    other = ones.clone()
    other[19, 16] = 0
    for scores, same in ((None, True), (ones, True), (halves, True), (other, False)):
        bank = make_bank(keypoint_scores=scores).to(device)
        expected = (ones if scores is None else scores).to(device)
        assert torch.equal(bank.keypoint_scores, expected)
        assert (bank.keypoint_scores.untyped_storage().nbytes() == 4) is same
        index = torch.tensor([17, 2], device=device)
        taken = bank.gather(index).keypoint_scores
        assert torch.equal(taken, expected[bank.windows.frames_of(index)])
        assert taken.is_contiguous() and taken.untyped_storage().nbytes() == 4 * taken.numel()
    for pair, same in (((ones, ones), True), ((ones, halves), False), ((other, ones), False)):
        joined = PoseBank.concat([make_bank(keypoint_scores=each) for each in pair])
        assert torch.equal(joined.keypoint_scores, torch.cat(pair))
        assert (joined.keypoint_scores.untyped_storage().nbytes() == 4) is same


def test_target_frames_are_counted_from_the_first(make_bank):
    assert make_bank(target_frames=(-1,)).target_frames == (2,)
    assert make_bank(target_frames=[0, -2]).target_frames == (0, 1)
    bank = make_bank()
    arrays = (bank.keypoints_px, bank.pose_cam, bank.cameras, H36M_17, bank.camera_index)
    assert make_pose_bank(*arrays).target_frames == (0,)


def test_banks_that_do_not_fit_are_not_joined(make_bank):
    with pytest.raises(ValueError, match='differ in target_frames'):
        PoseBank.concat([make_bank(), make_bank(target_frames=(2,))])


def edited(field, index, value):
    """Exchanges one entry of an array of a bank."""

    def edit(bank):
        values = getattr(bank, field).clone()
        values[index] = value(bank) if callable(value) else value
        return {field: values}

    return edit


def scaled(factor, offset=lambda pose: 0):
    """Exchanges the 3D by a multiple of itself."""
    return lambda bank: dict(pose_cam=(bank.pose_cam - offset(bank.pose_cam)) * factor)


def given(**changes):
    """Exchanges whole arguments."""
    return lambda bank: changes


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (given(skeleton=H36M_16), "has 17 joints, but the metainfo 'h36m_16' describes 16"),
        (given(keypoints_px=torch.zeros(20, 16, 2)), r'2D keypoints of shape \(20, 16, 2\)'),
        (edited('pose_cam', (4, 3, 1), np.nan), "3D .*NaN.*'right_foot' in frame 4;"),
        (
            edited('keypoints_px', (slice(2, 7), 10), np.inf),
            "2D .*'head' in frame 2 and in 4 other",
        ),
        (edited('keypoint_scores', (4, 3), np.nan), "2D score.*NaN.*'right_foot' in frame 4;"),
        (edited('pose_visible', (5, 3), np.inf), "3D visibility.*'right_foot' in frame 5;"),
        (given(target_frames=(3,)), r'target_frames of my data are \(3,\).*have 3 frames.*0 to 2'),
        (given(target_frames=()), r'target_frames of my data are \(\)'),
        (edited('pose_cam', (4, 3, 2), -1.0), "behind the camera.*'right_foot' in frame 4"),
        (scaled(1000), 'seems to be in millimetres; divide it by 1000'),
        (scaled(100), 'seems to be in centimetres; divide it by 100'),
        (scaled(1e-3), 'normalised'),
        (scaled(1, lambda pose: pose[:, :1]), 'root-relative'),
        (
            edited('pose_cam', (4, 3), lambda bank: bank.pose_cam[4, 2]),
            "bone without length.*'right_foot' in frame 4",
        ),
        (given(camera_index=torch.full((20,), 99)), 'camera_index.*99 to 99.*0 to 5'),
        (given(subject_index=torch.zeros(19)), '19 entries for 20 poses'),
        (given(windows=torch.zeros(0, 3)), 'windows'),
        (given(keypoint_scores=torch.ones(20)), 'keypoint_scores'),
        (given(pose_cam=torch.zeros(0, 17, 3), keypoints_px=torch.zeros(0, 17, 2)), 'no poses'),
    ],
)
def test_bad_data_is_refused_in_one_sentence(make_bank, change, message):
    changes = change(make_bank())
    with pytest.raises(ValueError, match=message) as caught:
        make_bank(**changes, source='my data')
    assert '\n' not in str(caught.value) and 'my data' in str(caught.value)


def test_checks_can_be_left_out(make_bank):
    bank = make_bank(check=False, **edited('pose_cam', (4, 3, 1), np.nan)(make_bank()))
    assert bank.pose_cam.isnan().any()
