# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""PoseAug for MMPose: importing this package registers all of its parts in MMPose's registries."""

from . import compat

compat.apply()  # before anything of MMPose is imported

# Each import registers what the subpackage holds.
from . import (  # noqa: E402
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
from .experiments.augmentation import hook as _hook  # noqa: E402,F401
from .version import __version__  # noqa: E402

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
    'structures',
    'visualization',
]
