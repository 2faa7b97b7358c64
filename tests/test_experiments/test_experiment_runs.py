# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Experiments from the file to the summary, with trainings of two epochs."""

from __future__ import annotations

import csv
import importlib
import json
import os
import statistics
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from PIL import Image
from warm_tools import run_tools_warm

from mmposeaug.apis import ExperimentRunner, load_plan
from mmposeaug.experiments.runs import resolve_config
from mmposeaug.synthetic import make_synthetic_mocap

CONFIG = 'configs/poseaug/{}_simplebaseline-256_1xb256-96e_synthetic.py'
OPTIONS = """
      train_cfg: {{max_epochs: 2, val_interval: 1}}
      model: {{backbone.stem_channels: 16, head.in_channels: 16}}
      train_dataloader.dataset.data_root: {root}
      val_dataloader.dataset.data_root: {root}
      test_dataloader.dataset.data_root: {test_root}
"""


def plan_text(root) -> str:
    options = OPTIONS.format(root=root, test_root=root)
    broken = OPTIONS.format(root=root, test_root=root)
    broken += '      train_dataloader.dataset.ann_file: broken.npz\n'
    return f"""
title: Small runs
seeds: [0]
reference: none
sets: [source_test, target_dev]
scores: [MPJPE, PCK]
groups: {{target_dev: subject}}
experiments:
  broken:
    config: {CONFIG.format('baseline')}
    options: {broken}
  none:
    label: No augmentation
    config: {CONFIG.format('baseline')}
    seeds: [0, 1]
    options: {options}
  poseaug:
    label: PoseAug
    config: {CONFIG.format('poseaug')}
    options: {options}
"""


def with_starts(text: str, root) -> str:
    """The same file with experiments that start from those."""
    options = OPTIONS.format(root=root, test_root=root)
    entry = f'config: {CONFIG.format("baseline")}\n    options: {options}'
    for name, start in (('more', 'none'), ('none-at-all', 'broken')):
        text += f'  {name}:\n    start_from: {start}\n    {entry}'
    return text


SRUN = """#!{python}
import os, sys
words = sys.argv[1:]
with open({log!r}, 'a') as file:
    print(*words, os.environ.get('CUDA_VISIBLE_DEVICES'), sep='|', file=file)
place = next(place for place, word in enumerate(words) if not word.startswith('-'))
os.execvp(words[place], words[place:])
"""


@pytest.fixture
def srun(tmp_path, monkeypatch):
    """A program named srun that notes its words and runs the command; gives the notes."""
    (tmp_path / 'bin').mkdir()
    program, log = tmp_path / 'bin' / 'srun', tmp_path / 'srun.log'
    program.write_text(SRUN.format(python=sys.executable, log=str(log)))
    program.chmod(0o755)
    monkeypatch.setenv('PATH', str(program.parent), prepend=os.pathsep)
    return log


class StopAfterFirstEpoch(Hook):
    priority = 'LOWEST'

    def after_train_epoch(self, runner) -> None:
        raise KeyboardInterrupt


def interrupt_training(runner: ExperimentRunner, run) -> None:
    """Leaves what a run that was interrupted after its first epoch leaves."""
    folder, experiment = runner.states.folder(run), run.experiment
    cfg = resolve_config(experiment.config, experiment.options)
    git = dict(commit='0123456789abcdef', dirty=True)
    folder.begin(runner.states.identity(run), cfg.pretty_text, git)
    cfg.merge_from_dict({'randomness.seed': run.seed, 'work_dir': str(folder.path)})
    cfg.visualizer.name = str(folder.path)  # MMEngine keeps one instance for each name
    init_default_scope('mmpose')
    trained = Runner.from_cfg(cfg)
    trained.register_hook(StopAfterFirstEpoch())
    with pytest.raises(KeyboardInterrupt):
        trained.train()


@pytest.fixture(scope='module')
def tool(repo_root):
    """Calls a tool in this process, which has MMPose imported."""

    def call(name: str, *args: object) -> int:
        sys.path.insert(0, str(repo_root / 'tools'))
        try:
            return importlib.import_module(name).main([str(arg) for arg in args])
        finally:
            sys.path.remove(str(repo_root / 'tools'))
            sys.modules.pop(name, None)

    return call


