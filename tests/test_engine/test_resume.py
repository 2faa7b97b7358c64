# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Seeds, interrupted runs, and what checkpoints hold."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from train_runs import (
    LIFTER_OF_CLIPS,
    LOOPS,
    InterruptError,
    StopAfter,
    build,
    differing,
    make_runner,
    tensors_of,
    train,
    train_cfg,
)


def test_same_seed_same_weights(mocap_root, tmp_path, trained):
    run = trained('learned')
    again = train(train_cfg(mocap_root, tmp_path / 'again', LOOPS['learned']))
    assert differing(run.runner.model, again.runner.model) == []
    assert differing(run.runner.train_loop.state_dict(), again.runner.train_loop.state_dict()) == []


def test_an_interrupted_run_on_clips_goes_on_to_the_last_bit(mocap_root, tmp_path):
    loop = dict(LOOPS['default'], max_epochs=2)
    full = train(train_cfg(mocap_root, tmp_path / 'full', loop, **LIFTER_OF_CLIPS)).runner
    first = make_runner(train_cfg(mocap_root, tmp_path / 'cut', loop, **LIFTER_OF_CLIPS))
    first.register_hook(StopAfter(1))
    with pytest.raises(InterruptError):
        first.train()
    options = dict(LIFTER_OF_CLIPS, resume=True)
    second = train(train_cfg(mocap_root, tmp_path / 'cut', loop, **options)).runner
    assert second.epoch == 2 and differing(full.model, second.model) == []
    draw = second.train_loop.augmentation.augmentor
    assert draw.pace > 0 and draw.pace == full.train_loop.augmentation.augmentor.pace
    assert differing(first.model, second.model)


@pytest.mark.parametrize('name', ['tensor', 'learned'])
def test_another_seed_other_weights(mocap_root, tmp_path, trained, name):
    other = train(train_cfg(mocap_root, tmp_path, LOOPS[name], **{'randomness.seed': 1}))
    assert differing(trained(name).runner.model, other.runner.model)


@pytest.mark.parametrize('name', ['detected, drawn', 'default', 'learned', 'released'])
def test_an_interrupted_run_goes_on_to_the_last_bit(mocap_root, tmp_path, trained, name):
    full = trained(name).runner
    first = make_runner(train_cfg(mocap_root, tmp_path, LOOPS[name]))
    first.register_hook(StopAfter(2))
    with pytest.raises(InterruptError):
        first.train()
    second = train(train_cfg(mocap_root, tmp_path, LOOPS[name], resume=True)).runner
    assert second.epoch == 4 and second.iter == full.iter
    assert differing(full.model, second.model) == []
    assert differing(full.optim_wrapper.state_dict(), second.optim_wrapper.state_dict()) == []
    states = [run.param_schedulers[0].state_dict() for run in (full, second)]
    assert differing(*states) == []
    if name in ('detected, drawn', 'default'):
        return
    states = [run.train_loop.state_dict() for run in (full, second)]
    assert differing(*states) == []
    names = ' '.join(tensors_of(states[0]))
    for part in ('augmentor/module', 'discriminator_3d/optim', 'schedulers', 'pools/pose', 'steps'):
        assert part in names
    # and it is these, not two failures to learn: the first epochs differ from the last
    assert differing(first.train_loop.state_dict(), states[0])


@pytest.mark.parametrize('name', ['learned', 'released'])
def test_checkpoints(trained, name):
    run = trained(name)
    resumable = torch.load(run.folder / 'epoch_4.pth', weights_only=True)
    assert set(resumable['poseaug']) == {'adversary', 'watchdog'}
    assert differing(resumable['poseaug'], run.runner.train_loop.state_dict()) == []
    (best,) = run.folder.glob('best_*.pth')
    checkpoint = torch.load(best, weights_only=True)
    assert 'poseaug' not in checkpoint and 'optimizer' not in checkpoint
    assert list(checkpoint['state_dict']) == list(run.runner.model.state_dict())


