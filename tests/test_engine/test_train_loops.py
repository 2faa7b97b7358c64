# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The train loops in real runs of MMEngine's Runner: what is learned, called, scheduled, logged."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.runner import Runner
from torch.utils.data import DataLoader
from train_runs import (
    BATCH_SIZE,
    CODEC,
    LOOPS,
    NUM_TRAIN,
    PIPELINE,
    build,
    dataset_cfg,
    make_runner,
    poseaug,
    train,
    train_cfg,
)

from mmposeaug.engine.tensor_loader import ignored_parts

PER_PASS = NUM_TRAIN // BATCH_SIZE


def logged(run) -> list[dict]:
    (file,) = run.folder.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize('name', list(LOOPS))
def test_the_lifter_learns_and_hooks_fire_once(trained, name):
    run = trained(name)
    losses = run.recorder.losses
    assert sum(losses[-4:]) < 0.85 * sum(losses[:4])
    for point in ('before_train_epoch', 'after_train_epoch'):
        assert [at for called, at in run.recorder.calls if called == point] == [0, 1, 2, 3]
    count = run.recorder.count('after_train_iter')
    assert count == run.recorder.count('before_train_iter') == run.runner.iter == len(losses)
    assert run.runner.epoch == 4 and run.runner.max_iters == count
    # one validation, by our loop, at the end
    assert sum('MPJPE' in line for line in logged(run)) == 1


@pytest.mark.parametrize('name', ['tensor', 'random', 'default', 'learned'])
def test_every_epoch_is_one_pass(trained, name):
    run = trained(name)
    for epoch in range(4):
        assert run.recorder.count('after_train_iter', epoch) == PER_PASS
    assert set(run.recorder.max_iters) == {4 * PER_PASS}


def test_released_schedule_of_passes(trained):
    count = trained('released').recorder.count
    assert count('after_train_iter', 0) == PER_PASS  # pretraining
    assert count('after_train_iter', 1) == 0  # warm-up
    for epoch in (2, 3):  # real pairs, and as many augmented as are in view
        assert PER_PASS <= count('after_train_iter', epoch) <= 2 * PER_PASS


def test_pretraining_equals_the_control_to_the_last_bit(trained):
    control = trained('tensor').recorder.losses
    for name in ('learned', 'released'):
        assert trained(name).recorder.losses[:PER_PASS] == control[:PER_PASS]
    assert trained('learned').recorder.losses[PER_PASS] != control[PER_PASS]


def test_the_default_is_the_random_draw(mocap_root, tmp_path, trained):
    """The same as without PoseAug's loop to the last bit, and nothing beside the lifter is kept."""
    draw = dict(LOOPS['random'], augmentor=dict(type='AnatomicalPoseAugmentor'), bone_lengths=None)
    run, control = trained('default'), train(train_cfg(mocap_root, tmp_path, draw))
    assert run.recorder.losses == control.recorder.losses
    assert run.recorder.losses != trained('tensor').recorder.losses
    assert not run.runner.train_loop.learns
    checkpoint = torch.load(run.folder / 'epoch_4.pth', weights_only=True)
    assert 'optimizer' in checkpoint and 'poseaug' not in checkpoint


def test_bfloat16_of_the_lifter_alone(mocap_root, tmp_path, trained):
    cfg = train_cfg(mocap_root, tmp_path, LOOPS['learned'])
    cfg.optim_wrapper.type = 'BFloat16OptimWrapper'
    run, full = train(cfg), trained('learned').recorder.losses
    losses = run.recorder.losses
    assert losses != full
    assert losses[:PER_PASS] == pytest.approx(full[:PER_PASS], rel=0.05)
    assert losses[-1] < 0.85 * losses[0]
    state = torch.load(run.folder / 'epoch_4.pth', weights_only=True)
    moments = state['optimizer']['state'][0]['exp_avg']
    kinds = {value.dtype for value in state['state_dict'].values() if value.is_floating_point()}
    assert kinds == {moments.dtype} == {torch.float32}


