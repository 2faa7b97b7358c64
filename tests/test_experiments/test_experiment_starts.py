# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Runs that start from the checkpoint of another run: when they may, and what is said if not."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from mmengine.config import Config

from mmposeaug.apis import ExperimentError, ExperimentRunner, Slurm, collect_results
from mmposeaug.experiments.json_files import save_compact_json
from mmposeaug.experiments.plan import Experiment, ExperimentPlan, Run
from mmposeaug.experiments.processes import make_slots
from mmposeaug.fileio import sha256_of


@pytest.fixture
def plan(tmp_path):
    """Three experiments, each of which starts from the one before."""
    (tmp_path / 'c.py').write_text('model = dict()\n')
    chain = [('a', ''), ('b', 'a'), ('c', 'b')]
    experiments = tuple(
        Experiment(name, name, tmp_path / 'c.py', start_from=start) for name, start in chain
    )
    return ExperimentPlan(tmp_path, 'Title', experiments, ('dev',), ('MPJPE',))


def runner_of(plan: ExperimentPlan, **kwargs) -> ExperimentRunner:
    return ExperimentRunner(plan, plan.repo_root / 'runs', 1, **kwargs)


def run_of(plan: ExperimentPlan, name: str) -> Run:
    (experiment,) = (e for e in plan.experiments if e.name == name)
    return Run(experiment, 0)


def finish(plan: ExperimentPlan, name: str, weights: str) -> Path:
    """Leaves what a finished run leaves; gives its checkpoint."""
    run = run_of(plan, name)
    states = runner_of(plan).states
    folder, identity = states.folder(run), states.identity(run)
    folder.begin(identity, states.config(run.experiment)[1], dict(commit=None, dirty=None))
    path = folder.path / 'best_epoch_1.pth'
    path.write_text(weights)
    result = dict(
        experiment=name,
        **identity,
        metrics={'dev/MPJPE': 50.0},
        checkpoint=dict(name=path.name, sha256=sha256_of(path)),
        diagnostics=dict(training={'epoch': []}, validation={'epoch': []}),
    )
    save_compact_json(folder.result_file, result)
    return path


def states_of(plan: ExperimentPlan) -> list[str]:
    return [runner_of(plan).states.describe(run) for run in plan.runs()]


def test_states_along_a_chain(plan):
    assert states_of(plan) == ['new', 'waiting for a, seed 0', 'waiting for b, seed 0']
    finish(plan, 'a', 'first')
    assert states_of(plan) == ['done', 'new', 'waiting for b, seed 0']
    finish(plan, 'b', 'second')
    assert states_of(plan) == ['done', 'done', 'new']


def config_of(command: str) -> Config:
    (path,) = (word for word in command.split() if word.endswith('.py') and '/tools/' not in word)
    return Config.fromfile(path)


def test_the_commands_name_a_config_with_all_settings(plan):
    runner = runner_of(plan)
    train, test = runner.pending(run_of(plan, 'b'))
    assert config_of(train).load_from == f'{plan.repo_root}/runs/a/seed_0/BEST_CHECKPOINT'
    assert config_of(train).randomness == dict(seed=0)
    assert 'load_from' not in config_of(test)
    assert states_of(plan)[0] == 'new', 'configs alone are no run'
    path = finish(plan, 'a', 'first')
    assert config_of(runner.pending(run_of(plan, 'b'))[0]).load_from == str(path)
    assert runner.pending(run_of(plan, 'a')) == []


def test_a_run_that_waits_for_one_that_is_not_run_is_left_out(plan):
    failed = runner_of(plan).run([run_of(plan, 'c'), run_of(plan, 'b')])
    sentence = 'it waits for {}, seed 0, which has no result and is not run now; run that too.'
    assert failed == {
        'b, seed 0': sentence.format('a'),
        'c, seed 0': sentence.format('b'),
    }


