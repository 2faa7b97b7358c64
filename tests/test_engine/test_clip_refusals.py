# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Clips that lifter, codec and data sets do not agree on: one sentence when the loop is built."""

from __future__ import annotations

import copy
import logging
import re
from uuid import uuid4

import pytest
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from train_runs import BATCH_SIZE, CODEC, PIPELINE, make_runner, train_cfg

from mmposeaug.codecs import LifterAdapter, build_codec, find_train_codec
from mmposeaug.datasets import PoseBank, load_pose_bank
from mmposeaug.engine import TensorTrainLoop
from mmposeaug.engine.lifter_checks import check_eval_clips, check_lifter
from mmposeaug.structures import H36M_17

TRAIN, VAL = 'train_dataloader.dataset.', 'val_dataloader.dataset.'
BACKBONE, HEAD = 'model.backbone.', 'model.head.'
BANKS: dict[str, PoseBank] = {}
LOOP = dict(type='TensorTrainLoop', max_epochs=1)


def clips(frames, data=TRAIN, **options):
    """Options of a data set with clips around their middle frame."""
    options = dict(dict(seq_len=frames, causal=False, pad_video_seq=True), **options)
    return {data + name: value for name, value in options.items()}


def pipeline(encoder, data=TRAIN):
    """A data set whose pipeline has another codec."""
    return {data + 'pipeline': [dict(type='GenerateTarget', encoder=encoder), PIPELINE[2]]}


NINE = {**clips(9), **clips(9, VAL), BACKBONE + 'kernel_sizes': (3, 3, 1)}
IMAGE = dict(CODEC, type='ImagePoseLifting')
IMAGE.pop('zero_center')
LABEL = dict(type='MotionBERTLabel', num_keypoints=17, concat_vis=True, mode='train')
BERT = {
    'model.backbone': dict(
        type='DSTFormer', in_channels=3, feat_size=16, depth=1, num_heads=2, seq_len=6
    ),
    'model.head': dict(
        type='MotionRegressionHead',
        in_channels=16,
        embedding_size=16,
        loss=dict(type='MPJPEVelocityJointLoss'),
        decoder=LABEL,
    ),
    **pipeline(LABEL),
    **pipeline(LABEL, VAL),
    TRAIN + 'multiple_target': 4,
    VAL + 'multiple_target': 4,
}


def config(root, tmp_path, changes):
    """A config; parts of the model that are given whole replace the old ones."""
    cfg = train_cfg(root, tmp_path, LOOP)
    for name in changes:
        if re.fullmatch(r'model\.\w+', name):
            cfg.model[name.partition('.')[2]] = {}
    cfg.merge_from_dict(changes)
    return cfg


def check(cfg):
    """What a loop reads and checks when it is built, without the runner; the training set."""
    dataset = cfg.train_dataloader.dataset
    key = str({name: value for name, value in dataset.items() if name != 'pipeline'})
    if key not in BANKS:
        BANKS[key] = load_pose_bank(dataset, H36M_17, check=False)
    bank = BANKS[key]
    lifter = MODELS.build(cfg.model)
    adapter = LifterAdapter(lifter, build_codec(find_train_codec(dataset.pipeline)))
    check_lifter(bank, adapter, TensorTrainLoop._loss)
    check_eval_clips(cfg, 'val', lifter)
    return bank