def test_logs_of_poseaug(trained):
    lines = logged(trained('learned'))
    assert not any(key.startswith('poseaug/') for key in lines[0])
    last = [line for line in lines if 'loss' in line][-1]
    names = ('loss_adversarial_3d', 'loss_discriminator_3d', 'accuracy_3d', 'hardness_rigid')
    for name in (*names, 'in_view', 'depth', 'diversity', 'finite'):
        assert f'poseaug/{name}' in last
    assert last['augmentor/grad_norm'] > 0

    lines = logged(trained('released'))
    adversarial = [line for line in lines if 'poseaug/loss_feedback_angle' in line]
    assert adversarial and all('loss' not in line for line in adversarial)
    assert adversarial[-1]['poseaug/augmentor/grad_norm'] > 0
    lifter = [line for line in lines if 'loss' in line]
    # nothing of the phase that is over
    assert not any('poseaug' in key or 'grad_norm' in key for line in lifter for key in line)


@pytest.mark.parametrize('name', ['learned', 'released'])
def test_schedules_and_averages_step_with_the_lifter_alone(mocap_root, tmp_path, name):
    by_iter = dict(type='LinearLR', start_factor=1.0, end_factor=0.0, end=1000, by_epoch=False)
    cfg = train_cfg(mocap_root, tmp_path, LOOPS[name], param_scheduler=[by_iter])
    cfg.merge_from_dict(dict(custom_hooks=[dict(type='EMAHook', momentum=0.1)], val_cfg=None))
    cfg.val_dataloader = cfg.val_evaluator = None
    cfg.default_hooks.checkpoint.save_best = None
    run = train(cfg)
    updates = len(run.recorder.losses)
    assert run.runner.param_schedulers[0].last_step == updates
    (ema,) = (hook for hook in run.runner.hooks if type(hook).__name__ == 'EMAHook')
    assert ema.ema_model.steps == updates


def test_schedules_converted_to_iterations_know_the_passes(mocap_root, tmp_path):
    loop = build(mocap_root, tmp_path, poseaug('released', max_epochs=8)).train_loop
    # one epoch of pretraining, one of warm-up, six with two passes
    assert len(loop.dataloader) * 8 == pytest.approx(13 * PER_PASS, abs=8 / 2)


@pytest.mark.parametrize(
    ('outer', 'times'),
    [
        (lambda inner: dict(type='RepeatDataset', times=2, dataset=inner), 2),
        (lambda inner: dict(type='ConcatDataset', datasets=[inner, inner]), 2),
    ],
)
def test_repeated_and_joined_datasets(mocap_root, tmp_path, outer, times):
    dataset = dict(_delete_=True, **outer(dataset_cfg(mocap_root)))
    changes = {'train_dataloader.dataset': dataset}
    loop = build(mocap_root, tmp_path, LOOPS['learned'], **changes).train_loop
    assert len(loop.bank) == times * NUM_TRAIN
    assert loop.flip_prob == 0.5
    assert 'flip_indices' in loop.dataloader.dataset.metainfo


def test_shares_of_augmented_samples(mocap_root, tmp_path):
    loop = build(mocap_root, tmp_path, dict(LOOPS['random'], augmented_share=0.25)).train_loop
    loop.start_epoch()
    batch = loop.bank.gather(torch.arange(16))
    mixed = loop.mix(batch)
    assert len(mixed) == 16
    torch.testing.assert_close(mixed.pose_cam[:12], batch.pose_cam[:12])
    assert (mixed.pose_cam[12:] - batch.pose_cam[12:]).abs().amax((1, 2, 3)).min() > 0.05
    assert torch.all(mixed.keypoint_scores[12:] == 1)
    # augmented people of the mixed batch are in view
    assert mixed.keypoints_px[12:].min() >= 0
    loop.settings = replace(loop.settings, augmented_share=1.0)
    assert len(loop.mix(batch)) == 16