@pytest.fixture(scope='module')
def done(repo_root, tmp_path_factory):
    """A folder with finished runs, the plan, what failed and what was said."""
    folder = tmp_path_factory.mktemp('experiments')
    make_synthetic_mocap(folder / 'data', source_train=400, source_test=24, target_dev=24)
    (folder / 'data' / 'broken.npz').write_text('no npz')
    (folder / 'plan.yml').write_text(plan_text(folder / 'data'))
    plan = load_plan(folder / 'plan.yml', repo_root)
    lines: list[str] = []
    runner = ExperimentRunner(plan, folder / 'runs', jobs=2, report=lines.append)
    interrupt_training(runner, plan.runs(['poseaug'])[0])
    with pytest.MonkeyPatch.context() as patch:
        run_tools_warm(patch)  # but by srun they are started as ever
        failed = runner.run(plan.runs(), clean=True)
        yield folder, plan, failed, lines


def times_of_files(folder):
    """When each file was written, but for the log of MMEngine's that this process goes on with."""
    return {path: path.stat().st_mtime for path in folder.rglob('*') if path.suffix != '.log'}


def read_result(folder, name, seed=0):
    return json.loads((folder / 'runs' / name / f'seed_{seed}' / 'result.json').read_text())


def test_a_failing_run_is_named_and_the_others_finish(done):
    folder, _, failed, lines = done
    assert list(failed) == ['broken, seed 0']
    reason = failed['broken, seed 0']
    assert reason.startswith('the training says: train.py: error: ')
    assert 'broken.npz' in reason
    assert reason.endswith(f'({folder}/runs/broken/seed_0/train.log)')
    assert sum('done, target_dev/MPJPE ' in line for line in lines) == 3
    assert any(line.endswith(f'broken, seed 0: failed: {reason}') for line in lines)


def test_a_result_tells_all_of_a_run(done, repo_root):
    folder, _, _, _ = done
    result = read_result(folder, 'none', 1)
    assert result['experiment'] == 'none' and result['seed'] == 1
    assert result['config'] == CONFIG.format('baseline')
    assert result['options']['train_cfg.max_epochs'] == 2
    assert (result['lifter_steps'], result['epochs'], result['collapses']) == (2, 2, None)
    assert result['versions']['torch'] == torch.__version__
    assert result['machine'].keys() == {'platform', 'cpu'}
    assert result['train_seconds'] > 0
    metrics = json.loads((folder / 'runs/none/seed_1/metrics.json').read_text())
    assert result['metrics'] == metrics and 'target_dev/subject/S21/MPJPE' in metrics
    validation = result['diagnostics']['validation']
    best = result['checkpoint']
    errors = validation['source_val/MPJPE']
    assert validation['epoch'] == [1, 2] and best['score'] == min(errors)
    assert best['name'] == f'best_source_val_MPJPE_epoch_{best["epoch"]}.pth'
    assert result['diagnostics']['training'].keys() == {'epoch', 'loss'}
    seed_0 = read_result(folder, 'none', 0)
    assert seed_0['metrics'] != metrics
    assert seed_0['config_sha256'] == result['config_sha256']


def test_an_interrupted_run_goes_on_from_its_checkpoint(done):
    folder, _, _, lines = done
    assert any(line.endswith('poseaug, seed 0: going on from epoch_1.pth') for line in lines)
    result = read_result(folder, 'poseaug')
    assert (result['lifter_steps'], result['epochs'], result['collapses']) == (2, 2, 0)
    assert result['commit'] == '0123456789abcdef' and result['dirty'] is True
    assert len(result['resumed_on']) == 1
    training = result['diagnostics']['training']
    assert training['epoch'] == [1, 2]
    assert training['poseaug/in_view'][1] > 0
    # it was interrupted before the validation of epoch 1, which is made up for
    assert result['diagnostics']['validation']['epoch'] == [1, 2]


def test_clean_leaves_the_tested_checkpoint_alone(done):
    folder, _, _, _ = done
    for name, seed in (('none', 0), ('none', 1), ('poseaug', 0)):
        result = read_result(folder, name, seed)
        found = (folder / 'runs' / name / f'seed_{seed}').glob('*.pth')
        assert [path.name for path in found] == [result['checkpoint']['name']]


