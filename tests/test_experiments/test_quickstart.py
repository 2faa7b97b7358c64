# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The quickstart from data to pictures, once; and how it goes on, starts over and fails."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from camera_rig import make_rig, write_rig
from mmengine.config import Config
from PIL import Image
from warm_tools import run_tools_warm

from mmposeaug.apis import QuickstartError, QuickstartPlan, run_quickstart
from mmposeaug.datasets import load_pose_bank
from mmposeaug.experiments.processes import Task, ToolError, run_tasks, tool_env
from mmposeaug.experiments.quickstart import METHODS
from mmposeaug.experiments.quickstart.pictures import lift
from mmposeaug.experiments.quickstart.quickstart import Progress
from mmposeaug.experiments.quickstart.report import describe, format_scores
from mmposeaug.experiments.runner import ExperimentRunner

FRAMES = dict(source_train=400, source_test=24, target_dev=24)


@pytest.fixture(scope='module')
def done(repo_root, tmp_path_factory):
    """A plan whose runs are done, real video among its sets, and the lines that it printed."""
    folder = tmp_path_factory.mktemp('quickstart')
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        run_tools_warm(patch)
        patch.setenv('MMPOSEAUG_REALVIDEO', str(write_rig(folder / 'rig', make_rig())))
        plan = QuickstartPlan(
            repo_root, folder / 'runs', folder / 'data', epochs=1, jobs=2, frames=FRAMES
        )
        run_quickstart(plan, report=lines.append)
        yield plan, lines


def test_writes_table_json_and_pictures(done):
    plan, lines = done
    results = json.loads((plan.work_dir / 'results.json').read_text())
    assert results['lifter_steps'] == 1
    assert set(results['scores']) == {'baseline', 'random', 'poseaug'}
    assert list(results['scores']['random']) == ['source_test', 'target_dev', 'real_video']
    assert any('On real video, MPJPE with PoseAug is' in line for line in lines)
    table = format_scores(results['scores'])
    assert table in (plan.work_dir / 'results.md').read_text()
    assert any(table in line for line in lines)
    for name in ('comparison.png', 'target_poses.png', 'augmentation.png'):
        assert any(str(plan.work_dir / name) in line for line in lines)
        with Image.open(plan.work_dir / name) as picture:
            assert min(picture.size) > 300
        assert (plan.work_dir / name).stat().st_size < 300_000


def test_a_line_for_each_validation(done):
    _, lines = done
    for label in METHODS.values():
        assert sum(f'{label}: epoch 1 of 1, loss' in line for line in lines) == 1


def test_pictures_show_the_lifters_that_were_scored(done):
    plan, _ = done
    cfg = plan.config('baseline')
    dataset = dict(cfg.test_dataloader.dataset.to_dict(), ann_file='target_dev.npz')
    bank = load_pose_bank(dataset)
    pose = lift(cfg, plan.folder('baseline').tested_checkpoint(), bank)
    pose_cam = bank.gather(torch.arange(len(bank))).pose_cam[:, 0]
    truth = pose_cam - pose_cam[:, :1]
    error = 1000 * torch.linalg.vector_norm(pose - truth, dim=-1)[:, 1:].mean()
    metrics = plan.result('baseline')['metrics']
    assert float(error) == pytest.approx(metrics['target_dev/MPJPE'], rel=1e-4)


def test_a_second_call_does_nothing_again(done):
    plan, _ = done
    before = {path: path.stat().st_mtime for path in plan.work_dir.rglob('*.pth')}
    lines: list[str] = []
    run_quickstart(plan, report=lines.append)
    assert sum('done already' in line for line in lines) == 3
    assert before == {path: path.stat().st_mtime for path in plan.work_dir.rglob('*.pth')}


