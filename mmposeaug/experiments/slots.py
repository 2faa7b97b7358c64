# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Where runs go: cores or GPUs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from .plan import ExperimentError
from .processes import tool_env

DEVICE_VARIABLE = 'CUDA_VISIBLE_DEVICES'


def make_slots(
    repo_root: Path, jobs: int, devices: Sequence[str] = (), is_slurm: bool = False
) -> list[dict[str, str]]:
    """Environment variables for each place in which one run at a time has its turn."""
    # Slurm gives each run cores of its own
    env = tool_env(repo_root, share_cores=not is_slurm)
    if is_slurm:
        if devices:
            raise ExperimentError(
                'Slurm chooses the devices of each run; leave --devices out and ask for them with '
                '--slurm-args "--gres=gpu:1".'
            )
        env.pop(DEVICE_VARIABLE, None)
        return [env] * jobs
    if not devices:
        return [{**env, DEVICE_VARIABLE: '-1'}] * jobs
    visible = list(filter(None, os.environ.get(DEVICE_VARIABLE, '').split(',')))
    slots = []
    for device in devices:
        if (
            not device.isdigit()
            or devices.count(device) > 1
            or (visible and int(device) >= len(visible))
        ):
            raise ExperimentError(
                f'{device!r} is no further CUDA device; give different numbers such as 0,1'
                + (f' below {len(visible)}.' if visible else '.')
            )
        name = visible[int(device)] if visible else device
        slots.append({**env, DEVICE_VARIABLE: name})
    return slots