PLAIN_MMPOSE = """
import importlib.machinery
import importlib.util
import sys
import types
import warnings
warnings.simplefilter('ignore')
sys.modules['mmposeaug'] = None  # any import of it fails

class Anything(types.ModuleType):
    # mmcv-lite has no compiled operators and a CPU machine may lack torchvision; MMPose imports
    # both, a lifter calls neither
    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return lambda *args, **kwargs: None

for name in ('mmcv._ext', 'torchvision', 'torchvision.transforms'):
    try:
        importlib.import_module(name)
    except Exception:
        for broken in [other for other in sys.modules if other.split('.')[0] == name]:
            del sys.modules[broken]
        sys.modules[name] = Anything(name)
        sys.modules[name].__spec__ = importlib.machinery.ModuleSpec(name, None)

from mmpose.apis import init_model
from mmengine.config import Config
model = init_model(Config.fromstring(sys.argv[2], '.py'), sys.argv[1], device='cpu')
import torch
given = torch.load(sys.argv[1], weights_only=True)['state_dict']
for name, value in model.state_dict().items():
    assert torch.equal(value, given.pop(name)), name
assert not given
assert model.dataset_meta['dataset_name'] == 'h36m'
assert not [x for x in torch.serialization.get_safe_globals() if 'numpy' in str(x)]
assert not [name for name in sys.modules if name.startswith('mmposeaug.')]
print('loaded', type(model).__module__)
"""


def test_the_best_checkpoint_loads_in_mmpose_alone(trained, repo_root):
    run = trained('learned')
    (best,) = run.folder.glob('best_*.pth')
    result = subprocess.run(
        [
            sys.executable,
            '-c',
            PLAIN_MMPOSE,
            str(best),
            f"default_scope = 'mmpose'\nmodel = {run.runner.cfg.model.to_dict()!r}",
        ],
        cwd=repo_root,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert 'loaded mmpose.models' in result.stdout


def test_training_from_the_best_checkpoint(mocap_root, tmp_path, trained):
    (best,) = trained('tensor').folder.glob('best_*.pth')
    runner = build(mocap_root, tmp_path, LOOPS['released'], load_from=str(best))
    runner.load_or_resume()
    assert differing(runner.model, torch.load(best)['state_dict']) == []


@pytest.mark.parametrize('source', ['best of PoseAug', 'run without PoseAug'])
def test_resuming_needs_an_augmentor(mocap_root, tmp_path, trained, source):
    if source == 'best of PoseAug':
        (path,) = trained('learned').folder.glob('best_*.pth')
    else:
        path = trained('tensor').folder / 'epoch_2.pth'
    runner = build(mocap_root, tmp_path, LOOPS['learned'], resume=True, load_from=str(path))
    with pytest.raises(ValueError, match='holds no augmentor to resume; .* load_from'):
        runner.load_or_resume()


def test_resuming_with_other_networks(mocap_root, tmp_path, trained):
    path = trained('released').folder / 'epoch_2.pth'
    runner = build(mocap_root, tmp_path, LOOPS['learned'], resume=True, load_from=str(path))
    with pytest.raises(ValueError, match='resume with the config of the interrupted run'):
        runner.load_or_resume()


@pytest.mark.parametrize('name', ['tensor', 'learned'])
def test_the_checkpoint_of_another_lifter_is_refused(mocap_root, tmp_path, trained, name):
    path = trained('tensor').folder / 'epoch_2.pth'
    wider = {'model.backbone.stem_channels': 24, 'model.head.in_channels': 24}
    runner = build(mocap_root, tmp_path, LOOPS[name], load_from=str(path), **wider)
    with pytest.raises(ValueError, match=r'another lifter: .* is \(16, 34, 1\), needed is \(24,'):
        runner.load_or_resume()


def test_a_run_is_not_resumed_with_another_codec(mocap_root, tmp_path, trained):
    checkpoint = torch.load(trained('tensor').folder / 'epoch_2.pth', weights_only=False)
    meta = checkpoint['meta']
    meta['cfg'] = meta['cfg'].replace('VideoPoseLifting', 'CalibratedPoseLifting')
    path = tmp_path / 'other.pth'
    torch.save(checkpoint, path)
    runner = build(mocap_root, tmp_path, LOOPS['tensor'], resume=True, load_from=str(path))
    sentence = 'trained with the codec CalibratedPoseLifting, the config has VideoPoseLifting: its'
    with pytest.raises(ValueError, match=sentence):
        runner.load_or_resume()
    build(mocap_root, tmp_path, LOOPS['tensor'], load_from=str(path)).load_or_resume()


def test_a_checkpoint_of_which_the_backbone_fits_is_taken(mocap_root, tmp_path, trained):
    source = torch.load(trained('tensor').folder / 'epoch_2.pth')['state_dict']
    weights = {name: value for name, value in source.items() if name.startswith('backbone')}
    torch.save(dict(state_dict=weights), tmp_path / 'backbone.pth')
    path = str(tmp_path / 'backbone.pth')
    runner = build(mocap_root, tmp_path, LOOPS['tensor'], load_from=path)
    runner.load_or_resume()
    assert differing(runner.model.backbone, {n[9:]: v for n, v in weights.items()}) == []
