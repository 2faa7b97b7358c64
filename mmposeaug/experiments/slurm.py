# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Runs on the nodes of a Slurm cluster: what comes before each command."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass

from .plan import ExperimentError, Run

PROGRAM = 'srun'


@dataclass(frozen=True)
class Slurm:
    """Where Slurm starts the runs.

    Args:
        partition (str): The partition.
        arguments (str): More arguments of ``srun``, as in a shell. Defaults to '', none.

    Raises:
        ExperimentError: If ``srun`` cannot be found, the partition is empty, or the arguments have
            an open quote.
    """

    partition: str
    arguments: str = ''

    def __post_init__(self) -> None:
        if not self.partition.strip():
            raise ExperimentError(f'--slurm needs the name of a partition, not {self.partition!r}.')
        if shutil.which(PROGRAM) is None:
            raise ExperimentError(
                f'--slurm needs the program {PROGRAM!r}, which is not on the PATH; call this on a '
                'machine of the Slurm cluster, or leave --slurm out.'
            )
        try:
            shlex.split(self.arguments)
        except ValueError as error:
            raise ExperimentError(
                f'--slurm-args {self.arguments!r} cannot be split into words '
                f'({str(error).lower()}); close the quote.'
            ) from None

    def prefix(self, run: Run) -> list[str]:
        """What comes before a command, so that it is one task on a node.

        Args:
            run (Run): The run, which names the job.

        Returns:
            list[str]: The words.
        """
        return [
            PROGRAM,
            f'--partition={self.partition}',
            '--ntasks=1',
            f'--job-name={run.experiment.name}-seed_{run.seed}',
            *shlex.split(self.arguments),
        ]

    @property
    def processor(self) -> str:
        """str: What stands for the processor in results, since a node cannot be asked from here."""
        return f'a node of the Slurm partition {self.partition}'
