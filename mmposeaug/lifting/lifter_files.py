# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether the files of a lifter are there, before what reads them is imported."""

from __future__ import annotations

from pathlib import Path


def require_config(path: Path) -> None:
    """Refuse the config of a lifter that does not exist."""
    if not path.is_file():
        raise FileNotFoundError(f"The config '{path}' does not exist; check the path.")


def require_checkpoint(path: Path) -> None:
    """Refuse the checkpoint of a lifter that does not exist."""
    if not path.is_file():
        raise FileNotFoundError(
            f"The checkpoint '{path}' does not exist; give the path of a .pth file on this machine."
        )


def require_pair(config: object, checkpoint: object) -> None:
    """Refuse a config without checkpoint, or the other way round."""
    if (config is None) != (checkpoint is None):
        missing = 'config' if config is None else 'checkpoint'
        raise ValueError(
            f'The {missing} of the lifter is missing; give config and checkpoint, or neither '
            'for the lifter that comes with the package.'
        )
