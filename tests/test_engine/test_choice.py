# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""One of several augmentations is chosen; what is implausible is left out; draws that grow."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from train_runs import BATCH_SIZE, LOOPS, build, poseaug

from mmposeaug.datasets import PoseBatch
from mmposeaug.engine import Choice
from mmposeaug.engine.batches import joint_errors

ANATOMICAL = dict(LOOPS['random'], augmentor=dict(type='AnatomicalPoseAugmentor'))
ANATOMY = dict(type='AnatomyPrior')


def loop_with(mocap_root, folder, base=ANATOMICAL, **options):
    return build(mocap_root, folder, dict(base, **options)).train_loop


def fed(loop, epoch=0):
    """What a loop's lifter is fed in an epoch, in one batch."""
    batches: list[PoseBatch] = []
    loop.update_lifter = lambda batch_idx, batch: batches.append(batch)
    loop._epoch = epoch
    loop.start_epoch()
    loop.train_phases()
    return PoseBatch(
        **{f.name: torch.stack([getattr(b, f.name) for b in batches]) for f in fields(PoseBatch)}
    )


def same(first, second):
    return all(torch.equal(getattr(first, f.name), getattr(second, f.name)) for f in fields(first))


def test_the_choice_and_nothing_else_changes(mocap_root, tmp_path):
    before = torch.random.get_rng_state()
    plain = fed(loop_with(mocap_root, tmp_path / 'plain'))
    assert same(plain, fed(loop_with(mocap_root, tmp_path / 'one', choice=dict(draws=1))))
    options = dict(draws=3, by='disagreement', temperature=0.5)
    loop = loop_with(mocap_root, tmp_path / 'three', choice=options)
    chosen = fed(loop)
    assert same(chosen, fed(loop)) and not same(chosen, fed(loop, epoch=1))
    real = slice(None, BATCH_SIZE // 2)  # the second half of every batch is augmented
    assert torch.equal(plain.pose_cam[:, real], chosen.pose_cam[:, real])
    kept = (plain.pose_cam == chosen.pose_cam).flatten(2).all(2)[:, BATCH_SIZE // 2 :]
    assert 0.1 < float(kept.float().mean()) < 0.7  # a third of three, more of those out of view
    # dropout of the training itself goes on as if nothing had been chosen
    loop.start_epoch()
    state = torch.random.get_rng_state()
    loop.augment(loop.bank.gather(torch.arange(8)))
    assert torch.equal(state, torch.random.get_rng_state())
    torch.random.set_rng_state(before)


@pytest.mark.parametrize('temperature', [0.0, -1e-6])
def test_the_hardest_or_the_easiest_is_taken(mocap_root, tmp_path, temperature):
    options = dict(draws=4, by='error', temperature=temperature)
    loop = loop_with(mocap_root, tmp_path, choice=options)
    loop.start_epoch()
    batch, shown = loop.bank.gather(torch.arange(16)), []
    augment = loop.augmentation.augment

    def record(samples, generator):
        shown.append(augment(samples, generator))
        return shown[-1]

    first = record(batch, loop.noise_generator)
    result = loop.choice(batch, first, record, loop.adapter, loop.skeleton)
    assert [len(each.batch) for each in shown] == [16, 48]
    errors = [joint_errors(each.batch, loop.adapter, loop.skeleton).mean((1, 2)) for each in shown]
    best, worst = (float('inf'), float('-inf'))[:: 1 if temperature else -1]
    errors = torch.where(torch.cat([each.valid for each in shown]), torch.cat(errors), best)
    errors = errors.view(4, 16)
    wanted = errors.amin(0) if temperature else errors.amax(0)
    found = joint_errors(result.batch, loop.adapter, loop.skeleton).mean((1, 2))
    torch.testing.assert_close(found[result.valid], wanted[wanted.isfinite()])
    assert result.valid.sum() == wanted.isfinite().sum() > 8


def test_shares_by_temperature():
    choice = Choice(draws=2, temperature=0.5)
    choice.generator = torch.Generator().manual_seed(0)
    values = torch.tensor([[1.0], [2.0]]).log().expand(2, 4000)
    assert float(choice._choose(values).float().mean()) == pytest.approx(4 / 5, abs=0.02)
    nobody = torch.full((2, 5), float('-inf'))
    assert set(choice._choose(nobody).tolist()) <= {0, 1}


def test_nothing_implausible_is_given(mocap_root, tmp_path):
    options = dict(augmentor=dict(type='AnatomicalPoseAugmentor', shoulder=90.0, joint_share=1.0))
    loop = loop_with(mocap_root, tmp_path / 'all', **options)
    held = loop_with(mocap_root, tmp_path / 'held', prior=ANATOMY, **options)
    redrawn = dict(options, prior=ANATOMY, choice=dict(draws=8, by='first'))
    again = loop_with(mocap_root, tmp_path / 'again', **redrawn)
    costs = [held.augmentation.prior(fed(each).pose_cam[:, 16:]) for each in (loop, held, again)]
    wild = (costs[0] > 0).flatten(1).any(1).float()
    assert float(wild.mean()) > 0.2 and float(costs[0].mean()) > 0
    assert float(costs[1].max()) == 0 == float(costs[2].max())
    # the first of eight is nearly always found; without, others are used twice
    poses = [fed(each).pose_cam[:, 16:].flatten(2) for each in (held, again)]
    once = [sum(len(batch.unique(dim=0)) for batch in each) for each in poses]
    assert once[0] < 0.85 * once[1]


def test_draws_that_grow(mocap_root, tmp_path):
    still = dict(length_limit=0.0, scale_limit=0.0, body_share=0.0, yaw=0.0)
    still.update(roll_std=0.0, pitch_std=0.0, type='AnatomicalPoseAugmentor')
    loop = loop_with(mocap_root, tmp_path / '1', augmentor=still, strength=[0.0, 2.0])
    plain = loop_with(mocap_root, tmp_path / '2', augmentor=still)
    changes = []
    for epoch in (0, 1, 2):  # of four
        loop._epoch = plain._epoch = epoch
        for each in (loop, plain):
            each.start_epoch()
        batch = loop.bank.gather(torch.arange(64))
        poses = [each.augmentation.run(batch, each.noise_generator) for each in (loop, plain)]
        changes.append([float(each.angle_change.mean()) for each in poses])
    assert changes[0][0] < 1e-6 and 0 < changes[1][0] < 0.8 * changes[1][1]
    assert changes[2][0] == changes[2][1]
    learned = build(mocap_root, tmp_path / '3', poseaug(strength=0.5)).train_loop
    assert learned.augmentation.augmentor.draw.strength == 0.5


def test_the_augmentor_learns_to_stay_within_the_prior(mocap_root, tmp_path):
    options = dict(discriminator_3d=None, feedback=None, prior=ANATOMY, pretrain_epochs=0)
    weights = dict(adversarial_3d=0.0, feedback=0.0, view=0.0, prior=2.0)
    loop = build(mocap_root, tmp_path, poseaug(weights=weights, **options)).train_loop
    loop.start_epoch()
    batch = loop.bank.gather(torch.arange(64))
    before = [weight.clone() for weight in loop.adversary.augmentor.weights]
    result = loop.learn(batch, batch)
    cost = float(result.logs['loss_prior'])
    assert cost > 0 and torch.isfinite(result.logs['loss_prior'])
    pairs = zip(before, loop.adversary.augmentor.weights)
    assert any(not torch.equal(old, new) for old, new in pairs)
    plausible = loop.augmentation.plausible(result.batch)
    assert not plausible.all() and not (result.valid & ~plausible).any()


@pytest.mark.parametrize(
    ('base', 'options', 'sentence'),
    [
        ('anatomical', dict(choice=dict(draws=0)), r'choice.draws is 0; give a whole number'),
        ('anatomical', dict(choice=dict(draws=2.5)), r'choice.draws is 2.5; give a whole'),
        ('anatomical', dict(choice=dict(by='luck')), r"choice.by is 'luck'; use one of error"),
        ('anatomical', dict(choice=dict(temperature='hot')), "temperature is 'hot'; give a num"),
        ('anatomical', dict(choice=dict(draw=2)), r"choice has no option 'draw'; the options"),
        ('anatomical', dict(choice=4), r'choice is 4; give a config, such as dict\(draws=4'),
        ('anatomical', dict(choice={}, augmentor=None), r'choice is given, but there is no train'),
        ('anatomical', dict(prior=ANATOMY, augmentor=None), r'prior is given, but there is no tra'),
        ('anatomical', dict(prior='legs'), "prior is 'legs'; give a config, such as dict"),
        ('anatomical', dict(prior=dict(type='AnatomyPrior', margin=-1)), 'margin is -1; give a'),
        ('anatomical', dict(strength=-1), r'strength is -1; give a number of 0 or more, or such'),
        ('anatomical', dict(strength=[]), r'strength is \[\]; give a number of 0 or more'),
        ('tensor', dict(strength=0.5), r'strength is 0.5, but the augmentor, None, has no random'),
        ('poseaug', dict(choice={}), 'choice is for a random draw alone, and here'),
        ('poseaug', dict(weights=dict(prior=1.0)), r'weights.prior is 1.0, but there is no train'),
        ('released', dict(strength=0.5), 'but the augmentor, PoseAugmentor, has no random draw'),
    ],
)
def test_what_cannot_be_is_refused(mocap_root, tmp_path, base, options, sentence):
    if base in ('poseaug', 'released'):
        loop = poseaug('learned' if base == 'poseaug' else base, **options)
    else:
        loop = dict(ANATOMICAL if base == 'anatomical' else LOOPS[base], **options)
    with pytest.raises(ValueError, match=sentence):
        build(mocap_root, tmp_path, loop)


def test_doubt_needs_dropout(mocap_root, tmp_path):
    loop = dict(ANATOMICAL, choice=dict(by='certain'))
    with pytest.raises(ValueError, match="by is 'certain', but the lifter has no dropout; use 'er"):
        build(mocap_root, tmp_path, loop, **{'model.backbone.dropout': 0.0})
