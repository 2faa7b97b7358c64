# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures of the augmentation during training, which must not notice them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from train_runs import LOOPS, build, differing, make_runner, train, train_cfg

from mmposeaug.experiments.augmentation.hook import AugmentationVisualizationHook

PICTURES = ('changes', 'distributions', 'examples')


def with_hook(root, folder, loop, **options):
    cfg = train_cfg(root, folder, loop)
    cfg.custom_hooks = [dict(type='AugmentationVisualizationHook', samples=40, **options)]
    return cfg


def pictures(run):
    return sorted(path.name for path in Path(run.runner.log_dir).rglob('vis_image/*.png'))


@pytest.mark.parametrize(
    ('name', 'epochs'),
    # the first epoch of the PoseAug runs is one of pretraining, without augmentation
    [('random', [2, 4]), ('learned', [2, 4]), ('released', [2, 4])],
)
def test_a_run_with_the_hook_is_the_run_without(trained, mocap_root, tmp_path, name, epochs):
    plain = trained(name)
    run = train(with_hook(mocap_root, tmp_path, LOOPS[name], interval=2))
    assert pictures(run) == sorted(
        f'augmentation_{what}_{epoch}.png' for what in PICTURES for epoch in epochs
    )
    for path in Path(run.runner.log_dir).rglob('vis_image/*.png'):
        with Image.open(path) as picture:
            assert min(picture.size) > 200
    assert run.recorder.losses == plain.recorder.losses
    assert differing(run.runner.model, plain.runner.model) == []
    if name != 'random':
        loops = (run.runner.train_loop, plain.runner.train_loop)
        assert differing(*(loop.state_dict() for loop in loops)) == []


def test_epochs_of_pretraining_are_passed_over(mocap_root, tmp_path):
    loop = dict(LOOPS['learned'], max_epochs=2, val_interval=2)
    run = train(with_hook(mocap_root, tmp_path, loop, interval=1))
    assert pictures(run) == [f'augmentation_{what}_2.png' for what in PICTURES]


def test_the_same_samples_are_drawn_each_time(mocap_root, tmp_path):
    loop = build(mocap_root, tmp_path, LOOPS['learned'])._train_loop
    hook = AugmentationVisualizationHook(samples=40)
    first, second = hook._collect(loop), hook._collect(loop)
    for name, poses in first.stages.items():
        assert (poses.pose_cam == second.stages[name].pose_cam).all()
    assert not first.clips and 'motion' not in hook._figures(first, '')
    for kind, stage in first.kinds.items():  # as if they were clips
        pose = first.stages[stage].pose_cam
        first.clips[kind] = np.stack([pose + 0.01 * frame for frame in range(3)], axis=1)
    assert 'motion' in hook._figures(first, '')


def test_without_augmentation_nothing_is_drawn(mocap_root, tmp_path):
    assert pictures(train(with_hook(mocap_root, tmp_path, LOOPS['tensor'], interval=1))) == []


def test_a_loop_of_mmengine_is_warned_of(mocap_root, tmp_path, monkeypatch):
    cfg = with_hook(mocap_root, tmp_path, dict(type='EpochBasedTrainLoop', max_epochs=1))
    cfg.train_dataloader.sampler = dict(type='DefaultSampler', shuffle=True)
    runner = make_runner(cfg)
    said: list[str] = []
    monkeypatch.setattr(runner.logger, 'warning', lambda text, *_: said.append(text))
    runner.train()
    assert any('draws nothing: the train loop EpochBasedTrainLoop' in text for text in said)


@pytest.mark.parametrize(
    ('option', 'sentence'),
    [(dict(interval=0), 'interval .* is 0; set it to 1'), (dict(samples=1), 'samples .* to 2')],
)
def test_bad_options(option, sentence):
    with pytest.raises(ValueError, match=sentence):
        AugmentationVisualizationHook(**option)
