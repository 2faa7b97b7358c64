# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Loops and hooks of MMEngine's runner."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .adversary import Adversary
    from .checkpoint_hook import SafeCheckpointHook, make_safe
    from .choice import Choice
    from .fast_layers import fast_layers
    from .fixed_parts import Detector, DrawnCameras
    from .mixed_precision import BFloat16OptimWrapper
    from .multi_set_loop import MultiSetTestLoop, MultiSetValLoop
    from .poseaug_train_loop import PoseAugTrainLoop
    from .progress_hook import ProgressHook
    from .quiet_runner import QuietRunner
    from .settings import AugmentationSettings, PoseAugSettings, SampleRules
    from .state_hook import LifterCheckpointHook, PoseAugStateHook
    from .tensor_train_loop import TensorTrainLoop
    from .tta import FlipTest
    from .variants import VARIANTS
    from .watchdog import CollapseWatchdog

__all__ = [
    'VARIANTS',
    'Adversary',
    'AugmentationSettings',
    'BFloat16OptimWrapper',
    'Choice',
    'CollapseWatchdog',
    'Detector',
    'DrawnCameras',
    'FlipTest',
    'LifterCheckpointHook',
    'MultiSetTestLoop',
    'MultiSetValLoop',
    'PoseAugSettings',
    'PoseAugStateHook',
    'PoseAugTrainLoop',
    'ProgressHook',
    'QuietRunner',
    'SafeCheckpointHook',
    'SampleRules',
    'TensorTrainLoop',
    'fast_layers',
    'make_safe',
]

__getattr__, __dir__ = lazy_names(__name__)