CASES = [
    # what is changed, what the sentence says is wrong, and what to do
    ({**NINE, TRAIN + 'seq_len': '9'}, "^seq_len is '9'", 'a whole number from 1'),
    ({**NINE, VAL + 'seq_len': 9.0}, 'val_dataloader.dataset: seq_len is 9.0', 'a whole number'),
    ({**NINE, **clips(99, pad_video_seq=False)}, 'No video of .* has the 99 frames', 'pad_video'),
    ({**NINE, **clips(10)}, 'needs an odd seq_len, got 10', 'odd'),
    ({**BERT, TRAIN + 'multiple_target': 99}, 'has the 99 frames', 'lower multiple_target'),
    # frames of the backbone
    ({**NINE, BACKBONE + 'kernel_sizes': (3, 3, 3)}, 'sees 27 frame.*gives 9', 'seq_len=27'),
    ({**NINE, BACKBONE + 'kernel_sizes': (3, 1, 1)}, 'sees 3 frame.*gives 9', 'product is 9'),
    (
        {
            **NINE,
            **clips(4, pad_video_seq=False),
            BACKBONE + 'use_stride_conv': True,
            BACKBONE + 'kernel_sizes': (3, 1, 1),
        },
        'sees 3 frame.*gives 4',  # which strides would take, and be one frame off
        'seq_len=3 in the data set.$',
    ),
    (
        {**NINE, BACKBONE + 'use_stride_conv': True, BACKBONE + 'kernel_sizes': (3, 1, 1)},
        'sees 3 frame.*gives 9',
        'seq_len=3',
    ),
    ({**BERT, BACKBONE + 'seq_len': 3}, 'at most 3 frames .*gives 4', 'multiple_target=3'),
    ({**NINE, **clips(5, VAL)}, 'val_dataloader.*sees 9 frame.*gives 5', 'seq_len=9'),
    ({**NINE, **clips(27, VAL)}, 'val_dataloader.*sees 9 frame.*gives 27', 'seq_len=9'),
    ({**BERT, VAL + 'multiple_target': 8}, 'val_dataloader.*at most 6', 'multiple_target=6'),
    (
        {**NINE, 'val_cfg.sets': dict(one=None, two=dict(seq_len=3))},
        "The set 'two' of val_cfg.sets.*gives 3",
        'seq_len=9',
    ),
    # the frame that is predicted
    ({**NINE, TRAIN + 'causal': True}, r'\[4\] of 9, .*\[8\]', "'causal' of the data set"),
    ({**NINE, BACKBONE + 'causal': True}, r'\[8\] of 9, .*\[4\]', "'causal' of the data set"),
    ({**NINE, VAL + 'causal': True}, r'val_dataloader.*\[8\]', "'causal' of the data set"),
    (
        {**NINE, **clips(1, multiple_target=5, pad_video_seq=False)},
        r'\[2\] of 5, .* 0 to 4',
        'multiple_target=0 and seq_len=5',
    ),
    # joints
    ({**NINE, **pipeline(dict(CODEC, num_keypoints=16))}, '16 keypoints.*17 joints', 'num_keypoi'),
    ({**NINE, HEAD + 'num_joints': 16}, 'num_joints=16.*17 joints', 'num_joints=17'),
    ({**NINE, BACKBONE + 'in_channels': 32}, 'in_channels=32.*34 values', 'in_channels=34'),
    ({**NINE, HEAD + 'in_channels': 32}, 'in_channels=32.*16 by the backbone', 'in_channels=16'),
    ({**NINE, HEAD + 'decoder.remove_root': True}, 'remove_root=True.*=False', 'the same codec'),
    ({**NINE, HEAD + 'decoder.num_keypoints': 16}, 'num_keypoints=16.*=17', 'the same codec'),
    ({**NINE, **pipeline(IMAGE)}, 'by VideoPoseLifting.*by ImagePoseLifting', 'the same codec'),
    ({**NINE, **pipeline(IMAGE, VAL)}, 'val_dataloader.*ImagePoseLifting', 'the same codec'),
    ({**BERT, BACKBONE + 'in_channels': 2}, 'in_channels=2.*3 values', 'in_channels=3'),
    ({**BERT, BACKBONE + 'num_keypoints': 16}, 'num_keypoints=16.*17 keypoints', '=17'),
]


def test_clips_that_fit_are_taken_and_others_are_one_sentence_with_the_numbers(
    mocap_root, tmp_path
):
    init_default_scope('mmpose')
    for changes in (NINE, BERT):
        assert len(check(config(mocap_root, tmp_path, changes))) >= BATCH_SIZE
    wrong = []
    for changes, reason, remedy in CASES:
        try:
            check(config(mocap_root, tmp_path, changes))
            said = 'nothing'
        except ValueError as error:
            said = str(error)
        if '\n' in said or not re.search(reason, said) or not re.search(remedy, said):
            wrong.append((reason, remedy, said))
    assert not wrong


def test_a_loop_refuses_them_in_training_and_validation_and_tells_of_the_test(mocap_root, tmp_path):
    def build(changes):
        cfg = config(mocap_root, tmp_path, {**NINE, **changes, 'experiment_name': uuid4().hex})
        cfg.test_dataloader, cfg.test_cfg = copy.deepcopy(cfg.val_dataloader), dict(sets={})
        cfg.test_dataloader.dataset.seq_len, cfg.test_evaluator = 27, cfg.val_evaluator
        runner = make_runner(cfg)
        runner.logger.addHandler(handler)
        return runner.build_train_loop(cfg.train_cfg)

    lines, handler = [], logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    with pytest.raises(ValueError, match='sees 9 frame.*gives 11'):
        build(clips(11))
    with pytest.raises(ValueError, match='val_dataloader.*sees 9 frame.*gives 3'):
        build(clips(3, VAL))
    assert build({}).bank.num_frames == 9
    told = [line for line in lines if 'a test would not' in line]
    assert len(told) == 1 and 'test_dataloader.dataset: The backbone sees 9 frame' in told[0]