def test_real_video_that_comes_later_is_tested_then(done, monkeypatch, tmp_path):
    plan, _ = done
    file = plan.folder('baseline').result_file
    known = plan.result('baseline')
    metrics = {k: v for k, v in known['metrics'].items() if 'real' not in k}
    file.write_text(json.dumps(dict(known, metrics=metrics)))
    lines: list[str] = []
    run_quickstart(plan, report=lines.append)
    assert any('baseline, seed 0: trained; testing best' in line for line in lines)
    assert not any(': training' in line for line in lines)
    assert plan.result('baseline')['metrics'] == known['metrics']
    monkeypatch.setenv('MMPOSEAUG_REALVIDEO', str(tmp_path))
    without = QuickstartPlan(plan.repo_root, plan.work_dir, plan.data_root, epochs=1)
    assert without.sets == ('source_test', 'target_dev')


def test_other_settings_are_not_mixed_with_the_runs(done):
    plan, _ = done
    with pytest.raises(QuickstartError, match='with seed 0, not 1; choose .* or call with --fresh'):
        run_quickstart(replace(plan, seed=1))


def test_runs_of_an_earlier_version_go_on(done, tmp_path):
    plan, _ = done
    old = replace(plan, work_dir=tmp_path)
    for name in METHODS:
        shutil.copytree(plan.folder(name).path, old.folder(name).path)
    for file in (old.folder('poseaug').claim_file, old.folder('poseaug').result_file):
        file.unlink()
    with pytest.raises(QuickstartError, match='holds files, but no run of an experiment'):
        run_quickstart(old)
    (tmp_path / 'settings.json').write_text(json.dumps(old.settings()))
    lines: list[str] = []
    assert run_quickstart(old, report=lines.append)['poseaug']
    assert sum('trained; testing best' in line for line in lines) == 1


@pytest.mark.parametrize('lifter', ['simplebaseline-256', 'videopose-1frm-256'])
def test_configs_differ_in_nothing_but_the_augmentation(repo_root, lifter):
    loops, rest = {}, {}
    for name in ('baseline', 'random', 'poseaug'):
        path = repo_root / 'configs' / 'poseaug' / f'{name}_{lifter}_1xb256-96e_synthetic.py'
        assert len(path.read_text().splitlines()) < 20
        cfg = Config.fromfile(path).to_dict()
        loops[name], rest[name] = cfg.pop('train_cfg'), cfg
    assert rest['baseline'] == rest['random'] == rest['poseaug']
    assert loops['random'] == dict(loops['baseline'], augmentor=dict(type='RandomPoseAugmentor'))
    learned = dict(type='PoseAugTrainLoop', variant='learned')
    assert loops['poseaug'] == dict(loops['baseline'], **learned)
    assert loops['baseline']['max_epochs'] == 96


def test_the_quickstart_differs_in_nothing_but_the_augmentation(repo_root):
    loops, rest = {}, {}
    plan = QuickstartPlan(repo_root, 'work', 'data')
    for experiment in plan.experiments.experiments:
        cfg = Config.fromfile(experiment.config).to_dict()
        loops[experiment.name], rest[experiment.name] = cfg.pop('train_cfg'), cfg
    assert rest['baseline'] == rest['random'] == rest['poseaug']
    augmentor = rest['baseline']['draw']
    assert loops['poseaug'] == dict(
        loops['baseline'], type='PoseAugTrainLoop', augmentor=augmentor, augmented_share=0.8
    )
    assert loops['random'].pop('augmentor')['type'] == 'RandomPoseAugmentor'
    assert loops['random'] == loops['baseline']
    assert loops['baseline']['detector']['type'] == 'DetectionModel'


# ------------------------------------------------------------------- processes
def task(tmp_path, code, name='a'):
    return Task(name, iter([('training', [sys.executable, '-c', code], tmp_path / f'{name}.log')]))


def test_a_failure_shows_the_last_lines_and_ends_the_others(tmp_path, repo_root):
    failing = task(tmp_path, 'print(*range(100), sep=chr(10)); raise SystemExit("no luck")', 'bad')
    endless = task(tmp_path, 'import time; time.sleep(600)', 'endless')
    with pytest.raises(ToolError) as caught:
        run_tasks([endless, failing], [tool_env(repo_root)] * 2)
    message = str(caught.value)
    assert 'bad: the training ended with exit status 1' in message
    assert str(tmp_path / 'bad.log') in message
    assert '    99\n    no luck' in message and '\n    50\n' not in message
    assert endless.process.poll() is not None