def test_a_second_call_runs_nothing(done, tool, capsys):
    folder, _, _, _ = done
    files = times_of_files(folder / 'runs')
    args = (folder / 'plan.yml', '--work-dir', folder / 'runs')
    assert tool('run_experiments', *args, '--only', 'none', 'pose*') == 0
    assert capsys.readouterr().out.count(': done already') == 3
    assert tool('run_experiments', *args, '--list') == 0
    assert capsys.readouterr().out.splitlines() == [
        'broken, seed 0: begun',
        'none, seed 0: done',
        'poseaug, seed 0: done',
        'none, seed 1: done',
    ]
    assert tool('run_experiments', *args, '--dry-run', '--only', 'broken') == 0
    train, test = capsys.readouterr().out.splitlines()[1:]
    assert 'tools/train.py' in train and 'tools/test.py' in test
    cfg = Config.fromfile(train.split()[2])
    assert (cfg.randomness.seed, cfg.train_cfg.max_epochs) == (0, 2)
    assert cfg.default_hooks.checkpoint.max_keep_ckpts == 2  # the config file keeps one
    changed = dict(times_of_files(folder / 'runs').items() - files.items())
    configs = {Path(command.split()[2]) for command in (train, test)}
    assert {path for path in changed if path.is_file()} == configs


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        ({'train_cfg.max_epochs': 3}, "with options {'train_cfg.max_epochs': 2"),
        ({}, 'holds a run of another config'),
    ],
)
def test_a_changed_run_is_refused(done, tmp_path, options, sentence):
    folder, plan, _, _ = done
    experiment = plan.experiments[1]
    before = (folder / 'runs/none/seed_0/result.json').read_text()
    changed = replace(experiment, options={**experiment.options, **options})
    plan = replace(plan, experiments=(changed,))
    lines: list[str] = []
    runner = ExperimentRunner(plan, folder / 'runs', report=lines.append)
    if not options:  # as if the config file had changed
        cfg, text = runner.states.config(changed)
        changed_text = text.replace('max_epochs=2', 'max_epochs=5')
        runner.states._configs[changed.name] = cfg, changed_text
    failed = runner.run(plan.runs(seeds=[0]))
    reason = failed['none, seed 0']
    assert sentence in reason
    assert reason.endswith('choose another --work-dir or delete that folder.')
    assert options or 'max_epochs=2' in reason and 'max_epochs=5' in reason
    assert (folder / 'runs/none/seed_0/result.json').read_text() == before


def test_foreign_folders_are_refused(done, tmp_path):
    _, plan, _, _ = done
    (tmp_path / 'none' / 'seed_0').mkdir(parents=True)
    (tmp_path / 'none' / 'seed_0' / 'epoch_1.pth').touch()
    state = ExperimentRunner(plan, tmp_path).states.state(plan.runs(['none'])[0])
    assert 'holds files, but no run of an experiment; choose another --work-dir' in state


def test_a_config_that_cannot_be_read_is_refused(done, tmp_path):
    _, plan, _, _ = done
    (tmp_path / 'wrong.py').write_text('model = dict(\n')
    wrong = replace(plan.experiments[1], config=tmp_path / 'wrong.py')
    plan = replace(plan, experiments=(wrong,))
    state = ExperimentRunner(plan, tmp_path / 'runs').states.state(plan.runs()[0])
    assert 'cannot be read with its options (' in state and '\n' not in state


# ---------------------------------------------------- starts, and runs by Slurm
@pytest.fixture
def continued(done):
    """The file with experiments that start from others."""
    folder, _, _, _ = done
    text = with_starts((folder / 'plan.yml').read_text(), folder / 'data')
    (folder / 'more.yml').write_text(text)
    return folder / 'more.yml'


