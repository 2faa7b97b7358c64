# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The adversarial step: who learns from whom, and whom it leaves alone."""

from __future__ import annotations

import copy

import pytest
import torch
from train_runs import NETWORKS, build, differing, poseaug

from mmposeaug.engine.batches import with_poses

HARD = dict(type='RangeFeedbackLoss', stages=dict(rigid=dict(target=50.0, width=0.1, factor=1.0)))


@pytest.fixture
def make(mocap_root, tmp_path):
    """Builds a loop at the start of an epoch; nothing is pretrained."""

    def make_loop(variant='learned', **settings):
        settings = dict(dict(pretrain_epochs=0, warmup_epochs=0), **settings)
        loop = build(mocap_root, tmp_path, poseaug(variant, **settings)).train_loop
        loop.start_epoch()
        loop.runner.model.train()
        return loop

    return make_loop


def step(loop, **options):
    batch, real = (loop.bank.gather(torch.arange(i, i + 32)) for i in (0, 64))
    return loop.adversary.step(batch, real, loop.feedback_adapter, loop.noise_generator, **options)


@pytest.mark.parametrize('variant', list(NETWORKS))
@pytest.mark.parametrize('lifter_mode', ['eval', 'train'])
def test_the_lifter_is_left_alone(make, variant, lifter_mode):
    loop = make(variant, lifter_mode=lifter_mode)
    lifter = loop.runner.model
    fixed = next(lifter.backbone.parameters())
    fixed.requires_grad_(False)
    lifter.head.eval()
    modes = [module.training for module in lifter.modules()]
    before = copy.deepcopy(lifter.state_dict())
    step(loop)
    changed = differing(lifter, before)
    if lifter_mode == 'eval':
        assert changed == []
    else:  # as in the released code, where the statistics of BatchNorm follow
        assert changed
        assert all(
            n.endswith(('running_mean', 'running_var', 'num_batches_tracked')) for n in changed
        )
    assert [module.training for module in lifter.modules()] == modes
    assert [p for p in lifter.parameters() if not p.requires_grad] == [fixed]
    assert all(p.grad is None for p in lifter.parameters())


def test_the_augmentor_learns_from_feedback_alone(make):
    loop = make(discriminator_3d=None, weights=dict(feedback=1.0, view=0.0), feedback=HARD)
    augmentor = loop.adversary.augmentor.module
    before = copy.deepcopy(dict(augmentor.named_parameters()))
    result = step(loop)
    assert set(loop.adversary.networks) == {'augmentor'}
    assert result.logs['loss_feedback_rigid'] > 0 and result.finite
    moved = [n for n, p in augmentor.named_parameters() if not torch.equal(p, before[n])]
    # its output layers start at zero, so at first only these have gradients
    assert moved and all('output' in name for name in moved)
    before = copy.deepcopy(dict(augmentor.named_parameters()))
    step(loop)
    assert len([n for n, p in augmentor.named_parameters() if not torch.equal(p, before[n])]) > 10


def test_feedback_raises_the_lifters_error(make):
    rate = dict(optimizer=dict(type='Adam', lr=3e-3))
    loop = make(
        discriminator_3d=None,
        weights=dict(feedback=1.0, view=0.0),
        feedback=HARD,
        optim_wrapper=rate,
        augmentor=dict(length=None),
    )
    hardness = [float(step(loop).logs['hardness_rigid']) for _ in range(40)]
    assert sum(hardness[-5:]) > 1.02 * sum(hardness[:5])


def test_without_feedback(make):
    logs = step(make(), with_feedback=False).logs
    assert 'hardness_rigid' not in logs and 'loss_feedback_rigid' not in logs
    assert 'loss_adversarial_3d' in logs


