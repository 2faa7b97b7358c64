# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What MMPose's and AlphaPose's programs write."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .frame_numbers import ASSUMED, frames_of_names, frames_of_numbers
from .keypoints import Keypoints2D
from .people import PeopleCollector, corners


def read_mmpose_predictions(
    content: Any, source: str, first_frame: int | None = None
) -> Keypoints2D:
    """People of MMPose prediction JSON: of a video, an image, or a demo's ``instance_info``."""
    names = None
    if isinstance(content, Mapping):
        names = _meta_names(content.get('meta_info'))
        content = content.get('instance_info')
    if not isinstance(content, list):
        raise ValueError(f'{source} has no list of instance_info, as MMPose predictions have.')
    people = PeopleCollector(source)
    frames = content
    if content and isinstance(content[0], Mapping) and 'instances' not in content[0]:
        frames = [dict(frame_id=0, instances=content)]
    ids = [_frame_id(entry, i, source) for i, entry in enumerate(frames)]
    numbers = [i if number is None else number for i, number in enumerate(ids)]
    places, how = frames_of_numbers(numbers, 'frame ids', source, first_frame)
    if None in ids:
        if any(number is not None for number in ids):
            raise ValueError(
                f'Frame {ids.index(None)} of {source} has no frame_id, but others have; give all '
                'of them one, or none.'
            )
        how = f'{ASSUMED}the order of the frames in the file, which have no frame_id'
    if frames is not content:
        how = 'single image'
    for number, frame, entry in zip(numbers, places, frames):
        _add_instances(people, frame, entry['instances'], f'frame {number}')
    return people.finish(names, frames_from=how)


def read_mmpose_folder(
    files: Sequence[tuple[str, Any]], source: str, first_frame: int | None = None
) -> Keypoints2D:
    """People of a folder of MMPose predictions, one file for each image."""
    people = PeopleCollector(source)
    stems = [os.path.splitext(name)[0] for name, _ in files]
    frames, how = frames_of_names(stems, source, first_frame)
    for frame, (name, content) in sorted(zip(frames, files), key=lambda pair: pair[0]):
        if not isinstance(content, list):
            raise ValueError(f'The file {name!r} of {source} must be a list of people.')
        _add_instances(people, frame, content, repr(name))
    return people.finish(None, dict(zip(frames, stems)), frames_from=how)


def read_alphapose(
    content: Sequence[Any], source: str, first_frame: int | None = None
) -> Keypoints2D:
    """People of AlphaPose's JSON: a list with image names, x, y, score triples and ``idx``."""
    for number, entry in enumerate(content):
        if not isinstance(entry, Mapping) or not {'image_id', 'keypoints'} <= set(entry):
            raise ValueError(
                f"Entry {number} of {source} must have 'image_id' and 'keypoints', as AlphaPose's "
                'results have.'
            )
    names = list(dict.fromkeys(str(entry['image_id']) for entry in content))
    numbers, how = frames_of_names(names, source, first_frame)
    frames = dict(zip(names, numbers))
    people = PeopleCollector(source)
    for number, entry in enumerate(content):
        people.add(
            f'Entry {number}',
            frames[str(entry['image_id'])],
            entry['keypoints'],
            track=entry.get('idx'),
            box=corners(entry.get('box')),
        )
    return people.finish(None, dict(zip(numbers, names)), frames_from=how)


def _add_instances(people: PeopleCollector, frame: int, instances: Any, where: str) -> None:
    if not isinstance(instances, list):
        raise ValueError(f'The instances of {where} in {people.source} must be a list.')
    for i, person in enumerate(instances):
        if not isinstance(person, Mapping) or 'keypoints' not in person:
            raise ValueError(f'Person {i} of {where} in {people.source} has no keypoints.')
        if person['keypoints'] is None:
            continue
        people.add(
            f'Person {i} of {where}',
            frame,
            person['keypoints'],
            person.get('keypoint_scores'),
            person.get('track_id'),
            person.get('bbox'),
        )


def _frame_id(entry: Any, place: int, source: str) -> int | None:
    if not isinstance(entry, Mapping) or 'instances' not in entry:
        raise ValueError(f"Frame {place} of {source} must have 'frame_id' and 'instances'.")
    number = entry.get('frame_id')
    if isinstance(number, str) and number.isdecimal():
        return int(number)
    if number is not None and not isinstance(number, int):
        raise ValueError(f'Frame {place} of {source} has frame_id={number!r}, not a number.')
    return number


def _meta_names(meta: Any) -> list[str] | None:
    """Names of the keypoints in MMPose's ``dataset_meta``."""
    names = meta.get('keypoint_id2name') if isinstance(meta, Mapping) else None
    if not isinstance(names, Mapping):
        return None
    try:
        return [str(names[key]) for key in sorted(names, key=int)]
    except (TypeError, ValueError):
        return None
