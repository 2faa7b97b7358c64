# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What options of command lines can be, apart from what takes seconds to import."""

from __future__ import annotations

WORLD_AXES = ('x', 'y', 'z', '-x', '-y', '-z')
"""tuple[str]: Axes of a calibration's world that may point up."""

BONES = ('free', 'constant')
"""tuple[str]: What may be known of a person's bones."""

OPSETS = range(18, 25)
"""range: Versions of ONNX's operators that can be asked for; torch writes none below 18."""

PARTS = dict(
    angle='BoneAngleAugmentor',
    length='BoneLengthAugmentor',
    rigid='RigidAugmentor',
    discriminator_3d='KinematicChainDiscriminator',
    discriminator_2d='Keypoint2DDiscriminator',
)
"""dict[str, str]: Networks of the original beside the lifter, and our classes."""
