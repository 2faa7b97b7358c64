# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How far runs are, and how long they will take."""

from __future__ import annotations

import sys

import pytest

from mmposeaug.experiments.processes import Task, run_tasks
from mmposeaug.experiments.progress import RunShare


@pytest.mark.parametrize(
    ('train_cfg', 'lines', 'share'),
    [
        (dict(max_epochs=4), ['{"epoch": 1, "iter": 9}', '{"epoch": 2, "iter": 18}'], 0.475),
        (dict(by_epoch=False, max_iters=36), ['{"epoch": 1, "iter": 9}', '{"MPJPE": 1}'], 0.2375),
        (dict(max_epochs=1), ['{"epoch": 1}', '{"epoch": 2}'], 0.95),
        (dict(), ['{"epoch": 1}'], 0.0),
    ],
)
def test_the_share_of_a_run_is_that_of_its_epochs(tmp_path, train_cfg, lines, share):
    logged = tmp_path / '20260101_000000' / 'vis_data'
    run = RunShare(tmp_path, train_cfg)
    assert run() == 0
    logged.mkdir(parents=True)
    (logged / 'scalars.json').write_text('\n'.join(lines) + '\n')
    assert run() == run() == pytest.approx(share)


def test_somebody_watches_while_tasks_run(tmp_path):
    seen = []
    task = Task('a', iter([('test', [sys.executable, '-c', ''], tmp_path / 'log')]))
    run_tasks([task], [{}], watch=lambda: seen.append(task.has_ended_well))
    assert seen[0] is None and seen[-1] is True