def test_a_run_by_slurm_starts_from_the_tested_checkpoint(
    done, continued, tool, srun, capsys, monkeypatch
):
    folder, _, _, _ = done
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '7')
    args = (continued, '--work-dir', folder / 'runs', '--jobs', 1)
    slurm = ('--slurm', 'gpu', '--slurm-args', '--gres=gpu:1 --comment="a b"')
    assert tool('run_experiments', *args, *slurm, '--only', 'more') == 0
    start = read_result(folder, 'none')['checkpoint']
    path = folder / 'runs/none/seed_0' / start['name']
    assert f'more, seed 0: training from {path}' in capsys.readouterr().out

    train, test = (line.split('|') for line in srun.read_text().splitlines())
    for words in (train, test):
        assert words[:3] == ['--partition=gpu', '--ntasks=1', '--job-name=more-seed_0']
        assert words[3:6] == ['--gres=gpu:1', '--comment=a b', sys.executable]
        assert words[-1] == 'None', 'Slurm chooses the devices'
    assert Config.fromfile(train[7]).load_from == str(path)
    assert Config.fromfile(test[7]).load_from is None
    result = read_result(folder, 'more')
    identity = dict(checkpoint=start['name'], sha256=start['sha256'])
    assert result['start'] == dict(experiment='none', **identity)
    assert result['machine']['cpu'] == 'a node of the Slurm partition gpu'
    log = (folder / 'runs/more/seed_0/train.log').read_text()
    assert f'Load checkpoint from {path}' in log
    loss = {n: read_result(folder, n)['diagnostics']['training']['loss'] for n in ('none', 'more')}
    assert loss['more'][0] < loss['none'][0]


def test_what_starts_from_a_failing_run_is_not_begun(done, continued, repo_root):
    folder, _, _, _ = done
    plan, lines = load_plan(continued, repo_root), []
    runner = ExperimentRunner(plan, folder / 'runs', jobs=2, report=lines.append)
    failed = runner.run(plan.runs(['none-at-all', 'broken'], [0]))
    assert list(failed) == ['broken, seed 0', 'none-at-all, seed 0']
    reason = 'it was not begun, since broken, seed 0 failed'
    assert failed['none-at-all, seed 0'] == reason
    assert lines[-1].endswith(f'none-at-all, seed 0: failed: {reason}')
    assert not (folder / 'runs' / 'none-at-all').exists()


# --------------------------------------------------------------------- summary
def test_the_summary_of_the_runs(done, tool, tmp_path, capsys):
    folder, _, _, _ = done
    args = (folder / 'plan.yml', '--work-dir', folder / 'runs', '--out', tmp_path / 'a' / 'small')
    assert tool('summarize_results', *args) == 0
    printed = capsys.readouterr().out
    text = (tmp_path / 'a' / 'small.md').read_text()
    assert text in printed

    errors = [read_result(folder, 'none', s)['metrics']['target_dev/MPJPE'] for s in (0, 1)]
    mean, deviation = statistics.mean(errors), abs(errors[0] - errors[1]) / 2**0.5
    own = read_result(folder, 'poseaug')['metrics']['target_dev/MPJPE']
    assert f'{mean:.1f} ± {deviation:.1f}' in text
    assert f'{own:.1f} ({100 * (own - mean) / mean:+.1f} %)' in text
    own = read_result(folder, 'poseaug')['metrics']['target_dev/subject/S24/MPJPE']
    assert f'{own:.1f} (' in text
    assert '- broken, seed 0: no result' in text and '- broken: `configs' in text

    with open(tmp_path / 'a' / 'small.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * (2 + 4)  # runs, sets and subjects of the target
    row = next(
        row
        for row in rows
        if (row['experiment'], row['seed'], row['set'], row['group'])
        == ('none', '1', 'target_dev', '')
    )
    assert float(row['MPJPE']) == pytest.approx(errors[1], abs=1e-4)
    for name in ('small.png', 'small_epochs.png'):
        with Image.open(tmp_path / 'a' / name) as picture:
            assert min(picture.size) > 200


def test_the_json_file_gives_the_same_summary(done, tool, tmp_path, capsys):
    folder, _, _, _ = done
    plan = folder / 'plan.yml'
    first, second = tmp_path / '1', tmp_path / '2'
    tool('summarize_results', plan, '--work-dir', folder / 'runs', '--out', first / 'x')
    tool('summarize_results', plan, '--results', first / 'x.json', '--out', second / 'x')
    names = sorted(path.name for path in first.iterdir())
    assert names == ['x.csv', 'x.json', 'x.md', 'x.png', 'x_epochs.png']
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    loss = json.loads((first / 'x.json').read_text())['results'][0]['diagnostics']['training']
    assert all(value == float(f'{value:.4g}') for value in loss['loss'])
    capsys.readouterr()
    text = plan.read_text().replace('[MPJPE, PCK]', '[MPJPE, P-CK]')
    (tmp_path / 'wrong.yml').write_text(text)
    assert tool('summarize_results', tmp_path / 'wrong.yml', '--results', first / 'x.json') == 1
    assert 'No result has source_test/P-CK, which sets and scores' in capsys.readouterr().err
