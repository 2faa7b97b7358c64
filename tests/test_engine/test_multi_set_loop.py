# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Evaluation on several named sets, in runs of MMEngine's Runner on small files."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from camera_rig import NAMES, make_rig, write_rig
from eval_runs import TWO_SETS, build_loop, make_cfg
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.runner import TestLoop as PlainLoop  # pytest would collect a Test...

from mmposeaug.engine.config_files import missing_for_test, missing_for_training


def read_log(work_dir: Path) -> str:
    return '\n'.join(path.read_text() for path in sorted(work_dir.rglob('*.log')))


def test_results_are_those_of_separate_runs(runner: Runner):
    both = build_loop(runner, sets=TWO_SETS).run()
    assert list(both) == ['source/MPJPE', 'source/PCK', 'target/MPJPE', 'target/PCK']
    for name in TWO_SETS:
        loader = copy.deepcopy(runner.cfg.test_dataloader)
        loader.dataset.ann_file = f'{name}.npz'
        alone = PlainLoop(runner, loader, runner.cfg.test_evaluator).run()
        assert {f'{name}/{key}': value for key, value in alone.items()} == pytest.approx(
            {key: value for key, value in both.items() if key.startswith(name)}, abs=1e-4
        )


def test_without_sets_it_is_the_plain_loop(runner: Runner):
    loader, evaluator = runner.cfg.test_dataloader, runner.cfg.test_evaluator
    plain = PlainLoop(runner, loader, evaluator).run()
    assert build_loop(runner, on_tensors=False).run() == plain
    assert build_loop(runner).run() == pytest.approx(plain, abs=1e-4)
    assert list(plain) == ['MPJPE', 'PCK']


def test_log_counts_through_the_sets_and_ends_in_a_table(data_root: Path, tmp_path: Path):
    options = {
        'test_cfg.sets': TWO_SETS,
        'default_hooks.logger': dict(type='LoggerHook', interval=1),
    }
    init_default_scope('mmpose')
    scores = Runner.from_cfg(make_cfg(data_root, tmp_path, **options)).test()
    log = read_log(tmp_path)
    steps = [int(n) for n in re.findall(r'Epoch\(test\) \[(\d)/9\]', log)]
    assert steps == [*range(1, 10), 9]  # 6 batches and 3 batches, and the summary
    assert 'eta: 0:00:00' in log
    rows = [[cell.strip() for cell in line.split('|')[1:-1]] for line in log.splitlines()]
    assert ['set', 'MPJPE', 'PCK'] in rows
    target = next(row for row in rows if row[:1] == ['target'])
    assert float(target[1]) == pytest.approx(scores['target/MPJPE'], abs=0.01)
    assert float(target[2]) == pytest.approx(scores['target/PCK'], abs=0.01)
    assert 'Evaluating on target, 9 samples' in log
    (summary,) = [path for path in tmp_path.rglob('2*/2*.json')]
    assert json.loads(summary.read_text())['target/MPJPE'] == pytest.approx(scores['target/MPJPE'])


