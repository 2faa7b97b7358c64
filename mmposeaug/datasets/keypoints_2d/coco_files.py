# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""COCO keypoint files: ground truth (an object) and results (a list), through xtcocotools."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .frame_numbers import ASSUMED, frames_of_names, frames_of_numbers
from .keypoints import Keypoints2D
from .people import PeopleCollector, corners

if TYPE_CHECKING:
    from xtcocotools.coco import COCO

ALL_VIDEOS = 'all'
"""str: In place of the number of a video: take all, whose frames then have no times."""


def read_coco_annotations(
    content: Mapping[str, Any],
    source: str,
    video_id: int | str | None = None,
    first_frame: int | None = None,
) -> Keypoints2D:
    """Return the people of a COCO ground-truth file.

    Frames are known by ``frame_id``, else by the names of the images. Visibilities above 0 become
    the score 1; other numbers, such as 0.25, are taken for scores.
    """
    coco = _index(content, source)
    images, frames_from = _images(coco, source, video_id, first_frame)
    people = PeopleCollector(source)
    for frame, image in images.items():
        for annotation in coco.imgToAnns[image['id']]:
            values = annotation.get('keypoints')
            if values is None:
                continue
            people.add(
                f'Annotation {annotation.get("id")}',
                frame,
                values,
                track=annotation.get('track_id', annotation.get('instance_id')),
                box=corners(annotation.get('bbox')),
            )
    keypoints = people.finish(_names(content), *_names_and_sizes(images), frames_from)
    scores = keypoints.scores
    fractions = scores[scores % 1 > 0]
    if not len(fractions):
        scores[:] = scores > 0  # 1 is hidden, 2 is visible: both are known
        return keypoints
    notice = (
        f'The keypoints of {source} have numbers such as {fractions[0]:g} in place of '
        'visibilities (0, 1, 2); they are taken for scores.'
    )
    return replace(keypoints, notices=(*keypoints.notices, notice))


def read_coco_results(
    content: Sequence[Any],
    source: str,
    annotations: Mapping[str, Any] | None = None,
    video_id: int | str | None = None,
    first_frame: int | None = None,
) -> Keypoints2D:
    """People of a COCO results file."""
    for number, entry in enumerate(content):
        if not isinstance(entry, Mapping) or 'image_id' not in entry or 'keypoints' not in entry:
            raise ValueError(
                f"Entry {number} of {source} must have 'image_id' and 'keypoints', as COCO key "
                'point results have.'
            )
        if not isinstance(entry['image_id'], (int, str)):
            raise ValueError(
                f'Entry {number} of {source} has image_id={entry["image_id"]!r}; give a number or '
                'a name.'
            )
    if annotations is None:
        known = dict.fromkeys(entry['image_id'] for entry in content)
        coco = _index(dict(images=[dict(id=image) for image in known], annotations=[]), source)
        video_id = None
    else:
        coco = _index(annotations, f'the annotations of {source}')
    images, frames_from = _images(coco, source, video_id, first_frame)
    wanted = {image['id']: frame for frame, image in images.items()}
    people = PeopleCollector(source)
    for number, entry in enumerate(content):
        image = entry['image_id']
        if image not in coco.imgs:
            raise ValueError(
                f'Entry {number} of {source} is of the image {image!r}, which its annotations do '
                'not list; give the annotations that belong to it.'
            )
        if image in wanted:
            people.add(
                f'Entry {number}',
                wanted[image],
                entry['keypoints'],
                track=entry.get('track_id'),
                box=corners(entry.get('bbox')),
            )
    names = None if annotations is None else _names(annotations)
    return people.finish(names, *_names_and_sizes(images), frames_from)


def _index(content: Mapping[str, Any], source: str) -> COCO:
    for part in ('images', 'annotations'):
        entries = content.get(part)
        if not isinstance(entries, list) or not all(isinstance(e, Mapping) for e in entries):
            raise ValueError(
                f'{source} has no list of {part}, as COCO files have; check its format.'
            )
    from xtcocotools.coco import COCO  # which imports matplotlib

    coco = COCO()
    coco.dataset = dict(content)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
            coco.createIndex()
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{source} cannot be read as a COCO file: an image or annotation lacks {error}.'
        ) from None
    return coco


def _images(
    coco: COCO, source: str, video_id: int | str | None, first_frame: int | None
) -> tuple[dict[int, dict[str, Any]], str]:
    """Images of one video by frame, and how that is known; all videos are numbered through."""
    images = list(coco.imgs.values())
    if video_id == ALL_VIDEOS:
        return dict(enumerate(images)), f'{ASSUMED}the order of the images of all videos'
    videos = sorted({image['video_id'] for image in images if 'video_id' in image})
    if video_id is not None and video_id not in videos:
        raise ValueError(
            f'{source} has no video {video_id}; its videos are '
            f'{", ".join(map(str, videos)) or "not numbered"}.'
        )
    if video_id is None and len(videos) > 1:
        raise ValueError(
            f'{source} holds {len(videos)} videos ({", ".join(map(str, videos[:8]))}); choose one '
            'with video_id.'
        )
    if video_id is not None:
        images = [image for image in images if image.get('video_id') == video_id]
    numbers = _whole_numbers([image.get('frame_id') for image in images])
    if numbers and len(set(numbers)) < len(numbers):
        raise ValueError(f'{source} has two images of one frame_id; mend it.')
    what = 'frame ids'
    if numbers is None and not any('file_name' in image for image in images):
        numbers, what = _whole_numbers([image['id'] for image in images]), 'image ids'
    if numbers is not None:
        frames, how = frames_of_numbers(numbers, what, source, first_frame)
    else:
        names = [str(image.get('file_name', image['id'])) for image in images]
        frames, how = frames_of_names(names, source, first_frame)
    return dict(zip(frames, images)), how


def _whole_numbers(values: Sequence[Any]) -> list[int] | None:
    """Return the numbers, which may be text; None if one of the values is not a number."""
    if not all(isinstance(v, int) or (isinstance(v, str) and v.isdecimal()) for v in values):
        return None
    return [int(value) for value in values]


def _names(content: Mapping[str, Any]) -> list[str] | None:
    """Names of the keypoints, from the first category that has some."""
    for category in content.get('categories') or ():
        names = category.get('keypoints') if isinstance(category, Mapping) else None
        if isinstance(names, list) and names and all(isinstance(n, str) for n in names):
            return names
    return None


def _names_and_sizes(
    images: Mapping[int, Mapping[str, Any]],
) -> tuple[dict[int, str], dict[int, tuple[int, int]]]:
    names = {i: str(m['file_name']) for i, m in images.items() if 'file_name' in m}
    sizes = {
        i: (int(m['width']), int(m['height']))
        for i, m in images.items()
        if all(isinstance(m.get(side), (int, float)) and m[side] for side in ('width', 'height'))
    }
    return names, sizes
