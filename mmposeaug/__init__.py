# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""PoseAug for MMPose: importing this package registers all of its parts in MMPose's registries.

They are imported when a registry is first asked for something, as MMPose's own are; so ``import
mmposeaug`` costs nothing where no registry is used. :func:`register_all_modules` imports them now.
Call it before ``Registry.module_dict`` is looked at, a part is replaced by
``register_module(force=True)``, or ``torch.load`` reads MMEngine's logs without MMPose.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from . import compat
from .lazy import lazy_names
from .version import __version__

if TYPE_CHECKING:
    from . import (
        codecs,
        datasets,
        engine,
        evaluation,
        fileio,
        geometry,
        lifting,
        models,
        structures,
        visualization,
    )

__all__ = [
    '__version__',
    'codecs',
    'compat',
    'datasets',
    'engine',
    'evaluation',
    'fileio',
    'geometry',
    'lifting',
    'models',
    'register_all_modules',
    'structures',
    'visualization',
]

__getattr__, __dir__ = lazy_names(__name__)

_PARTS = {
    'DATASETS': (
        'mmposeaug.datasets.mocap_dataset',
        'mmposeaug.datasets.multi_camera',
        'mmposeaug.datasets.wholebody_dataset',
    ),
    'HOOKS': (
        'mmposeaug.engine.checkpoint_hook',
        'mmposeaug.engine.progress_hook',
        'mmposeaug.engine.resume_settings',
        'mmposeaug.engine.state_hook',
        'mmposeaug.experiments.augmentation.hook',
        'mmposeaug.lifting.visualization_hook',
    ),
    'KEYPOINT_CODECS': ('mmposeaug.codecs.calibrated_codec',),
    'LOOPS': (
        'mmposeaug.engine.multi_set_loop',
        'mmposeaug.engine.poseaug_train_loop',
        'mmposeaug.engine.tensor_train_loop',
    ),
    'METRICS': ('mmposeaug.evaluation.lifting_metrics',),
    'MODELS': (
        'mmposeaug.models.augmentors',
        'mmposeaug.models.cameras',
        'mmposeaug.models.detections',
        'mmposeaug.models.discriminators',
        'mmposeaug.models.lifters.joint_regression_head',
        'mmposeaug.models.lifters.sem_gcn',
        'mmposeaug.models.lifters.st_gcn',
        'mmposeaug.models.losses',
    ),
    'OPTIM_WRAPPERS': ('mmposeaug.engine.mixed_precision',),
    'TRANSFORMS': ('mmposeaug.datasets.transforms',),
}
"""dict[str, tuple[str, ...]]: Modules that register parts, by MMPose's registry."""


def register_all_modules() -> None:
    """Import all that registers parts in MMPose's registries."""
    for name in sorted({name for names in _PARTS.values() for name in names}):
        import_module(name)


compat.prepare()
compat.add_parts(_PARTS, register_all_modules)
