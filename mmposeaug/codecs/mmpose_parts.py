# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether parts of a lifter are MMPose's, without importing MMPose's models, which takes seconds.

What is not imported nothing can be an instance of.
"""

from __future__ import annotations

import sys
from typing import Any


def is_of(part: Any, name: str) -> bool:
    """Whether a backbone or head is of the class that MMPose's models call so."""
    models = sys.modules.get('mmpose.models')
    return models is not None and isinstance(part, getattr(models, name))


def unwrap(lifter: Any) -> Any:
    """A lifter without MMEngine's or torch's distributed wrapper."""
    model = sys.modules.get('mmengine.model')
    return lifter.module if model is not None and model.is_model_wrapper(lifter) else lifter
