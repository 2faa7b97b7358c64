# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pure, batched, differentiable functions on poses and cameras."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .body import body_axes, camera_angles, in_body_frame, tree_axes
    from .bones import (
        bone_lengths,
        bones_to_joints,
        joints_to_bones,
        kinematic_chain_matrix,
        replace_bone_lengths,
        unit_bones,
    )
    from .camera import in_view, normalize_intrinsics, normalize_keypoints, project, view_borders
    from .clips import bone_turns, clip_at, leg_ratio, scale_path
    from .constants import index_tensor, value_tensor
    from .detections import (
        LOST_NOISE,
        LOST_SCORES,
        correlate_frames,
        falling_scores,
        fill_in,
        misplace,
        person_size,
        shift_along_body,
        swap_sides,
    )
    from .placement import projected_size, root_of_size, shift_into_view
    from .roots import place_roots
    from .rotation import euler_to_matrix, rotate, rotation_matrix, shortest_rotation
    from .transforms import flip_intrinsics, flip_keypoints, flip_pose, root_relative
    from .triangulation import Triangulation, in_cameras, triangulate, triangulate_robustly
    from .undistortion import in_lens, undistort
    from .virtual_camera import flip_rotation, turn_points, turn_rays, turn_to

__all__ = [
    'body_axes',
    'camera_angles',
    'in_body_frame',
    'bone_lengths',
    'bones_to_joints',
    'joints_to_bones',
    'replace_bone_lengths',
    'shortest_rotation',
    'unit_bones',
    'in_view',
    'normalize_intrinsics',
    'normalize_keypoints',
    'place_roots',
    'project',
    'view_borders',
    'bone_turns',
    'clip_at',
    'leg_ratio',
    'scale_path',
    'index_tensor',
    'value_tensor',
    'LOST_NOISE',
    'LOST_SCORES',
    'correlate_frames',
    'falling_scores',
    'fill_in',
    'misplace',
    'person_size',
    'shift_along_body',
    'swap_sides',
    'kinematic_chain_matrix',
    'projected_size',
    'root_of_size',
    'shift_into_view',
    'tree_axes',
    'euler_to_matrix',
    'rotate',
    'rotation_matrix',
    'flip_intrinsics',
    'flip_keypoints',
    'flip_pose',
    'root_relative',
    'Triangulation',
    'in_cameras',
    'triangulate',
    'triangulate_robustly',
    'in_lens',
    'undistort',
    'flip_rotation',
    'turn_points',
    'turn_rays',
    'turn_to',
]

__getattr__, __dir__ = lazy_names(__name__)
