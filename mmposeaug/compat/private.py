# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Functions that MMEngine keeps private and this package needs."""

from mmengine.runner.loops import _parse_losses as parse_losses
from mmengine.runner.loops import _update_losses as update_losses

__all__ = ['parse_losses', 'update_losses']
