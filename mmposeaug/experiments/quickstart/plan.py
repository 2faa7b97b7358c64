# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the quickstart trains, as a plan of experiments, and where everything lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmposeaug.engine.set_configs import dataset_of_set, missing_files
from mmposeaug.fileio import read_record

from ..plan import Experiment, ExperimentPlan, Run
from ..runs import RunFolder, RunStates
from .report import METHODS, SCORES

_CONFIG = 'real/{}_simplebaseline-256_1xb256-96e_synthetic.py'


@dataclass(frozen=True)
class QuickstartPlan:
    """Everything that decides what the quickstart does.

    Args:
        repo_root (Path): The checkout that holds ``configs`` and ``tools``.
        work_dir (Path): Folder for all results.
        data_root (Path): Folder of the synthetic set; made if need be.
        epochs (int, optional): Epochs of each training. Defaults to those of the configs.
        seed (int): Seed of the trainings; the data are the same for every seed. Defaults to 0.
        jobs (int, optional): Trainings at the same time. Defaults to one for each core, at most 3.
        frames (Mapping[str, int]): Frames of the data's parts, see
            :func:`mmposeaug.synthetic.make_synthetic_mocap`. Defaults to its defaults.

    Raises:
        ValueError: If a number is out of its range.
        FileNotFoundError: If ``repo_root`` is not a checkout.
    """

    repo_root: Path
    work_dir: Path
    data_root: Path
    epochs: int | None = None
    seed: int = 0
    jobs: int | None = None
    frames: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, lowest in (('epochs', 1), ('seed', 0), ('jobs', 1)):
            value = getattr(self, name)
            if value is not None and value < lowest:
                raise ValueError(
                    f'{name} of the quickstart is {value}; set it to {lowest} or more.'
                )
        for name in ('repo_root', 'work_dir', 'data_root'):
            object.__setattr__(self, name, Path(getattr(self, name)).absolute())
        path = self._config_file('baseline')
        if not path.is_file():
            raise FileNotFoundError(
                f"There is no '{path}'; run tools/quickstart.py of a complete checkout of the "
                'repository.'
            )

    @property
    def max_epochs(self) -> int:
        """int: Epochs of each training."""
        return int(self._config.train_cfg.max_epochs) if self.epochs is None else self.epochs

    @cached_property
    def sets(self) -> tuple[str, ...]:
        """tuple[str]: The test sets whose files are there."""
        loader = self._config.test_dataloader
        return tuple(
            name
            for name, options in self._config.test_cfg.sets.items()
            if not (options.get('optional') and [*missing_files(dataset_of_set(loader, options))])
        )

    @property
    def validation_score(self) -> str:
        """str: The score by which checkpoints are chosen."""
        return str(self._config.default_hooks.checkpoint.save_best)

    @cached_property
    def _config(self) -> Config:
        """Config: What the methods' configs share."""
        return Config.fromfile(self._config_file('baseline'))

    def _config_file(self, method: str) -> Path:
        return self.repo_root / 'configs' / 'poseaug' / _CONFIG.format(method)

    def settings(self) -> dict[str, Any]:
        """What decides the scores."""
        return dict(
            epochs=self.max_epochs,
            seed=self.seed,
            data_root=str(self.data_root),
            frames=dict(self.frames),
        )

    @cached_property
    def experiments(self) -> ExperimentPlan:
        """ExperimentPlan: The trainings, the longest one first."""
        interval = max(1, self.max_epochs // 12)
        options: dict[str, Any] = {
            'train_cfg.max_epochs': self.max_epochs,
            'train_cfg.val_interval': interval,
            'default_hooks.checkpoint.interval': interval,
        }
        for loader in ('train', 'val', 'test'):
            options[f'{loader}_dataloader.dataset.data_root'] = str(self.data_root)
        experiments = tuple(
            Experiment(name, label, self._config_file(name), options, (self.seed,))
            for name, label in reversed(METHODS.items())
        )
        return ExperimentPlan(self.repo_root, 'Quickstart', experiments, self.sets, SCORES)

    @cached_property
    def states(self) -> RunStates:
        """RunStates: How far the trainings are."""
        return _States(self.experiments, self.work_dir)

    def run_of(self, method: str) -> Run:
        """The run of a method."""
        (found,) = (e for e in self.experiments.experiments if e.name == method)
        return Run(found, self.seed)

    def folder(self, method: str) -> RunFolder:
        """The folder of a method."""
        return self.states.folder(self.run_of(method))

    def config(self, method: str) -> Config:
        """The config of a method."""
        return self.states.config(self.run_of(method).experiment)[0]

    def result(self, method: str) -> dict[str, Any]:
        """What a method's run gave; empty before that."""
        return read_record(self.folder(method).result_file) or {}


class _States(RunStates):
    """The one run of each method lies in the folder of its name."""

    def folder(self, run: Run) -> RunFolder:
        return RunFolder(self.work_dir / run.experiment.name)