@pytest.mark.parametrize(
    ('loop', 'changes', 'sentence'),
    [
        (dict(LOOPS['tensor'], max_epochs=0), {}, 'max_epochs is 0; set it to 1 or more'),
        (poseaug(max_epochs=0), {}, 'max_epochs is 0; set it to 1 or more'),
        (poseaug(), {'train_dataloader.batch_size': 193}, 'set it between 1 and 192'),
        (poseaug(), {'train_dataloader.batch_size': 2}, 'gives the augmentor 1 samples'),
        (poseaug(pretrain_epochs=4), {}, 'it must be between 0 and 3'),
        (poseaug(depth=3), {}, "no option 'depth'; the options are augmentor,"),
        (dict(poseaug(), variant='best'), {}, "variant is 'best'; use one of default, learned"),
        (poseaug(schedule='both'), {}, "schedule is 'both'; use one of mixed, passes"),
        (poseaug(augmentor=None), {}, 'augmentor is None; PoseAugTrainLoop needs one'),
        (poseaug(adversary_interval=0), {}, 'adversary_interval is 0; set it to 1 or more'),
        (poseaug(discriminator_interval=0), {}, 'discriminator_interval is 0; set it to'),
        (poseaug(augmented_share=2), {}, 'augmented_share is 2; it is a number between'),
        (poseaug(watchdog=dict(bark=1)), {}, "no option 'bark'; the options are max_broken"),
        (poseaug(watchdog=dict(max_recoveries=0)), {}, 'max_recoveries is 0; it is a whole number'),
        (poseaug(watchdog=dict(patience=0)), {}, 'watchdog.patience is 0; it is a whole number'),
        (
            poseaug(watchdog=dict(max_broken=-1)),
            {},
            'max_broken is -1; give a number between 0 and 1',
        ),
        (poseaug(watchdog=dict(lr_factor=-0.5)), {}, 'lr_factor is -0.5; it is above 0 and at'),
        (poseaug(watchdog=dict(lr_factor=2)), {}, 'lr_factor is 2; it is above 0 and at most 1'),
        (
            poseaug(watchdog=dict(min_noise_response=-1)),
            {},
            'min_noise_response is -1; give a number of 0',
        ),
        (poseaug(watchdog=dict(min_in_view='low')), {}, "min_in_view is 'low'; give a number"),
        (poseaug(weights=dict(feedback=-1)), {}, 'weights.feedback is -1; give 0 or a positive'),
        (poseaug(clamp=0), {}, 'clamp is 0; give a positive bound'),
        (
            poseaug(),
            {'compile': True},
            'The config sets compile=True, which compiles',
        ),
        (
            poseaug(weights=dict(bone=1.0)),
            {},
            "weights has no option 'bone'; the options are adversarial",
        ),
        (poseaug(lifter_mode='off'), {}, "lifter_mode is 'off'; use one of train, eval"),
        (poseaug(view_rule='off'), {}, "view_rule is 'off'; use one of inside, released"),
        (poseaug(flip_prob=3), {}, 'flip_prob is 3; it is a number between'),
        (poseaug(pretrain_epochs=0.5), {}, 'it must be between 0 and 3, a whole number'),
        (poseaug(pool_size=-1), {}, 'pool_size is -1'),
        (poseaug(draw_share=2), {}, 'draw_share is 2'),
        (poseaug(draw_share=[0.5, 2]), {}, r'draw_share is \[0.5, 2\]; it is a share'),
        (poseaug(augmentor=dict(draw=None)), {}, "relative_to='draw'.*augmentor has none"),
        (
            poseaug(augmentor=dict(type='RandomPoseAugmentor'), feedback=None),
            {},
            "has nothing to learn; train with it by variant='default'",
        ),
        (poseaug(adversarial_loss=None), {}, 'adversarial_loss is None although'),
        (
            poseaug(feedback=dict(type='RangeFeedbackLoss', stages=dict(rigid=dict(target=2)))),
            {},
            r"stage 'rigid' has \['target'\]; it needs \['factor', 'target', 'width'\]",
        ),
        (poseaug(optim_wrapper=dict(type='AmpOptimWrapper')), {}, 'is of type AmpOptimWrapper'),
        (poseaug(optim_wrapper=dict(type='BFloat16OptimWrapper')), {}, 'type BFloat16OptimWrapper'),
        (
            dict(LOOPS['random'], augmentor=dict(type='PoseAugmentor')),
            {},
            "has weights, which nothing trains here; use .* with variant='learned' or",
        ),
        (
            poseaug(),
            {'train_dataloader.dataset.camera_param_file': None},
            'The training dataset has no cameras',
        ),
        (poseaug(), {'model.backbone.in_channels': 32}, 'in_channels=32, .* set in_channels=34'),
        (
            poseaug(),
            {'train_dataloader.dataset.seq_len': 3},
            r'predicts frame\(s\) \[1\] of 3, the target of the data set is frame\(s\) \[2\]',
        ),
        (
            poseaug(),
            {'train_dataloader.dataset.seq_len': 3, 'train_dataloader.dataset.causal': False},
            r'sees 1 frame\(s\) .*, the data set gives 3; set seq_len=1',
        ),
        (
            poseaug(augmentor=dict(motion=dict(speed=1.0))),
            {},
            "train_cfg.augmentor, of type PoseAugmentor, has no option 'motion'",
        ),
        (
            poseaug(augmentor=dict(angle=dict(tempo=1))),
            {},
            "PoseAugmentor: angle, of type BoneAngleAugmentor, has no option 'tempo'",
        ),
        (poseaug(), {'model.head.num_joints': 16}, 'num_joints=16, .* set num_joints=17'),
        (
            poseaug(),
            {
                'train_dataloader.dataset.pipeline': [
                    dict(type='GenerateTarget', encoder=CODEC | dict(num_keypoints=16))
                ]
            },
            'is for 16 keypoints, the data set has 17 joints',
        ),
        (
            poseaug(),
            {
                'train_dataloader.dataset.pipeline': [
                    dict(type='GenerateTarget', encoder=dict(type='MSRAHeatmap'))
                ]
            },
            "The codec type 'MSRAHeatmap' has no tensor twin",
        ),
    ],
)
def test_bad_configs_are_refused_in_one_sentence(mocap_root, tmp_path, loop, changes, sentence):
    with pytest.raises((ValueError, KeyError), match=sentence) as caught:
        build(mocap_root, tmp_path, loop, **changes)
    assert '\n' not in str(caught.value)