def test_discriminators_learn_every_second_step(make):
    loop = make('released')
    networks = loop.adversary.networks
    assert set(networks) == {'augmentor', 'discriminator_3d', 'discriminator_2d'}
    learned = []
    for _ in range(4):
        before = {name: copy.deepcopy(n.module.state_dict()) for name, n in networks.items()}
        logs = step(loop).logs
        changed = {name for name, n in networks.items() if differing(n.module, before[name])}
        assert 'augmentor' in changed
        assert ('loss_discriminator_2d' in logs) == ('discriminator_2d' in changed)
        learned.append({'discriminator_3d', 'discriminator_2d'} <= changed)
    assert learned == [True, False, True, False]
    # no other pools: a checkpoint of an earlier version has none
    assert set(loop.adversary.pools) == {'pose', 'keypoints'}
    assert len(loop.adversary.pools['pose'].storage) == 64
    assert loop.adversary.pools['keypoints'].storage.shape == (64, 17, 2)


def test_the_discriminator_tells_unlearned_poses_apart(make):
    rate = dict(optimizer=dict(type='Adam', lr=3e-3))
    loop = make('released', optim_wrapper=rate, discriminator_interval=1, pool_size=0)
    for network in (loop.adversary.augmentor,):
        network.schedule.scale(0.0)
    accuracy = [float(step(loop, with_feedback=False).logs['accuracy_3d']) for _ in range(60)]
    assert accuracy[-1] > 0.75 > accuracy[0]


def test_augmenting_changes_no_weights_and_is_fixed_by_the_generator(make):
    loop = make()
    batch = loop.bank.gather(torch.arange(32))
    before = [p.clone() for p in loop.adversary.augmentor.module.parameters()]
    results = [
        loop.augmentation.augment(batch, torch.Generator().manual_seed(seed)).batch.pose_cam
        for seed in (0, 0, 1)
    ]
    assert torch.equal(results[0], results[1]) and not torch.equal(results[0], results[2])
    after = loop.adversary.augmentor.module.parameters()
    assert all(torch.equal(p, b) for p, b in zip(after, before))


def test_noise_response_leaves_statistics_alone(make):
    adversary, loop = (loop := make('released')).adversary, loop
    batch = loop.bank.gather(torch.arange(32))
    before = copy.deepcopy(adversary.augmentor.module.state_dict())
    assert adversary.noise_response(batch, loop.noise_generator) > 0.05
    assert differing(adversary.augmentor.module, before) == []
    for name, parameter in adversary.augmentor.module.named_parameters():
        if 'output.weight' in name:
            parameter.data.zero_()
    assert adversary.noise_response(batch, loop.noise_generator) < 1e-6


@pytest.mark.parametrize(
    ('rule', 'shift', 'seen'),
    [
        ('inside', (0.0, 0.0, 0.0), True),
        ('inside', (9.0, 0.0, 0.0), False),
        ('inside', (-9.0, 0.0, 0.0), False),
        ('released', (-9.0, 0.0, 0.0), True),
        ('released', (9.0, 0.0, 0.0), False),
        ('released', (0.0, 9.0, 0.0), False),
    ],
)
def test_rules_of_view(make, rule, shift, seen):
    loop = make(view_rule=rule)
    batch = loop.bank.gather(torch.arange(8))
    pose = batch.pose_cam - batch.pose_cam[:, :, :1] + torch.tensor([0.0, 0.0, 6.0])
    moved = with_poses(batch, pose + torch.tensor(shift))
    for frames in (1, 2):  # single poses and clips
        clips = with_poses(moved, moved.pose_cam.repeat(1, frames, 1, 1))
        assert loop.augmentation.accepts(clips).tolist() == [seen] * 8


def test_a_clip_is_in_view_in_all_its_frames(make):
    loop = make()
    batch = loop.bank.gather(torch.arange(4))
    pose = batch.pose_cam - batch.pose_cam[:, :, :1] + torch.tensor([0.0, 0.0, 6.0])
    clip = pose.repeat(1, 3, 1, 1)
    clip[:2, 2, :, 0] += 9
    seen = loop.augmentation.accepts(with_poses(batch, clip))
    assert seen.tolist() == [False] * 2 + [True] * 2


