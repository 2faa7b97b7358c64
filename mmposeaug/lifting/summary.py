# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Sentences on what was lifted and assumed; the remedies are options of the demo."""

from __future__ import annotations

from collections.abc import Iterator

from mmposeaug.datasets.keypoints_2d import ASSUMED, Keypoints2D
from mmposeaug.structures import LiftedPoses

from .frames import FrameSource

_PEOPLE = {
    'file': 'numbered as in the file',
    'iou': 'followed over the frames by the overlap of their boxes (tracker iou)',
    'oks': 'followed over the frames by the similarity of their keypoints (tracker oks)',
    'none: single pictures': 'not followed, since these are single pictures',
}
"""dict[str, str]: Ways of :func:`mmposeaug.lifting.assign_tracks`, in words."""


def summarize_lifting(lifted: LiftedPoses) -> Iterator[str]:
    """What was lifted, and what was assumed.

    Args:
        lifted (LiftedPoses): What :class:`LiftingInferencer` gave.

    Yields:
        str: Lines of text.
    """
    info = lifted.info
    people = _PEOPLE.get(info['tracks'], info['tracks'])
    yield f'Keypoints: {info["keypoint_set"]}. People: {people}.'
    yield f'Frames: {info["frames_from"]}.{_remedy_of_frames(info["frames_from"])}'
    yield from info['notices']
    people, frames = len(lifted.track_numbers), len(lifted.frame_numbers)
    yield (
        f'{len(lifted)} poses of {people} {"person" if people == 1 else "people"} in {frames} '
        f'frames; {info["joints_interpolated"]} joints interpolated, {info["people_left_out"]} '
        'people left out for joints that were not found.'
    )
    if 'bones' in info:
        yield f'Bones {info["bones"]}.'
    for name in ('smoothing', 'up', 'feet'):
        if name in info:
            yield f'{name.capitalize()}: {info[name]}.'
    if info['image_size'] == 'assumed':
        width, height = lifted.image_sizes[0]
        yield (
            f'Image size assumed: {width:g} x {height:g}. The poses depend on it; give '
            '--image-size if it is another.'
        )
    if info['camera'].startswith('assumed'):
        depends = (
            'The poses depend' if info['poses_by_camera'] else 'Only the places of people depend'
        )
        yield (
            f'Camera {info["camera"]}. {depends} on it; give --focal or --camera-file if you know '
            'it.'
        )
    if info['scale'].startswith('assumed'):
        yield f'Scale {info["scale"]}; give --stature if you know it.'


def _remedy_of_frames(frames_from: str) -> str:
    """What helps where the frames are assumed and are others."""
    if not frames_from.startswith(ASSUMED):
        return ''
    if 'order' in frames_from:
        return (
            ' Gaps between them are not seen; number the images, or give --stills for single '
            'pictures.'
        )
    return ' Give --first-frame if the first frame of the video has another number.'


def picture_notices(
    people: Keypoints2D, frames: FrameSource, first_frame: int | None = None
) -> Iterator[str]:
    """What is assumed of which picture belongs to which frame.

    Args:
        people (Keypoints2D): The keypoints.
        frames (FrameSource): The pictures that they are of.
        first_frame (int, optional): What was said of the first frame's number.

    Yields:
        str: Sentences, for the ``notices`` of the keypoints.
    """
    if not people.image_names and frames.frames_from.startswith(ASSUMED):
        yield (
            f"The pictures in '{frames.path}' are taken for the frames 0, 1, 2 and so on in the "
            'order of their names.'
        )
    lowest = min(people.image_names, default=0)
    if frames.is_video and lowest > 0 and first_frame is None:
        yield (
            f'The image {people.image_names[lowest]!r} is taken for picture {lowest} of the video, '
            'counted from 0; give --first-frame 1 if its number counts from 1.'
        )