def test_what_tensor_loops_do_not_run_is_said(mocap_root, tmp_path):
    pipeline = [*PIPELINE[:1], dict(type='CustomNoise'), *PIPELINE[1:]]
    loader = dict(
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='pseudo_collate'),
        dataset=dict(pipeline=pipeline),
    )
    runner = build(mocap_root, tmp_path, LOOPS['tensor'], train_dataloader=loader)
    (log,) = tmp_path.glob('*/*.log')
    text = log.read_text()
    assert 'The train pipeline has CustomNoise, which the tensor train loops do not run' in text
    assert "'shuffle': False} is not used: the tensor train loops shuffle" in text
    assert 'train_dataloader.collate_fn are not used' in text
    assert ignored_parts(dict(sampler=dict(type='DefaultSampler', shuffle=True)), PIPELINE) == []
    assert runner.train_loop.flip_prob == 0.5


def test_the_seeds_of_gpus_are_left_alone(mocap_root, tmp_path, monkeypatch):
    # torch.manual_seed would reseed every GPU, from which the lifter draws its first weights
    seeded = []
    runner = make_runner(train_cfg(mocap_root, tmp_path, poseaug()))
    monkeypatch.setattr(torch.cuda, 'manual_seed_all', seeded.append)
    before = torch.random.get_rng_state()
    runner.build_train_loop(runner._train_loop)
    assert seeded == [] and torch.equal(before, torch.random.get_rng_state())


def test_a_built_dataloader_is_refused(mocap_root, tmp_path):
    runner = make_runner(train_cfg(mocap_root, tmp_path, poseaug()))
    assert isinstance(runner, Runner)
    runner._train_dataloader = DataLoader([1, 2])
    with pytest.raises(ValueError, match='got a built DataLoader; give the runner'):
        runner.train()


def test_poses_of_16_joints_under_17(mocap_root, tmp_path):
    arrays = dict(np.load(mocap_root / 'source_train.npz'))
    arrays['S'], arrays['part'] = arrays['S'][:, :16], arrays['part'][:, :16]
    np.savez(tmp_path / 'train.npz', **arrays)
    changes = {'train_dataloader.dataset.ann_file': str(tmp_path / 'train.npz')}
    with pytest.raises(ValueError, match='has 16 joints, but the metainfo .* describes 17; set'):
        build(mocap_root, tmp_path, poseaug(), **changes)