def test_commands_of_a_task_run_in_turn(tmp_path, repo_root):
    code = 'import sys; open(sys.argv[1], "a").write(sys.argv[2])'
    out = tmp_path / 'out'
    commands = [
        ('step', [sys.executable, '-c', code, str(out), text], tmp_path / 'log') for text in 'abc'
    ]
    run_tasks([Task('a', iter(commands))], [tool_env(repo_root)])
    assert out.read_text() == 'abc'


def test_a_task_comes_after_another_or_not_at_all(tmp_path, repo_root):
    code = f'open({str(tmp_path / "out")!r}, "a").write("{{}}")'
    first, second, other = (task(tmp_path, code.format(name), name) for name in 'abc')
    bad, dropped = task(tmp_path, 'raise SystemExit(1)', 'bad'), task(tmp_path, code, 'dropped')
    last = task(tmp_path, code, 'last')
    second.after, dropped.after, last.after = first, bad, dropped
    failed = {}

    def note(failing, error):
        failed[failing.label] = str(error)

    run_tasks([last, second, dropped, first, bad, other], [tool_env(repo_root)], note)
    assert (tmp_path / 'out').read_text() == 'abc'  # the first one that is ready, then by order
    assert list(failed) == ['bad', 'dropped', 'last']
    assert failed['last'] == 'it was not begun, since dropped failed'
    with pytest.raises(ValueError, match='last comes after a task that is not given; give that'):
        run_tasks([last], [tool_env(repo_root)])


def test_progress_reports_each_validation_once(tmp_path):
    old, new = (tmp_path / name / 'vis_data' for name in '12')
    old.mkdir(parents=True)
    (old / 'scalars.json').write_text('{"held_out/MPJPE": 99.0, "step": 1}\n')
    lines: list[str] = []
    progress = Progress('PoseAug', tmp_path, 4, 'held_out/MPJPE', lines.append)
    new.mkdir(parents=True)
    with open(new / 'scalars.json', 'w') as file:
        file.write('{"loss": 0.5, "step": 7}\n{"held_out/MPJPE": 50.0, ')
        file.flush()
        progress()
        assert lines == []
        file.write('"step": 2}\n')
        file.flush()
    progress()
    progress()
    assert lines == [
        'PoseAug: epoch 2 of 4, loss 0.5000, 50.0 mm on the held-out part of the source'
    ]


# ---------------------------------------------------------------------- words
def scores(baseline, random, poseaug):
    errors = dict(baseline=baseline, random=random, poseaug=poseaug)
    return {
        name: {
            part: dict.fromkeys(('MPJPE', 'P-MPJPE', 'PCK', 'AUC'), factor * error)
            for part, factor in dict(source=0.5, target=1.0).items()
        }
        for name, error in errors.items()
    }


def test_the_verdict_is_honest_either_way():
    text = describe(scores(100.0, 80.0, 90.0))
    assert '10.0 % lower than with no augmentation (100.0 mm)' in text
    assert '12.5 % higher than with random augmentation (80.0 mm)' in text
    assert text.endswith('Best: Random augmentation.')


def test_real_video_has_a_verdict_of_its_own():
    found = scores(100.0, 80.0, 90.0)
    for name, error in dict(baseline=300.0, random=130.0, poseaug=120.0).items():
        found[name]['real_video'] = dict.fromkeys(('MPJPE', 'P-MPJPE', 'PCK', 'AUC'), error)
    on_target, on_video = describe(found).split(' On real video, ')
    assert on_target == describe(scores(100.0, 80.0, 90.0))
    assert on_video.startswith('MPJPE with PoseAug is 120.0 mm: 60.0 % lower than with no')
    assert on_video.endswith('Best: PoseAug.')


def test_the_table_is_aligned():
    lines = format_scores(scores(100.0, 8.0, 90.0)).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 2 + 6


