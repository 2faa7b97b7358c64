# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures of lifted poses frame by frame: the keypoints beside the people in space."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from mmposeaug.structures import LiftedPoses

from .figures import background_of, draw_over, new_figure
from .legend import add_legend
from .poses import draw_pose_2d, draw_pose_3d, image_axes, space_axes, to_plot_axes
from .sequence import check_image, image_size, sequence_frames, space_box
from .style import LABEL_SIZE, TITLE_SIZE

_SIZE = (11.0, 5.2)
"""Inches; at 100 dots an inch both edges are even, as video codecs want them."""

_EDGE = [withStroke(linewidth=4, foreground=(1, 1, 1, 0.6))]
"""Around bones on images, or dark ones would be lost in the dark."""

_IMAGE_EDGE = 800
"""Pixels; the panel is about 440 wide."""

_LABEL_BOX = dict(facecolor='white', alpha=0.7, linewidth=0, pad=1)


class FrameDrawer:
    """Draws any frames of one sequence into one figure, all within the same limits.

    Args:
        lifted (LiftedPoses): The poses.

    Raises:
        ValueError: If there is no pose at all.
    """

    def __init__(self, lifted: LiftedPoses) -> None:
        sequence_frames(lifted)  # refuses empty ones
        self.lifted = lifted
        self.figure: Figure = new_figure(*_SIZE)
        self._flat: Any = self.figure.add_axes((0.055, 0.15, 0.4, 0.72))
        space: Any = self.figure.add_axes((0.48, 0.07, 0.5, 0.83), projection='3d')
        space.computed_zorder = False
        space_axes(space, *space_box(lifted))
        space.xaxis.labelpad = space.yaxis.labelpad = -5  # there is more room than in galleries
        self._space = space
        several = len(lifted.track_numbers) > 1
        add_legend(
            self.figure,
            0.015,
            hollow_label='interpolated' if lifted.interpolated.any() else '',
            text_label='number of the person' if several else '',
        )
        self._several = several
        self._size: tuple[float, float] | None = None  # of the image that the axes are made for
        self._background: Any = None

    def draw(self, frame: int, image: np.ndarray | None = None) -> Figure:
        """Put a frame into the figure.

        Args:
            frame (int): Its number.
            image (np.ndarray, optional): RGB to draw behind the keypoints.

        Returns:
            Figure: The figure, the same for all frames.

        Raises:
            ValueError: If the frame is negative or the image is not RGB.
        """
        if frame < 0:
            raise ValueError(f'Frames are counted from 0, got {frame}.')
        self._clear()
        own_size = None
        if image is not None:
            image = check_image(image, frame)
            own_size = float(image.shape[1]), float(image.shape[0])
        size = image_size(self.lifted, frame, own_size)
        if size != self._size:
            self._size, self._background = size, None
        image_axes(self._flat, size, None if image is None else _smaller(image))
        self._write_title(frame)
        rows = self.lifted.rows_of(frame)
        for row in rows:
            self._draw_person(row, image is not None)
        if not len(rows):
            place = dict(ha='center', va='center', color='#666666', fontsize=LABEL_SIZE + 2)
            for text in (self._flat.text, self._space.text2D):
                axes = text.__self__
                text(0.5, 0.5, 'no pose in this frame', transform=axes.transAxes, **place)
        return self.figure

    def pixels(self, frame: int, image: np.ndarray | None = None) -> np.ndarray:
        """A frame as pixels, several times as fast as drawing the whole figure.

        Args:
            frame (int): Its number.
            image (np.ndarray, optional): RGB to draw behind the keypoints.

        Returns:
            np.ndarray: RGB of shape (height, width, 3), uint8.

        Raises:
            ValueError: If the frame is negative or the image is not RGB.
        """
        self.draw(frame, image)
        moving = self._moving()
        if self._background is None:  # axes, labels and legend, which no frame changes
            self._background = background_of(self.figure, moving)
        if image is not None:
            moving += self._flat.spines.values()  # the image lies on the inner half of these
        return draw_over(self.figure, self._background, moving)

    # ---------------------------------------------------------------- artists
    def _moving(self) -> list[Any]:
        """What changes from frame to frame."""
        found = list(self.figure.texts)
        for axes in (self._flat, self._space):
            found += [*axes.images, *axes.lines, *axes.collections, *axes.texts]
        return found

    def _clear(self) -> None:
        for artist in self._moving():
            artist.remove()

    def _write_title(self, frame: int) -> None:
        parts = [f'Frame {frame}']
        if self.lifted.fps:
            parts.append(f'{frame / self.lifted.fps:.2f} s')
        if self.lifted.image_names.get(frame):
            name = self.lifted.image_names[frame].encode('utf-8', 'replace').decode()
            parts.append(name if len(name) <= 80 else f'…{name[-79:]}')
        # Names are no formulas, whatever dollar signs they hold.
        text = ' · '.join(parts)
        self.figure.text(0.5, 0.93, text, ha='center', fontsize=TITLE_SIZE, parse_math=False)

    def _draw_person(self, row: int, on_image: bool) -> None:
        lifted, skeleton = self.lifted, self.lifted.skeleton
        hollow = lifted.interpolated[row]
        first = len(self._flat.lines)
        draw_pose_2d(self._flat, lifted.keypoints_px[row], skeleton, hollow=hollow)
        pose = lifted.poses_rel[row] + lifted.roots_cam[row]
        draw_pose_3d(self._space, pose, skeleton, hollow=hollow)
        if on_image:
            for line in self._flat.lines[first:]:
                line.set_path_effects(_EDGE)
        if self._several:
            self._label(lifted.keypoints_px[row], pose, str(lifted.tracks[row]), on_image)

    def _label(self, keypoints: np.ndarray, pose: np.ndarray, text: str, on_image: bool) -> None:
        """Write a person's number above the highest joint."""
        style = dict(ha='center', va='bottom', fontsize=LABEL_SIZE, zorder=5, clip_on=True)
        if np.isfinite(keypoints).any():
            assert self._size is not None
            u, v = np.nanmean(keypoints[:, 0]), np.nanmin(keypoints[:, 1])
            box = _LABEL_BOX if on_image else None
            self._flat.text(u, v - 0.02 * self._size[1], text, bbox=box, **style)
        if np.isfinite(pose).any():
            top = np.array([np.nanmean(pose[:, 0]), np.nanmin(pose[:, 1]), np.nanmean(pose[:, 2])])
            x, depth, up = to_plot_axes(top)
            self._space.text(x, depth, up + 0.08, text, **style)


def _smaller(image: np.ndarray) -> np.ndarray:
    """An image that has not many more pixels than are drawn; matplotlib takes long for others."""
    scale = _IMAGE_EDGE / max(image.shape[:2])
    if scale >= 1:
        return image
    height, width = (max(round(scale * edge), 1) for edge in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def draw_frame(lifted: LiftedPoses, frame: int, image: np.ndarray | None = None) -> Figure:
    """Draw the keypoints of a frame beside its people in space.

    All frames of one sequence are drawn within the same limits. A frame without a pose is drawn
    as such.

    Args:
        lifted (LiftedPoses): The poses.
        frame (int): Its number.
        image (np.ndarray, optional): RGB to draw behind the keypoints, uint8.

    Returns:
        Figure: The figure, see :func:`mmposeaug.visualization.save_png`.

    Raises:
        ValueError: If there is no pose at all, the frame is negative or the image is not RGB.
    """
    return FrameDrawer(lifted).draw(frame, image)
