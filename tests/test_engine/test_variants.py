# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Settings: variants, and what a config changes of them."""

from __future__ import annotations

import pytest

from mmposeaug.engine import VARIANTS
from mmposeaug.engine.variants import get_settings


@pytest.mark.parametrize('variant', list(VARIANTS))
def test_variants_are_complete_and_not_shared(variant):
    settings = get_settings(variant, {})
    assert settings == VARIANTS[variant] and settings is not VARIANTS[variant]
    settings.augmentor['type'] = 'Other'
    assert VARIANTS[variant].augmentor['type'] != 'Other'
    assert settings.learns == (variant != 'default')


def test_the_released_values():
    settings = get_settings('released', {})
    assert settings.schedule == 'passes' and settings.warmup_epochs == 2
    assert settings.weights == dict(
        adversarial_3d=6.0, adversarial_2d=1.0, ranges=3.0, feedback=1.0
    )
    assert settings.pool_size == 4096 and settings.discriminator_interval == 2
    assert settings.optim_wrapper['optimizer']['lr'] == 1e-4
    assert settings.optim_wrapper['clip_grad'] == dict(max_norm=1.0)
    assert (settings.lifter_mode, settings.view_rule) == ('train', 'released')
    assert settings.clamp == 1.0


def test_dicts_are_merged_unless_they_name_a_type():
    base = VARIANTS['released'].weights
    settings = get_settings(
        'released',
        dict(weights=dict(feedback=0.5), augmentor=dict(type='Mine'), feedback=None, pool_size=7),
    )
    assert settings.weights == {**base, 'feedback': 0.5}
    assert settings.augmentor == dict(type='Mine')
    assert settings.feedback is None and settings.pool_size == 7
    deep = get_settings('learned', dict(augmentor=dict(angle=dict(limit=0.4), draw=None)))
    assert deep.augmentor['angle'] == {**VARIANTS['learned'].augmentor['angle'], 'limit': 0.4}
    assert deep.augmentor['draw'] is None and deep.augmentor['type'] == 'PoseAugmentor'
    children = get_settings('default', dict(augmentor=dict(stature=(1.0, 1.4))))
    assert children.augmentor == dict(type='BodyPoseAugmentor', stature=(1.0, 1.4))


@pytest.mark.parametrize(
    ('variant', 'given', 'sentence'),
    [
        ('original', {}, "variant is 'original'; use one of default, learned, released, submitted"),
        (
            'default',
            dict(augmenter={}),
            "no option 'augmenter'; the options are augmentor, .* Did you mean 'augmentor'",
        ),
        ('learned', dict(schedule='alternate'), 'use one of mixed, passes'),
        ('default', dict(augmentor=None), 'augmentor is None; PoseAugTrainLoop needs one'),
        ('learned', dict(augmentor=None), 'augmentor is None; PoseAugTrainLoop needs one'),
        (
            'default',
            dict(augmentor=dict(draw=dict(stature=(1.0, 1.4)))),
            "augmentor.draw is an option of an augmentor that learns, .* without 'draw', or set "
            "variant='learned'",
        ),
        (
            'default',
            dict(weights=dict(feedback=2.0)),
            "weights is given, but with variant='default' nothing learns .* variant='learned'",
        ),
        ('default', dict(warmup_epochs=0), 'warmup_epochs is given, but'),
        ('default', dict(augmentor=dict(sees='clip')), 'augmentor.sees is an option of .* learns'),
        (
            'learned',
            dict(discriminator_motion=dict(channels=16)),
            'discriminator_motion is .* without a type',
        ),
        (
            'learned',
            dict(discriminator_motion=dict(type='MotionDiscriminator')),
            'but weights.adversarial_motion is 0; give both',
        ),
        (
            'learned',
            dict(weights=dict(adversarial_motion=1.0)),
            'discriminator_motion is None, but weights.adversarial_motion is 1.0; give both',
        ),
        (
            'default',
            dict(feedback=dict(factor=1.0)),
            "feedback is {'factor': 1.0} without a type, .* set variant='learned'",
        ),
    ],
)
def test_unknown_names_are_refused(variant, given, sentence):
    with pytest.raises(ValueError, match=sentence):
        get_settings(variant, given)
