# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What an ONNX file says about the lifter in it."""

from __future__ import annotations

import json

from mmposeaug.datasets.keypoints_2d import build_keypoint_map
from mmposeaug.structures import Skeleton
from mmposeaug.version import __version__

from .inputs import ExportSettings


def describe(settings: ExportSettings) -> dict[str, str]:
    """Metadata of a graph; lists and mappings are JSON."""
    lifter = settings.lifter
    skeleton = lifter.skeleton
    found = dict(
        output='pose relative to the root joint, which lies at the origin',
        unit='metre',
        axes='camera space: x right, y down, z away from the camera',
        inputs=json.dumps({spec.name: spec.meaning for spec in settings.specs}),
        skeleton=skeleton.name,
        joint_names=json.dumps(skeleton.joint_names),
        parents=json.dumps(skeleton.parents),
        flip_indices=json.dumps(skeleton.flip_indices),
        target_frame=lifter.adapter.target_frame,
        num_frames=str(settings.max_frames),
        frames=f'1 to {settings.max_frames}' if settings.frames_are_free else 'fixed',
        seq_step=str(lifter.window.seq_step),
        flip=json.dumps(settings.flip),
        checkpoint=lifter.checkpoint.name,
        checkpoint_sha256=lifter.sha256,
        mmposeaug_version=__version__,
    )
    if settings.image_size is not None:
        found['image_size'] = json.dumps(settings.image_size)
    if settings.camera is not None:
        found['camera'] = json.dumps(settings.camera)
    weights = _from_coco(skeleton)
    if weights is not None:
        found['from_coco'] = json.dumps(weights)
    return found


def _from_coco(skeleton: Skeleton) -> list[list[float]] | None:
    """Shares (J, 17) of COCO's keypoints in the joints; None if they cannot be made of them."""
    try:
        return build_keypoint_map('coco', skeleton).weights.tolist()
    except ValueError:  # an animal, a hand
        return None
