# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Data, trainings, tests, comparison and pictures, from one call."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmposeaug.fileio import Manifest, say
from mmposeaug.synthetic import make_synthetic_mocap

from ..plan import ExperimentError
from ..processes import num_cores
from ..progress import NewScalars
from ..runner import ExperimentRunner
from .pictures import draw_pictures
from .plan import QuickstartPlan
from .report import METHODS, SCORES, describe, format_scores, write_report

Report = Callable[[str], None]


class QuickstartError(RuntimeError):
    """A training or a test of the quickstart failed."""


def run_quickstart(
    plan: QuickstartPlan, fresh: bool = False, report: Report = say
) -> dict[str, dict[str, dict[str, float]]]:
    """Train one lifter without augmentation, with random augmentation and with PoseAug; compare.

    What an earlier call with the same settings has done is not done again; an interrupted
    training goes on from its last checkpoint.

    Args:
        plan (QuickstartPlan): What to do.
        fresh (bool): Delete the earlier call's runs first. Defaults to False.
        report (Callable): Takes each line of progress. Defaults to
            :func:`mmposeaug.fileio.say`.

    Returns:
        dict: Scores by method's name, set and score, in mm and percent.

    Raises:
        FileExistsError: If the data folder holds other data, or ``fresh`` would delete what is not
            the quickstart's.
        QuickstartError: If the work folder holds runs of other settings or files of something else,
            or a training or a test failed.
    """
    runner = ExperimentRunner(
        plan.experiments,
        plan.work_dir,
        plan.jobs or min(len(METHODS), num_cores()),
        report=report,
        progress=lambda run: Progress(
            run.experiment.label,
            plan.states.folder(run).path,
            plan.max_epochs,
            plan.validation_score,
            runner.tell,
        ),
        states=plan.states,
    )
    _claim(plan, fresh)
    runner.tell(f'Data: {plan.data_root}')
    make_synthetic_mocap(plan.data_root, **dict[str, Any](plan.frames))
    _test_again(plan)
    failed = runner.run(plan.experiments.runs())
    if failed:
        raise QuickstartError('; '.join(f'{label}: {why}' for label, why in failed.items()))
    steps = {plan.result(name)['lifter_steps'] for name in METHODS}
    if len(steps) != 1:
        raise QuickstartError(
            f'The trainings made {sorted(steps)} lifter steps and cannot be compared; call the '
            'quickstart with --fresh.'
        )
    scores = {name: _scores(plan, name) for name in METHODS}
    write_report(plan.work_dir, scores, steps.pop(), plan.settings())
    runner.tell('Drawing pictures')
    pictures = draw_pictures(plan, scores)
    report('\n' + format_scores(scores) + '\n\n' + describe(scores) + '\n')
    for name, text in {**pictures, 'results.md': 'this table', 'results.json': 'as JSON'}.items():
        report(f'{plan.work_dir / name}: {text}')
    for name, label in METHODS.items():
        report(f'{plan.folder(name).tested_checkpoint()}: the lifter of "{label}"')
    runner.tell(f'Done, with {sum(os.times()[:4]):.0f} s of CPU time.')
    return scores


def _scores(plan: QuickstartPlan, method: str) -> dict[str, dict[str, float]]:
    metrics = plan.result(method)['metrics']
    return {name: {score: metrics[f'{name}/{score}'] for score in SCORES} for name in plan.sets}


def _test_again(plan: QuickstartPlan) -> None:
    """Take back results without the scores of a set whose files came after the test."""
    for name in METHODS:
        result, folder = plan.result(name), plan.folder(name)
        wanted = {f'{set_name}/{SCORES[0]}' for set_name in plan.sets}
        if result and not wanted <= result['metrics'].keys():
            folder.result_file.unlink()


# --------------------------------------------------------------------- folders
def _claim(plan: QuickstartPlan, fresh: bool) -> None:
    """Make sure that the folders of the runs are ours, and note what decides the scores.

    Versions before the runs' own claims had that note alone; runs of its settings are adopted.
    """
    manifest = Manifest(
        plan.work_dir / 'settings.json',
        'by the quickstart',
        'call with --fresh to replace it, or with another --work-dir',
        QuickstartError,
    )
    settings, record = plan.settings(), manifest.read() or {}
    noted = record.keys() >= settings.keys()
    folders = {name: plan.folder(name) for name in METHODS}
    there = [folder for folder in folders.values() if folder.path.is_dir()]
    if fresh:
        for folder in there:
            if not (folder.is_begun or noted):
                raise FileExistsError(
                    f"'{folder.path}' is not from the quickstart, so --fresh deletes nothing "
                    'there; name another folder with --work-dir, or move it away.'
                )
        for folder in there:
            shutil.rmtree(folder.path)
    elif noted:
        manifest.owns(record, dict(frames=settings['frames']), [folder.path for folder in there])
    for name, folder in folders.items():
        run = plan.run_of(name)
        if record == settings and folder.path.is_dir() and not folder.is_begun:
            text = plan.states.config(run.experiment)[1]
            folder.begin(plan.states.identity(run), text, dict(commit=None, dirty=None))
            if folder.trained_mark.is_file():
                folder.end_training()
        try:
            plan.states.check(run)
        except ExperimentError as error:
            raise QuickstartError(
                f'{str(error)[:-1]}, or call with --fresh to replace what is yours.'
            ) from None
    manifest.save(settings)


class Progress:
    """Reports each validation of a training once, in one line."""

    def __init__(self, label: str, run_dir: Path, epochs: int, score: str, report: Report) -> None:
        self.label, self.epochs = label, epochs
        self.score, self.report = score, report
        self.scalars = NewScalars(run_dir, skip=True)
        self._loss = float('nan')

    def __call__(self) -> None:
        """Report what is new."""
        for scalars in self.scalars:
            self._tell(scalars)

    def _tell(self, scalars: dict[str, Any]) -> None:
        self._loss = scalars.get('loss', self._loss)
        if self.score in scalars:
            self.report(
                f'{self.label}: epoch {scalars["step"]} of {self.epochs}, loss {self._loss:.4f}, '
                f'{scalars[self.score]:.1f} mm on the held-out part of the source'
            )
