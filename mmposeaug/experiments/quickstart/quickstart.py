# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Data, trainings, tests, comparison and pictures, from one call."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from mmposeaug.fileio import save_json
from mmposeaug.synthetic import make_synthetic_mocap

from ..processes import Task, ToolError, run_tasks, tool_env
from .pictures import draw_pictures
from .plan import METHODS, Method, QuickstartPlan
from .progress import Progress
from .report import describe, format_table, pick_scores, write_report

Report = Callable[[str], None]


class QuickstartError(RuntimeError):
    """A training or a test of the quickstart failed."""


def run_quickstart(
    plan: QuickstartPlan, fresh: bool = False, report: Report = print
) -> dict[str, dict[str, dict[str, float]]]:
    """Train one lifter without augmentation, with random augmentation and with PoseAug; compare.

    What an earlier call with the same settings has done is not done again; an interrupted
    training goes on from its last checkpoint.

    Args:
        plan (QuickstartPlan): What to do.
        fresh (bool): Delete the earlier call's runs first. Defaults to False.
        report (Callable): Takes each line of progress. Defaults to ``print``.

    Returns:
        dict: Scores by method's name, set and score, in mm and percent.

    Raises:
        FileExistsError: If the work folder holds runs of other settings or what is not the
            quickstart's, or the data folder holds other data.
        QuickstartError: If a training or a test failed.
    """
    start = time.monotonic()

    def tell(line: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - start), 60)
        report(f'[{minutes:2d}:{seconds:02d}] {line}')

    if fresh:
        _delete_runs(plan)
    _claim(plan)
    tell(f'Data: {plan.data_root}')
    make_synthetic_mocap(plan.data_root, **dict[str, Any](plan.frames))
    _run_methods(plan, tell)
    metrics = {m.name: json.loads(plan.metrics_file(m).read_text()) for m in METHODS}
    scores = {name: pick_scores(found, plan.sets) for name, found in metrics.items()}
    write_report(plan, scores, _lifter_steps(plan))
    tell('Drawing pictures')
    pictures = draw_pictures(plan, scores)
    report('\n' + format_table(scores) + '\n\n' + describe(scores) + '\n')
    for name, text in {**pictures, 'results.md': 'this table', 'results.json': 'as JSON'}.items():
        report(f'{plan.work_dir / name}: {text}')
    for method in METHODS:
        report(f'{plan.best_checkpoint(method)}: the lifter of "{method.label}"')
    tell(f'Done, with {sum(os.times()[:4]):.0f} s of CPU time.')
    return scores


# ------------------------------------------------------------------------ runs
def _run_methods(plan: QuickstartPlan, tell: Report) -> None:
    tasks = []
    for method in reversed(METHODS):  # the longest training first
        if plan.is_tested(method):
            tell(f'{method.label}: done already')
            continue
        progress = Progress(
            method.label, plan.run_dir(method), plan.max_epochs, plan.validation_score, tell
        )
        tasks.append(Task(method.label, _commands(plan, method, tell), progress))
    if not tasks:
        return
    tell(
        f'{len(tasks)} trainings of {plan.max_epochs} epochs, {min(plan.num_jobs, len(tasks))} at '
        f'a time; full logs in {plan.work_dir}/*/*.log'
    )
    try:
        run_tasks(tasks, [tool_env(plan.repo_root)] * plan.num_jobs)
    except ToolError as error:
        raise QuickstartError(str(error)) from None


def _commands(
    plan: QuickstartPlan, method: Method, tell: Report
) -> Iterator[tuple[str, list[str], Path]]:
    """The commands that a method still needs."""
    folder = plan.run_dir(method)
    trained = folder / 'trained'
    if not trained.is_file():
        last = plan.last_checkpoint(method)
        tell(f'{method.label}: ' + ('training' if last is None else f'going on from {last.name}'))
        yield 'training', plan.train_command(method), folder / 'train.log'
        trained.touch()
    checkpoint = plan.best_checkpoint(method) or plan.last_checkpoint(method)
    if checkpoint is None:
        raise QuickstartError(
            f"{method.label}: the training left no checkpoint in '{folder}'; call the quickstart "
            'with --fresh.'
        )
    tell(f'{method.label}: trained; testing {checkpoint.name}')
    yield 'test', plan.test_command(method, checkpoint), folder / 'test.log'


def _lifter_steps(plan: QuickstartPlan) -> int:
    """Lifter steps of each training, which must be the same in all."""
    steps = set()
    for method in METHODS:
        checkpoint = plan.last_checkpoint(method)
        assert checkpoint is not None
        loaded = torch.load(checkpoint, map_location='cpu', weights_only=True)
        steps.add(int(loaded['meta']['iter']))
    if len(steps) != 1:
        raise QuickstartError(
            f'The trainings made {sorted(steps)} lifter steps and cannot be compared; call the '
            'quickstart with --fresh.'
        )
    return steps.pop()


# --------------------------------------------------------------------- folders
def _claim(plan: QuickstartPlan) -> None:
    """Remember the settings of the runs in the work folder, or compare with them."""
    settings, before = plan.settings(), _read_settings(plan)
    runs = [plan.run_dir(m) for m in METHODS if plan.run_dir(m).exists()]
    if not runs:
        save_json(plan.settings_file, settings)
    elif before is None:
        raise FileExistsError(
            f"'{runs[0]}' is there already and not from the quickstart (there is no usable "
            f"'{plan.settings_file}'); name another folder with --work-dir."
        )
    elif before != settings:
        changed = [
            f'{key} {before.get(key)!r}' for key in settings if before.get(key) != settings[key]
        ]
        raise FileExistsError(
            f"'{plan.work_dir}' holds runs with {', '.join(changed)}; call with --fresh to replace "
            'them, or with another --work-dir.'
        )


def _delete_runs(plan: QuickstartPlan) -> None:
    """Delete what the quickstart made in the work folder, and nothing else."""
    if not plan.work_dir.exists() or not any(plan.work_dir.iterdir()):
        return
    if _read_settings(plan) is None:
        raise FileExistsError(
            f"'{plan.work_dir}' holds files, but no '{plan.settings_file.name}' of the quickstart, "
            'so --fresh deletes nothing there; name another folder with --work-dir, or empty it.'
        )
    for method in METHODS:
        if plan.run_dir(method).is_dir():
            shutil.rmtree(plan.run_dir(method))
    save_json(plan.settings_file, plan.settings())


def _read_settings(plan: QuickstartPlan) -> dict[str, Any] | None:
    """Settings of the runs in the work folder, None where an earlier call left none."""
    try:
        found = json.loads(plan.settings_file.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.keys() >= plan.settings().keys() else None
