# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures of poses, predictions and comparisons."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .augmentation import draw_augmentation
    from .augmentation_values import KIND_LABELS
    from .comparison import draw_comparison
    from .distributions import draw_changes, draw_distributions
    from .figures import new_figure, save_png, to_image
    from .frame_drawing import FrameDrawer, draw_frame
    from .frame_files import write_frames, write_video
    from .gallery import KeypointPanel, Panel, PosePanel, draw_gallery
    from .lifting_page import write_lifting_page
    from .measures import LimbAngle, limb_angles, measure_angles
    from .poses import (
        draw_pose_2d,
        draw_pose_3d,
        image_axes,
        person_window,
        space_axes,
        to_plot_axes,
    )
    from .sequence import FrameImages, drawn_frames, thin_frames
    from .style import SERIES_COLORS, SIDE_COLORS

__all__ = [
    'KIND_LABELS',
    'SERIES_COLORS',
    'SIDE_COLORS',
    'FrameDrawer',
    'FrameImages',
    'KeypointPanel',
    'LimbAngle',
    'Panel',
    'PosePanel',
    'draw_augmentation',
    'draw_changes',
    'draw_comparison',
    'draw_distributions',
    'draw_frame',
    'draw_gallery',
    'draw_pose_2d',
    'draw_pose_3d',
    'drawn_frames',
    'image_axes',
    'limb_angles',
    'measure_angles',
    'new_figure',
    'person_window',
    'save_png',
    'space_axes',
    'thin_frames',
    'to_image',
    'to_plot_axes',
    'write_frames',
    'write_lifting_page',
    'write_video',
]

__getattr__, __dir__ = lazy_names(__name__)
