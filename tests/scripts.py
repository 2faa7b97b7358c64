# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Command lines as modules, and a lifter for those that need one."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import torch
from mmengine.config import Config
from mmpose.registry import MODELS


def load_script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def random_lifter(repo_root: Path, folder: Path) -> list[str]:
    """Options for the quickstart's lifter with random weights."""
    name = 'poseaug_simplebaseline-256_1xb256-96e_synthetic.py'
    config = repo_root / 'configs' / 'poseaug' / 'real' / name
    path = folder / 'lifter.pth'
    torch.manual_seed(0)
    torch.save(dict(state_dict=MODELS.build(Config.fromfile(config).model).state_dict()), path)
    return ['--config', str(config), '--checkpoint', str(path)]