def test_another_run_of_the_start_is_noticed(plan):
    runs = plan.repo_root / 'runs'
    finish(plan, 'a', 'first')
    finish(plan, 'b', 'second')
    assert set(collect_results(plan, runs).found) == {('a', 0), ('b', 0)}
    finish(plan, 'a', 'trained again')
    assert 'holds a run that started from another run of a than the' in states_of(plan)[1]
    assert states_of(plan)[2].startswith('It starts from b, seed 0, which is refused: ')
    results = collect_results(plan, runs)
    assert set(results.found) == {('a', 0)}
    reason = results.missing['b, seed 0']
    assert 'it started from another run of a, seed 0 than the one here' in reason


def test_a_done_run_stays_done_without_its_start(plan):
    path = finish(plan, 'a', 'first')
    finish(plan, 'b', 'second')
    path.unlink()
    assert states_of(plan)[1] == 'done'
    (path.parent / 'result.json').unlink()
    assert states_of(plan)[1] == 'done'


def test_other_starts_are_other_experiments(plan):
    finish(plan, 'a', 'first')
    finish(plan, 'b', 'second')
    a, b, _ = plan.experiments
    changed = replace(plan, experiments=(a, replace(b, start_from='')))
    assert 'holds a run that started from a, not from new weights; choose' in states_of(changed)[1]
    missing = collect_results(changed, plan.repo_root / 'runs').missing
    reason = "its result is left out, since it was made with start_from 'a'"
    assert missing == {'b, seed 0': reason}


def test_a_start_without_its_checkpoint_is_one_sentence(plan, tmp_path):
    path = finish(plan, 'a', 'first')
    content = json.loads((path.parent / 'result.json').read_text())
    save_compact_json(tmp_path / 'x.json', dict(results=[content]))
    path.unlink()
    assert f"whose tested checkpoint '{path}' is missing; put it back" in states_of(plan)[1]
    elsewhere = ExperimentRunner(plan, tmp_path / 'other', 1, results=[tmp_path / 'x.json'])
    state = elsewhere.states.state(run_of(plan, 'b'))
    assert 'of a, seed 0, of which --results has the numbers alone; copy its folder to' in state


def test_a_start_of_an_earlier_version_is_told_by_its_file(plan):
    path = finish(plan, 'a', 'first')
    content = json.loads((path.parent / 'result.json').read_text())
    del content['checkpoint']['sha256']
    save_compact_json(path.parent / 'result.json', content)
    start = runner_of(plan).states.identity(run_of(plan, 'b'))['start']
    assert start == dict(experiment='a', checkpoint=path.name, sha256=sha256_of(path))


# --------------------------------------------------- files of data, other tests
DATA = """
pw3d = dict(data_root={root!r})
train_dataloader = dict(dataset=dict(type='MocapDataset', ann_file='train.npz'))
test_dataloader = dict(dataset=dict(type='MocapDataset', ann_file='test.npz', data_root='{own}'))
test_cfg = dict(type='MultiSetTestLoop', sets=dict(own=dict(), pw3d=dict(data_root={root!r})))
"""


def write_data_config(plan: ExperimentPlan, root: str = 'absent', own: str = '') -> None:
    (plan.repo_root / 'c.py').write_text(DATA.format(root=root, own=own))


def test_a_run_without_its_files_is_refused_before_it_begins(plan):
    write_data_config(plan)
    lines: list[str] = []

    def failures() -> dict[str, str]:
        return runner_of(plan, report=lines.append).run(plan.runs())

    failed = failures()
    first = "The ann_file 'train.npz' of train_dataloader does not exist; correct it or data_root."
    assert set(failed) == {'a, seed 0', 'b, seed 0', 'c, seed 0'}
    assert set(failed.values()) == {first}
    assert lines[0].endswith(f'a, seed 0: refused: {first}')
    for name in ('train.npz', 'test.npz'):  # relative to the repository, not to this process
        (plan.repo_root / name).touch()
    reason = failures()['a, seed 0']
    assert reason.startswith("The ann_file 'absent/test.npz' of the set 'pw3d' does not exist;")
    assert not (plan.repo_root / 'runs').exists()


