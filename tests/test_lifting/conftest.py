# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Checkpoints of lifters with random weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from small_lifters import Saved


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[Config], Saved]:
    """Config and checkpoint of a lifter with random weights."""

    def save(cfg: Config) -> Saved:
        path = tmp_path / 'lifter.pth'
        torch.manual_seed(0)
        with DefaultScope.overwrite_default_scope('mmpose'):
            torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), path)
        return cfg, path

    return save
