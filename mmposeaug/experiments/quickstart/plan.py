# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the quickstart runs, with which commands, and where everything lies."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmposeaug.engine.checkpoint_files import find_best_checkpoint, find_last_checkpoint
from mmposeaug.engine.set_configs import dataset_of_set, missing_files

from ..processes import num_cores


@dataclass(frozen=True)
class Method:
    """One way to train the lifter.

    Args:
        name (str): Name of its folder.
        label (str): Name in tables and pictures.
        config (str): Config file in ``configs/poseaug``.
    """

    name: str
    label: str
    config: str


_CONFIG = 'real/{}_simplebaseline-256_1xb256-96e_synthetic.py'

METHODS = (
    Method('baseline', 'No augmentation', _CONFIG.format('baseline')),
    Method('random', 'Random augmentation', _CONFIG.format('random')),
    Method('poseaug', 'PoseAug', _CONFIG.format('poseaug')),
)
"""tuple[Method]: The ways that are compared; they differ in nothing but the augmentation."""

REAL_VIDEO = 'real_video'
"""str: Name of the test set of a real detector's keypoints, which need not be there."""

ROLES = {
    'source_test': 'source: other people, same motions',
    'target_dev': 'target: other people, motions and cameras',
    REAL_VIDEO: "real video: a detector's keypoints, 12 joints, mean over calibrated cameras",
}
"""dict[str, str]: What the configs' test sets are."""

SCORES = ('MPJPE', 'P-MPJPE', 'PCK', 'AUC')
"""tuple[str]: Scores that are shown, in mm and percent."""


@dataclass(frozen=True)
class QuickstartPlan:
    """Everything that decides what the quickstart does.

    Args:
        repo_root (Path): The checkout that holds ``configs`` and ``tools``.
        work_dir (Path): Folder for all results.
        data_root (Path): Folder of the synthetic set; made if it is not there.
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
        if not self.config_file(METHODS[0]).is_file():
            raise FileNotFoundError(
                f"There is no '{self.config_file(METHODS[0])}'; run tools/quickstart.py of a "
                'complete checkout of the repository.'
            )

    # --------------------------------------------------------------- settings
    @property
    def max_epochs(self) -> int:
        """int: Epochs of each training."""
        if self.epochs is not None:
            return self.epochs
        return int(self._config.train_cfg.max_epochs)

    @property
    def sets(self) -> dict[str, str]:
        """dict[str, str]: The test sets whose files are there, and what they are."""
        sets, dataloader = self._config.test_cfg.sets, self._config.test_dataloader
        absent = [
            name
            for name, options in sets.items()
            if options.get('optional') and [*missing_files(dataset_of_set(dataloader, options))]
        ]
        return {name: ROLES[name] for name in sets if name not in absent}

    def is_tested(self, method: Method) -> bool:
        """Whether a method has its scores on all sets.

        Args:
            method (Method): The method.

        Returns:
            bool: False also where the files of a set came only after the test.
        """
        try:
            metrics = json.loads(self.metrics_file(method).read_text())
        except FileNotFoundError:
            return False
        return all(f'{name}/{SCORES[0]}' in metrics for name in self.sets)

    @property
    def validation_score(self) -> str:
        """str: The score by which checkpoints are chosen."""
        return str(self._config.default_hooks.checkpoint.save_best)

    @cached_property
    def _config(self) -> Config:
        """Config: What the methods' configs share."""
        return Config.fromfile(self.config_file(METHODS[0]))

    @property
    def num_jobs(self) -> int:
        """int: Trainings at the same time."""
        if self.jobs is not None:
            return self.jobs
        return min(len(METHODS), num_cores())

    def settings(self) -> dict[str, Any]:
        """What must be the same for a second call to go on with the first one's runs."""
        return dict(
            epochs=self.max_epochs,
            seed=self.seed,
            data_root=str(self.data_root),
            frames=dict(self.frames),
        )

    def cfg_options(self) -> dict[str, Any]:
        """Settings that override the configs, for ``--cfg-options``."""
        interval = max(1, self.max_epochs // 12)
        options: dict[str, Any] = {
            'train_cfg.max_epochs': self.max_epochs,
            'train_cfg.val_interval': interval,
            'default_hooks.checkpoint.interval': interval,
            # with one alone, a run that is interrupted while it saves could not go on
            'default_hooks.checkpoint.max_keep_ckpts': 2,
            'randomness.seed': self.seed,
        }
        for loader in ('train', 'val', 'test'):
            options[f'{loader}_dataloader.dataset.data_root'] = str(self.data_root)
        return options

    # ------------------------------------------------------------------ files
    @property
    def settings_file(self) -> Path:
        """Path: Settings of the runs in the work folder, by which they are known as ours."""
        return self.work_dir / 'settings.json'

    def config_file(self, method: Method) -> Path:
        """Path: Config file of a method."""
        return self.repo_root / 'configs' / 'poseaug' / method.config

    def run_dir(self, method: Method) -> Path:
        """Path: Folder of a method's checkpoints and logs."""
        return self.work_dir / method.name

    def metrics_file(self, method: Method) -> Path:
        """Path: Scores of a method; see :meth:`is_tested`."""
        return self.run_dir(method) / 'metrics.json'

    def best_checkpoint(self, method: Method) -> Path | None:
        """Path | None: The lifter that is best on the held-out part of the source."""
        return find_best_checkpoint(self.run_dir(method), self.validation_score)

    def last_checkpoint(self, method: Method) -> Path | None:
        """Path | None: The newest complete checkpoint to resume from."""
        path = find_last_checkpoint(self.run_dir(method)).path
        return None if path is None else Path(path)

    # --------------------------------------------------------------- commands
    def train_command(self, method: Method) -> list[str]:
        """list[str]: Command that trains, or goes on with it."""
        command = self._command('train', self.config_file(method))
        command += ['--work-dir', str(self.run_dir(method))]
        last = self.last_checkpoint(method)
        return command if last is None else [*command, '--resume', str(last)]

    def test_command(self, method: Method, checkpoint: Path) -> list[str]:
        """list[str]: Command that scores a checkpoint."""
        command = self._command('test', self.config_file(method), checkpoint)
        command += ['--work-dir', str(self.run_dir(method) / 'test')]
        return [*command, '--out', str(self.metrics_file(method))]

    def _command(self, tool: str, *files: Path) -> list[str]:
        options = [f'{key}={value}' for key, value in self.cfg_options().items()]
        script = self.repo_root / 'tools' / f'{tool}.py'
        return [sys.executable, str(script), *map(str, files), '--cfg-options', *options]
