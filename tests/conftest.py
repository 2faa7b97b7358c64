# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

import mmposeaug  # noqa: F401  (compat first, then everything registers)

REPO_ROOT = Path(__file__).resolve().parents[1]

torch.set_num_threads(1)


@pytest.fixture(scope='session')
def repo_root() -> Path:
    """The root folder of the checkout."""
    return REPO_ROOT


@pytest.fixture(scope='session')
def shared_dir() -> Path:
    """The folder of shared data: `MMPOSEAUG_SHARED`, or `shared` beside the checkout."""
    folder = Path(os.environ.get('MMPOSEAUG_SHARED', REPO_ROOT.parent / 'shared'))
    if not folder.is_dir():
        pytest.skip(f'the shared data folder {folder} is missing; set MMPOSEAUG_SHARED to it')
    return folder


@pytest.fixture(scope='session')
def golden(request: pytest.FixtureRequest) -> Path:
    """The reference file of the original's numbers: `MMPOSEAUG_GOLDEN`, or the shared one."""
    if 'MMPOSEAUG_GOLDEN' in os.environ:
        path = Path(os.environ['MMPOSEAUG_GOLDEN'])
    else:
        shared = request.getfixturevalue('shared_dir')
        path = shared / 'data' / 'golden' / 'poseaug_reference.npz'
    if not path.is_file():
        pytest.skip(f'the golden file {path} is missing; set MMPOSEAUG_GOLDEN to it')
    return path


DEVICES = ['cpu'] + (['cuda'] if torch.cuda.is_available() else [])


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> torch.device:
    """Every device that tests can run on here."""
    return torch.device(request.param)


@pytest.fixture(params=[torch.float32, torch.float64], ids=['float32', 'float64'])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    """Both floating-point types that the package supports."""
    return request.param


@pytest.fixture
def generator() -> torch.Generator:
    """A freshly seeded CPU generator."""
    return torch.Generator().manual_seed(0)
