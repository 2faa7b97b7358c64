# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What is done to poses after they were lifted, in this order: bones, smoothing, up, feet."""

from __future__ import annotations

from mmposeaug.structures import LiftedPoses

from .one_body import hold_bones, restore_bones
from .options import LiftingOptions
from .smoothing import smooth_poses
from .upright import stand_upright
from .views import Camera


def refine_poses(
    lifted: LiftedPoses,
    options: LiftingOptions,
    camera: Camera | None = None,
    size_known: bool = True,
) -> LiftedPoses:
    """Do to lifted poses what options ask for.

    Args:
        lifted (LiftedPoses): The poses.
        options (LiftingOptions): Says what.
        camera (Camera, optional): The camera, which may know what is up.
        size_known (bool): Whether the lifter told how large people are; else they are as tall as
            ``options.stature`` says. Defaults to True.

    Returns:
        LiftedPoses: The poses, the same rows.

    Raises:
        ValueError: If something cannot be done; the sentence says why.
    """
    if options.bones == 'constant':
        lifted = hold_bones(lifted, stature=None if size_known else options.stature)
    if options.smooth is not None:
        smoothed = smooth_poses(lifted, options.smooth, options.causal)
        # the mean of two poses has shorter bones
        lifted = restore_bones(smoothed, lifted) if options.bones == 'constant' else smoothed
    up = options.up if options.up is not None else 'auto' if options.feet else None
    if up is not None:
        axis = up if isinstance(up, str) and up != 'auto' else None
        lifted = stand_upright(lifted, camera, axis, None if isinstance(up, str) else up)
    if not options.feet:
        return lifted
    from .feet import plant_feet  # half a second of imports

    return plant_feet(lifted)