# ------------------------------------------------------------------ bad input
@pytest.mark.parametrize('settings', [None, '{', '[]', '{"theme": "dark"}'])
@pytest.mark.parametrize('fresh', [True, False])
def test_foreign_folders_are_left_alone(repo_root, tmp_path, settings, fresh):
    precious = tmp_path / 'poseaug' / 'config.py'
    precious.parent.mkdir()
    precious.write_text('lr = 1')
    if settings is not None:
        (tmp_path / 'settings.json').write_text(settings)
    plan = QuickstartPlan(repo_root, tmp_path, tmp_path / 'data', epochs=1)
    message = '--fresh deletes nothing there' if fresh else 'no run of an experiment'
    error = FileExistsError if fresh else QuickstartError
    with pytest.raises(error, match=message) as caught:
        run_quickstart(plan, fresh=fresh, report=lambda line: None)
    assert '--work-dir' in str(caught.value) and '\n' not in str(caught.value)
    assert precious.read_text() == 'lr = 1'
    assert not (tmp_path / 'data').exists()


def test_fresh_deletes_earlier_runs_and_nothing_else(repo_root, tmp_path, monkeypatch):
    monkeypatch.setattr(ExperimentRunner, 'run', lambda *_: {'x': 'not in this test'})
    old = QuickstartPlan(repo_root, tmp_path, tmp_path / 'data', epochs=2, frames=FRAMES)
    run = old.run_of('poseaug')
    old.folder('poseaug').begin(old.states.identity(run), '', dict(commit=None, dirty=None))
    for name in ('poseaug/old.pth', 'mine/notes.txt'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(QuickstartError, match='x: not in this test'):
        run_quickstart(replace(old, seed=1), fresh=True, report=lambda line: None)
    assert not (tmp_path / 'poseaug').exists() and (tmp_path / 'mine' / 'notes.txt').exists()


def test_fresh_deletes_all_or_nothing_and_what_an_earlier_version_noted(
    repo_root, tmp_path, monkeypatch
):
    monkeypatch.setattr(ExperimentRunner, 'run', lambda *_: {'x': 'not in this test'})
    plan = QuickstartPlan(repo_root, tmp_path, tmp_path / 'data', epochs=2, frames=FRAMES)
    run = plan.run_of('baseline')
    plan.folder('baseline').begin(plan.states.identity(run), '', dict(commit=None, dirty=None))
    (tmp_path / 'poseaug').mkdir()
    (tmp_path / 'poseaug' / 'old.pth').touch()
    with pytest.raises(FileExistsError, match='poseaug.* is not from the quickstart'):
        run_quickstart(plan, fresh=True, report=lambda line: None)
    assert plan.folder('baseline').is_begun
    (tmp_path / 'settings.json').write_text(json.dumps(dict(plan.settings(), seed=5)))
    with pytest.raises(QuickstartError, match='x: not in this test'):
        run_quickstart(plan, fresh=True, report=lambda line: None)
    assert not (tmp_path / 'poseaug').exists() and not plan.folder('baseline').path.exists()


def test_runs_on_other_frames_are_not_mixed(done):
    plan, _ = done
    other = dict(plan.frames, target_dev=30)
    with pytest.raises(QuickstartError, match='made with target_dev 24, not 30; call with --fresh'):
        run_quickstart(replace(plan, frames=other))


@pytest.mark.parametrize('option', ['epochs', 'jobs'])
def test_numbers_out_of_range_are_one_sentence(repo_root, tmp_path, option):
    with pytest.raises(ValueError, match=f'{option} of the quickstart is 0; set it to 1 or more'):
        QuickstartPlan(repo_root, tmp_path, tmp_path, **{option: 0})


def test_no_checkout_is_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match='of a complete checkout'):
        QuickstartPlan(tmp_path, tmp_path, tmp_path)


def test_foreign_data_are_left_alone(repo_root, tmp_path):
    np.savez(tmp_path / 'source_train.npz', S=np.zeros(1))
    plan = QuickstartPlan(repo_root, tmp_path / 'runs', tmp_path, epochs=1)
    with pytest.raises(FileExistsError, match='was not made as part of the synthetic set'):
        run_quickstart(plan, report=lambda line: None)
