# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What OpenPose, Ultralytics, AlphaPose and VideoPose3D's programs write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .array_files import keypoints_from_array
from .frame_numbers import frames_of_names
from .keypoints import Keypoints2D
from .people import PeopleCollector, corners

Person = dict[str, Any]
"""Arguments of :meth:`PeopleCollector.add`."""


def is_openpose(content: Any) -> bool:
    """Whether JSON is what OpenPose writes for one image."""
    return isinstance(content, Mapping) and isinstance(content.get('people'), list)


def is_ultralytics(content: Any) -> bool:
    """Whether JSON is what Ultralytics writes for one image: people with x and y apart."""
    first = content[0] if isinstance(content, list) and content else None
    points = first.get('keypoints') if isinstance(first, Mapping) else None
    return isinstance(points, Mapping) and {'x', 'y'} <= points.keys()


def is_by_image(content: Any) -> bool:
    """Whether JSON has people by the name of their image, as AlphaPose writes it."""
    if not isinstance(content, Mapping) or not content:
        return False
    return all(
        isinstance(people, list)
        and all(isinstance(person, Mapping) and 'keypoints' in person for person in people)
        or isinstance(people, Mapping)
        and ('people' in people or 'bodies' in people)
        for people in content.values()
    )


def read_images(
    images: Sequence[tuple[str, Any]], source: str, first_frame: int | None = None
) -> Keypoints2D:
    """People of images by their names, in any of these layouts."""
    names = [name for name, _ in images]
    frames, how = frames_of_names(names, source, first_frame)
    people = PeopleCollector(source)
    for frame, (name, content) in sorted(zip(frames, images), key=lambda pair: pair[0]):
        for i, person in enumerate(_persons(content, f'{name!r} of {source}')):
            people.add(f'Person {i} of {name!r}', frame, **person)
    return people.finish(None, dict(zip(frames, names)), frames_from=how)


def _persons(content: Any, where: str) -> Iterable[Person]:
    listed, read = content, _openpose
    if isinstance(content, Mapping):
        listed = content.get('people', content.get('bodies'))
    elif is_ultralytics(content):
        read = _ultralytics
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise ValueError(f'{where} must be a list of people.')
    return [read(person, where) for person in listed]


def _openpose(person: Mapping[str, Any], where: str) -> Person:
    """A person of OpenPose or AlphaPose."""
    for name in ('pose_keypoints_2d', 'pose_keypoints', 'joints', 'keypoints'):
        if name in person:
            track = person.get('idx', person.get('person_id'))
            track = track[0] if isinstance(track, list) and len(track) == 1 else track
            return dict(
                keypoints=person[name],
                track=None if track in (-1, '-1', []) else track,
                box=corners(person.get('box')),
            )
    raise ValueError(f'A person of {where} has no keypoints.')


def _ultralytics(person: Mapping[str, Any], where: str) -> Person:
    points, box = person.get('keypoints'), person.get('box')
    if not isinstance(points, Mapping) or not {'x', 'y'} <= points.keys():
        raise ValueError(f'A person of {where} has no keypoints with x and y.')
    try:
        keypoints = np.stack((points['x'], points['y']), axis=-1).astype(np.float64)
        corner = None if box is None else [box[name] for name in ('x1', 'y1', 'x2', 'y2')]
    except (TypeError, KeyError, ValueError):
        raise ValueError(
            f'A person of {where} has keypoints or a box that are not as Ultralytics writes them.'
        ) from None
    scores = points.get('visible')
    return dict(keypoints=keypoints, scores=scores, track=person.get('track_id'), box=corner)


def read_videopose3d(
    positions: Any, metadata: Any, source: str, video: int | str | None = None
) -> Keypoints2D:
    """The person of a custom data set of VideoPose3D: ``positions_2d`` and ``metadata``."""
    try:
        videos = {str(name): found['custom'][0] for name, found in positions.items()}
    except (AttributeError, TypeError, KeyError, IndexError):
        raise ValueError(
            f"{source} has the positions_2d of a data set, not those of VideoPose3D's custom "
            'videos; give files of keypoints, one for each video.'
        ) from None
    chosen = str(video) if video is not None else next(iter(videos), '')
    if chosen not in videos or (video is None and len(videos) > 1):
        raise ValueError(
            f'{source} holds the videos {", ".join(videos) or "none"}; choose one of them as '
            'video_id.'
        )
    sizes = metadata.get('video_metadata') if isinstance(metadata, Mapping) else None
    size = sizes.get(chosen) if isinstance(sizes, Mapping) else None
    people = keypoints_from_array(np.asarray(videos[chosen]), source)
    if isinstance(size, Mapping) and {'w', 'h'} <= size.keys():
        pair = (int(size['w']), int(size['h']))
        return replace(people, image_sizes=dict.fromkeys(people.frames.tolist(), pair))
    return people
