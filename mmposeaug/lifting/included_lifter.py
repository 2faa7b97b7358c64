# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The lifter that comes with the package."""

from __future__ import annotations

from pathlib import Path

INCLUDED = Path(__file__).resolve().parent / 'included'
"""Path: Folder of the files."""


def included_lifter() -> tuple[Path, Path]:
    """Config and checkpoint of the lifter that comes with the package.

    Returns:
        tuple[Path, Path]: The config (JSON) and the checkpoint; the same as ONNX lies beside them
        as ``lifter.onnx``, and ``MODEL_CARD.md`` says what it was trained on and how good it is.

    Raises:
        FileNotFoundError: If the installation lacks them.

    Example:
        >>> config, checkpoint = included_lifter()
        >>> checkpoint.name
        'lifter.pth'
    """
    paths = INCLUDED / 'lifter.json', INCLUDED / 'lifter.pth'
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(
                f"The lifter that comes with the package is missing ('{path}'); install "
                'mmposeaug again, or give a config and a checkpoint.'
            )
    return paths
