# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a training starts from, and where it must not start since checkpoints would be lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .checkpoint_files import (
    LastCheckpoint,
    find_last_checkpoint,
    is_whole,
    listed,
    set_aside,
    training_checkpoints,
)

RESTART_HINT = (
    '--restart (with other tools: --cfg-options default_hooks.checkpoint.restart=True), which '
    'moves them into a folder in there'
)


def refusal_to_resume(work_dir: str | os.PathLike, found: LastCheckpoint) -> str | None:
    """Why a training cannot go on in a folder, although it holds checkpoints."""
    left = [*found.broken, *map(str, training_checkpoints(work_dir))]
    if found.path is not None or not left:
        return None
    return (
        f"'{work_dir}' holds {listed(left)}, but no whole checkpoint to resume from; choose "
        'another --work-dir, start from a best checkpoint with load_from, or let the training '
        f'start again with {RESTART_HINT}.'
    )


def refusal_of_named(path: str, work_dir: str | os.PathLike) -> str | None:
    """Why a checkpoint that the user named cannot be resumed from."""
    if '://' in path or is_whole(path):
        return None
    last = find_last_checkpoint(Path(path).parent).path or find_last_checkpoint(work_dir).path
    remedy = f'the last whole one is {last!r}' if last else 'there is no whole one beside it'
    return f'The checkpoint {path!r} cannot be read (missing, empty, cut off or damaged); {remedy}.'


def refusal_to_start(work_dir: str | os.PathLike) -> str | None:
    """Why a training must not start at epoch 1 in a folder."""
    left = training_checkpoints(work_dir)
    if not left:
        return None
    return (
        f"'{work_dir}' holds checkpoints of a training ({listed(left)}), which a new one would "
        'replace; go on with it with --resume, choose another --work-dir, or start again with '
        f'{RESTART_HINT}.'
    )


def decide_start(
    work_dir: str,
    out_dir: str | None,
    resume: bool,
    named: str | None,
    restart: bool,
    warn: Callable[[str], None],
) -> tuple[str | None, str | None]:
    """Decide what a training starts from."""
    if resume and named is not None:
        return refusal_of_named(named, work_dir), None
    if resume:
        found = find_last_checkpoint(work_dir, out_dir)
        if found.describe():
            warn(found.describe())
        return refusal_to_resume(work_dir, found), found.path
    if not restart:
        return refusal_to_start(work_dir), None
    moved = set_aside(work_dir)
    if moved is not None:
        warn(f'The checkpoints of the earlier training are now in {moved}')
    return None, None