class HookCounter(Hook):
    """Counts calls, and takes what they are given."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.batches: list[int] = []
        self.metrics: list[dict] = []

    def before_val_epoch(self, runner: Any) -> None:
        self.calls.append('before')

    def after_val_iter(self, runner: Any, batch_idx: int, data_batch: Any, outputs: Any) -> None:
        self.batches.append(batch_idx)
        assert runner.val_evaluator.dataset_meta['num_keypoints'] == 17
        assert len(outputs) == len(data_batch['inputs'])

    def after_val_epoch(self, runner: Any, metrics: dict) -> None:
        self.calls.append('after')
        self.metrics.append(metrics)


def test_best_checkpoint_by_a_named_set_and_hooks(data_root: Path, tmp_path: Path):
    cfg = make_cfg(
        data_root,
        tmp_path,
        **{
            'val_cfg.sets': TWO_SETS,
            'val_cfg.flip_test': True,
            'default_hooks.checkpoint': dict(
                type='CheckpointHook', interval=-1, save_best='target/MPJPE', rule='less'
            ),
            'custom_hooks': [dict(type='EMAHook')],
        },
    )
    init_default_scope('mmpose')
    runner = Runner.from_cfg(cfg)
    counter = HookCounter()
    runner.register_hook(counter)
    runner.train()
    assert counter.calls == ['before', 'after'] * 2
    assert counter.batches == [*range(9)] * 2
    assert set(counter.metrics[0]) == {f'{s}/{m}' for s in TWO_SETS for m in ('MPJPE', 'PCK')}
    scores = [metrics['target/MPJPE'] for metrics in counter.metrics]
    best = tmp_path / f'best_target_MPJPE_epoch_{1 + int(np.argmin(scores))}.pth'
    assert best.is_file()
    assert runner.message_hub.get_info('best_score') == pytest.approx(min(scores))
    assert runner.message_hub.get_scalar('val/source/MPJPE').current() == pytest.approx(
        counter.metrics[-1]['source/MPJPE']
    )


def test_result_files_carry_the_sets_name(runner: Runner, tmp_path: Path):
    dump = dict(type='DumpResults', out_file_path=str(tmp_path / 'out.pkl'))
    loop = build_loop(runner, sets=TWO_SETS, evaluator=[dict(type='LiftingMetrics'), dump])
    loop.run()
    assert sorted(path.name for path in tmp_path.iterdir()) == ['out_source.pkl', 'out_target.pkl']


def test_nested_options_and_own_evaluators(runner: Runner):
    evaluator = dict(type='Evaluator', metrics=[dict(type='LiftingMetrics', scores='PCK')])
    sets = dict(part=dict(indices=5, data_prefix=dict(img='images')))
    loop = build_loop(runner, sets=sets, evaluator=evaluator)
    assert len(loop.sets[0].dataloader.dataset) == 5
    assert list(loop.run()) == ['part/PCK']


def test_sets_with_a_flip_and_an_evaluator_of_their_own(runner: Runner, tmp_path: Path):
    dump = dict(type='DumpResults', out_file_path=str(tmp_path / 'out.pkl'))
    evaluator = [dict(type='LiftingMetrics', scores=('MPJPE', 'PCK'), pck_threshold=100), dump]
    own = dict(scores=('MPJPE', 'P-MPJPE'), joints=('left_wrist', 'right_wrist'))
    sets = dict(
        source=dict(), target=dict(TWO_SETS['target'], flip_test=True, evaluator=own), other=None
    )
    loop = build_loop(runner, sets=sets, evaluator=evaluator)
    assert [flip is not None for flip in loop.flips] == [False, True]
    both = loop.run()
    assert list(both) == ['source/MPJPE', 'source/PCK', 'target/MPJPE', 'target/P-MPJPE']
    # the other metrics stay, as do the options that are not changed
    assert sorted(path.name for path in tmp_path.iterdir()) == ['out_source.pkl', 'out_target.pkl']
    assert [item.evaluator.metrics[0].pck_threshold for item in loop.sets] == [100, 100]
    plain = build_loop(runner, sets=dict(source=dict()), evaluator=evaluator[:1])
    flipped = build_loop(
        runner,
        dataset=TWO_SETS['target'],
        flip_test=True,
        evaluator=dict(type='LiftingMetrics', **own),
    )
    assert plain.run()['source/MPJPE'] == pytest.approx(both['source/MPJPE'], abs=1e-4)
    assert flipped.run()['MPJPE'] == pytest.approx(both['target/MPJPE'], abs=1e-4)


def test_a_set_can_keep_from_the_loops_flip(runner: Runner):
    sets = dict(source=dict(flip_test=False), target=TWO_SETS['target'])
    loop = build_loop(runner, sets=sets, flip_test=True)
    assert [flip is not None for flip in loop.flips] == [False, True]


def test_optional_sets_are_left_out_where_their_files_are_not(
    runner: Runner, data_root: Path, tmp_path: Path
):
    sets = {name: dict(options, optional=True) for name, options in TWO_SETS.items()}
    sets['absent'] = dict(ann_file='absent.npz', optional=True)
    cfg = make_cfg(data_root, tmp_path, **{'test_cfg.sets': sets})
    assert list(missing_for_test(cfg)) == []
    loop = build_loop(runner, sets=sets)
    assert [item.name for item in loop.sets] == list(TWO_SETS)
    log = read_log(Path(runner.work_dir))
    assert "The set 'absent' is left out: its ann_file" in log and 'absent.npz' in log


def test_detections_of_calibrated_cameras_are_a_set_beside_others(
    runner: Runner, repo_root: Path, tmp_path: Path
):
    rig = make_rig()
    real_video = Config.fromfile(repo_root / 'configs/_base_/test_sets/real_video.py').real_video
    valid = np.ones((12, 17), bool)
    valid[:, NAMES.index('left_wrist')] = False
    sets = dict(source=dict(), real_video=dict(real_video, data_root=str(tmp_path / 'rig')))
    found = []
    for wrong in (0.0, 3.0):  # metres, where the reference is not valid
        write_rig(tmp_path / 'rig', rig, valid)
        rig.world[:, NAMES.index('left_wrist')] += wrong
        scores = build_loop(runner, sets=sets, flip_test=True).run()
        found.append({key: v for key, v in scores.items() if key.startswith('real_video')})
    assert found[0] == found[1]
    cameras = [found[0][f'real_video/camera/cam-{i}/MPJPE'] for i in range(1, 5)]
    assert found[0]['real_video/MPJPE'] == pytest.approx(np.mean(cameras))
    assert len(set(cameras)) == 4 and 'source/MPJPE' in scores


def test_missing_files_are_said_before_they_are_needed(data_root: Path, tmp_path: Path):
    sets = dict(TWO_SETS, absent=dict(ann_file='absent.npz'), left_out=None)
    cfg = make_cfg(data_root, tmp_path, **{'test_cfg.sets': sets})
    (line,) = missing_for_test(cfg)
    assert 'absent.npz' in line and '--cfg-options test_cfg.sets.absent=None' in line
    assert list(missing_for_training(cfg)) == []
    cfg.train_dataloader.dataset.ann_file = 'nothing.npz'
    cfg.train_cfg = dict(target_2d=dict(file=['a.json'], data_root='some'))
    first, second = missing_for_training(cfg)
    assert first.endswith(
        "nothing.npz' of train_dataloader does not exist; correct it or data_root."
    )
    assert second.startswith("The train_cfg.target_2d.file 'some/a.json' does not exist; give")
    (tmp_path / 'some').mkdir()
    (tmp_path / 'some' / 'a.json').touch()
    assert list(missing_for_training(cfg, str(tmp_path))) == [first]


def test_fp16_is_ignored_on_a_cpu(runner: Runner):
    if torch.cuda.is_available():
        pytest.skip('the runner of this test is not on a CPU')
    assert build_loop(runner, fp16=True).run() == build_loop(runner).run()


@pytest.mark.parametrize(
    'sets, error, message',
    [
        ({'a/b': {}}, ValueError, "'a/b' cannot name an evaluated set; use a word without"),
        ({'': {}}, ValueError, "'' cannot name an evaluated set"),
        ({}, ValueError, 'sets must name at least one data set'),
        ({'a': None}, ValueError, 'sets must name at least one data set'),
        ({'a': dict(evaluator=['EPE'])}, ValueError, "evaluator of the set 'a' must be a dict"),
        (
            {'a': dict(evaluator=dict(type='EPE'))},
            ValueError,
            "'a' changes the metric 'EPE', but the evaluator has LiftingMetrics; name one",
        ),
        ({'a': 'source.npz'}, ValueError, "The set 'a' must be a dict .* got 'source.npz'"),
        ({'a': dict(optional='yes')}, ValueError, "optional of the set 'a' is 'yes'; write True"),
        (
            {'a': dict(ann_file='x.npz', optional=True)},
            FileNotFoundError,
            "No set is left to evaluate on. The set 'a' is left out: its ann_file",
        ),
        ({'a': dict(annfile='x')}, ValueError, "'a' has the option 'annfile', which Human36mData"),
        (
            {'a': dict(ann_file='x.npz')},
            FileNotFoundError,
            r"ann_file '.*x.npz' of the set 'a' does not exist; correct it or data_root\.$",
        ),
        (
            {'a': dict(ann_file='x.npz'), 'b': {}},
            FileNotFoundError,
            "the set 'a' does .*, or leave the set out with --cfg-options test_cfg.sets.a=None",
        ),
        ({'a': dict(camera_param_file='c.pkl')}, FileNotFoundError, "camera_param_file '.*c.pkl'"),
        ({'a': dict(ann_file='empty.npz')}, ValueError, "The set 'a' holds no sample"),
    ],
)
def test_bad_sets(runner: Runner, data_root: Path, sets: dict, error: type, message: str):
    source = dict(np.load(data_root / 'source.npz'))
    np.savez(data_root / 'empty.npz', **{key: value[:0] for key, value in source.items()})
    with pytest.raises(error, match=message):
        build_loop(runner, sets=sets)


def test_sets_need_configs(runner: Runner):
    with pytest.raises(TypeError, match='sets needs the configs .* got ConfigDict and Evaluator'):
        build_loop(runner, sets=TWO_SETS, evaluator=runner.build_evaluator(dict(type='EPE')))
