# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How far each run of a plan is, and whether what lies in its folder is it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmposeaug.fileio import sha256_of

from .collect import mismatch, read_results
from .options import resolve_config
from .plan import Experiment, ExperimentError, ExperimentPlan, Run
from .run_folder import RunFolder

DONE, BEGUN, NEW, WAITING = 'done', 'begun', 'new', 'waiting'
TO_DO = (NEW, BEGUN, WAITING)


class RunStates:
    """Looks at the folders of a plan's runs."""

    def __init__(
        self, plan: ExperimentPlan, work_dir: Path, results: Sequence[str | os.PathLike] = ()
    ) -> None:
        self.plan = plan
        self.work_dir = Path(work_dir).absolute()
        self._known = [read_results(path) for path in results]
        self._configs: dict[str, tuple[Config, str]] = {}

    def folder(self, run: Run) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.work_dir / run.experiment.name / f'seed_{run.seed}')

    def config(self, experiment: Experiment) -> tuple[Config, str]:
        """The config of an experiment."""
        if experiment.name not in self._configs:
            cfg = resolve_config(experiment.config, experiment.options)
            self._configs[experiment.name] = cfg, cfg.pretty_text
        return self._configs[experiment.name]

    def identity(self, run: Run) -> dict[str, Any]:
        """What makes a result that of a run, and not of another one.

        The hash is of the whole config with the folders of the data, since other data make another
        experiment, even under the same config file.
        """
        text = self.config(run.experiment)[1]
        start = self.plan.start_of(run)
        return dict(
            config=self.plan.config_name(run.experiment),
            options=dict(run.experiment.options),
            seed=run.seed,
            config_sha256=sha256_of(text.encode()),
            start=start
            and dict(experiment=start.experiment.name, **self.folder(start).tested_identity()),
        )

    # ------------------------------------------------------------------ states
    def state(self, run: Run) -> str:
        """How far a run is."""
        return DONE if self._is_known(run) else self._state_here(run)

    def describe(self, run: Run) -> str:
        """How far a run is, in words."""
        state = self.state(run)
        start = self.plan.start_of(run)
        return f'{state} for {start.label}' if state == WAITING and start else state

    def _is_known(self, run: Run) -> bool:
        found = filter(None, (find(run) for find in self._known))
        return any(not mismatch(self.plan, run, result) for result in found)

    def _state_here(self, run: Run) -> str:
        """The state without the files of results, which hold no checkpoints."""
        folder = self.folder(run)
        try:
            self.check(run)
            if folder.is_done:
                return DONE
            return WAITING if self._must_wait(run) else BEGUN if folder.is_begun else NEW
        except ExperimentError as error:
            return str(error)

    def check(self, run: Run) -> None:
        """Refuse a folder that holds something else."""
        self.folder(run).check_identity(self.identity(run), self.config(run.experiment)[1])

    def _must_wait(self, run: Run) -> bool:
        start = self.plan.start_of(run)
        if start is None:
            return False
        state = self._state_here(start)
        if state == DONE:
            self.start_checkpoint(run)
            return False
        if state not in TO_DO:
            raise ExperimentError(f'It starts from {start.label}, which is refused: {state}')
        if self._is_known(start):
            raise ExperimentError(
                f'It starts from the checkpoint of {start.label}, of which --results has the '
                f"numbers alone; copy its folder to '{self.folder(start).path}', or leave "
                '--results out to train it here.'
            )
        return True

    def start_checkpoint(self, run: Run) -> Path | None:
        """The checkpoint that a run starts from."""
        start = self.plan.start_of(run)
        if start is None or self.folder(run).last_checkpoint() is not None:
            return None
        path = self.folder(start).tested_checkpoint()
        if path is None or not path.is_file():
            where = path or self.folder(start).path
            raise ExperimentError(
                f"It starts from {start.label}, whose tested checkpoint '{where}' is not there; "
                'put it back, or delete that folder to train it again.'
            )
        return path