@pytest.mark.parametrize('variant', list(NETWORKS))
def test_states_round_trip(make, variant):
    loop = make(variant)
    for _ in range(3):
        step(loop)
    state = copy.deepcopy(loop.adversary.state_dict())
    seed = torch.Generator().manual_seed(0)
    loop.noise_generator = seed
    torch.manual_seed(0)
    step(loop)
    after = copy.deepcopy(loop.adversary.state_dict())
    loop.adversary.load_state_dict(state)
    seed.manual_seed(0)
    torch.manual_seed(0)
    step(loop)
    # dropout and BatchNorm of the lifter do not reach the augmentor through its own state
    if variant == 'learned':
        assert differing(loop.adversary.state_dict(), after) == []
    assert loop.adversary.steps == 4


def test_a_missing_network_is_named(make):
    loop = make()
    state = loop.adversary.state_dict()
    del state['networks']['discriminator_3d']
    with pytest.raises(ValueError, match='resume with the config of the interrupted run'):
        loop.adversary.load_state_dict(state)


@pytest.mark.parametrize(
    ('share', 'progress', 'pure'),
    [(0.25, 0.0, 8), (0.25, 0.9, 8), ((0.0, 1.0), 0.5, 16), ((0.5, 1.0), 1.0, 32)],
)
def test_a_share_of_the_samples_is_the_pure_draw(make, share, progress, pure):
    loop = make(draw_share=share)
    module = loop.adversary.augmentor.module
    torch.nn.init.ones_(module.rigid.translation_network.output.bias)  # a change that is seen
    batch = loop.bank.gather(torch.arange(32))
    seeds = [torch.Generator().manual_seed(3) for _ in range(2)]
    result = loop.augmentation.augment(batch, seeds[0], progress)
    drawn = module.draw(
        batch.pose_cam[:, 0], batch.intrinsics, batch.image_size, generator=seeds[1]
    ).rigid
    same = (result.batch.pose_cam[:, 0] == drawn).flatten(1).all(1)
    assert same.tolist() == [True] * pure + [False] * (32 - pure)
    pixels = loop.augmentation.project(result.batch.pose_cam[:, 0], batch)
    torch.testing.assert_close(result.batch.keypoints_px[:, 0], pixels)


def test_the_loop_tells_how_far_the_training_is(make):
    loop = make(draw_share=(0.0, 1.0), max_epochs=5, pretrain_epochs=1)
    found = []
    for epoch in range(5):
        loop._epoch = epoch
        loop.start_epoch()
        found.append(loop.adversary.progress)
    assert found == [0.0, 0.0, 0.25, 0.5, 0.75]


def test_real_samples_are_drawn_only_where_they_are_looked_at(make):
    assert make('released').adversary.needs_real
    on_draw = make()
    assert not on_draw.adversary.needs_real
    batch = on_draw.bank.gather(torch.arange(32))
    assert on_draw._draw_real(batch) is batch
    # and an augmentor on a draw has no response to its own noise to judge by
    assert on_draw.adversary.noise_response(batch, on_draw.noise_generator) is None


def test_a_step_with_nothing_to_learn_for_changes_nothing(make):
    loop = make(feedback=None, weights=dict(view=0.0, adversarial_3d=0.0))
    before = copy.deepcopy(dict(loop.adversary.augmentor.module.named_parameters()))
    assert step(loop).finite
    after = dict(loop.adversary.augmentor.module.named_parameters())
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_the_released_value_counts_the_real_batch(make):
    loop = make('released')
    shown = []
    for key in ('3d', '2d'):
        network = loop.adversary.networks[f'discriminator_{key}'].module
        network.register_forward_hook(lambda *_: shown.append(1))
    learning, other = step(loop).logs, step(loop).logs
    for key in ('adversarial_3d', 'adversarial_2d'):
        assert learning[f'{key}_with_real'] > learning[f'loss_{key}']
        assert f'loss_{key}' in other and f'{key}_with_real' not in other
    # each scores fakes for the augmentor; where it learns, real ones, once, and fakes of its pool
    assert len(shown) == 2 * (3 + 1)
