# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures of poses, predictions and comparisons."""

from .augmentation import KIND_LABELS, draw_augmentation
from .comparison import draw_comparison
from .distributions import draw_changes, draw_distributions
from .figures import new_figure, save_png, to_image
from .gallery import KeypointPanel, Panel, PosePanel, draw_gallery
from .hook import LiftingVisualizationHook
from .poses import draw_pose_2d, draw_pose_3d, image_axes, person_window, space_axes, to_plot_axes
from .style import SERIES_COLORS, SIDE_COLORS

__all__ = [
    'KIND_LABELS',
    'SERIES_COLORS',
    'SIDE_COLORS',
    'KeypointPanel',
    'LiftingVisualizationHook',
    'Panel',
    'PosePanel',
    'draw_augmentation',
    'draw_changes',
    'draw_comparison',
    'draw_distributions',
    'draw_gallery',
    'draw_pose_2d',
    'draw_pose_3d',
    'image_axes',
    'new_figure',
    'person_window',
    'save_png',
    'space_axes',
    'to_image',
    'to_plot_axes',
]