def test_what_starts_from_a_run_without_its_files_says_so(plan):
    write_data_config(plan)
    a, b, _ = plan.experiments
    (plan.repo_root / 'd.py').write_text('model = dict()\n')
    plan = replace(plan, experiments=(a, replace(b, config=plan.repo_root / 'd.py')))
    reason = runner_of(plan).run(plan.runs())['b, seed 0']
    assert reason.startswith("it starts from a, seed 0, which is refused: The ann_file 'train.npz'")


def test_a_trained_run_may_be_tested_on_other_sets(plan):
    write_data_config(plan)
    run = run_of(plan, 'a')
    states = runner_of(plan).states
    folder, identity = states.folder(run), states.identity(run)
    folder.begin(identity, states.config(run.experiment)[1], dict(commit=None, dirty=None))
    folder.trained_mark.touch()

    write_data_config(plan, root='elsewhere')
    states = runner_of(plan).states
    assert states.state(run) == 'begun'
    folder.begin_test(states.identity(run), states.config(run.experiment)[1])
    assert states.identity(run)['config_sha256'] != identity['config_sha256']
    claim = json.loads(folder.claim_file.read_text())
    assert claim['config_sha256'] == states.identity(run)['config_sha256']
    assert len(claim['sessions']) == 1

    a = plan.experiments[0]
    without = replace(a, options={'test_cfg.sets.pw3d': None})
    longer = replace(a, options={'train_cfg.max_epochs': 3})
    for experiment, state in ((without, 'begun'), (longer, 'holds a run with options')):
        other = replace(plan, experiments=(experiment,))
        assert state in runner_of(other).states.state(Run(experiment, 0))
    # its files of the training are not needed any more, those of the test are
    assert "'test.npz' of the set 'own'" in runner_of(plan).run([run])['a, seed 0']
    text = (plan.repo_root / 'c.py').read_text()
    (plan.repo_root / 'c.py').write_text(text.replace('train.npz', 'other.npz'))
    assert 'holds a run of another config' in runner_of(plan).states.state(run)


def test_a_result_is_of_its_own_test_sets_alone(plan):
    write_data_config(plan)
    finish(plan, 'a', 'first')
    write_data_config(plan, root='elsewhere')
    assert 'holds a run of another config' in states_of(plan)[0]


# ----------------------------------------------------------------------- Slurm
def test_slurm_decides_on_threads(plan, monkeypatch):
    monkeypatch.setenv('OMP_NUM_THREADS', '4')
    assert make_slots(plan.repo_root, 1)[0]['OMP_NUM_THREADS'] == '1'
    assert make_slots(plan.repo_root, 1, is_slurm=True)[0]['OMP_NUM_THREADS'] == '4'
    monkeypatch.delenv('OMP_NUM_THREADS')
    assert 'OMP_NUM_THREADS' not in make_slots(plan.repo_root, 1, is_slurm=True)[0]


def test_slurm_that_cannot_be_is_one_sentence(plan, tmp_path, monkeypatch, repo_root, capsys):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(ExperimentError, match="program 'srun', which is not on the PATH; call"):
        Slurm('gpu')
    (tmp_path / 'srun').write_text('#!/bin/sh\n')
    (tmp_path / 'srun').chmod(0o755)
    with pytest.raises(ExperimentError, match='needs the name of a partition, not'):
        Slurm(' ')
    with pytest.raises(ExperimentError, match=r'cannot be split into words \(no closing quotation'):
        Slurm('gpu', '--comment="a')
    with pytest.raises(ExperimentError, match='Slurm chooses the devices of each run; leave'):
        runner_of(plan, devices=['0'], slurm=Slurm('gpu'))
    monkeypatch.syspath_prepend(str(repo_root / 'tools'))
    tool = importlib.import_module('run_experiments')
    sys.modules.pop('run_experiments')
    with pytest.raises(SystemExit, match='2'):
        tool.main(['x.yml', '--slurm-args', '--gres=gpu:1'])
    assert 'are for --slurm PARTITION; name the partition too' in capsys.readouterr().err
