# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What MMPose's and AlphaPose's programs write."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .coco_files import natural_order
from .keypoints import Keypoints2D
from .people import PeopleCollector, first_number


def read_mmpose_predictions(content: Any, source: str) -> Keypoints2D:
    """People of MMPose prediction JSON: of a video, an image, or a demo's ``instance_info``.

    Args:
        content (list | Mapping): The parsed file: a list of ``{frame_id, instances}`` (a video,
            through ``--pred-out-dir`` of MMPose's inferencer), a list of people (one image), or a
            mapping with ``meta_info`` and ``instance_info``, the former.
        source (str): What to call it in messages.

    Returns:
        Keypoints2D: The people; frame ids count from 0 or from 1.

    Raises:
        ValueError: If the content is malformed.
    """
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
    numbers = [_frame_number(entry, i, source) for i, entry in enumerate(frames)]
    first = first_number(numbers)
    for number, entry in zip(numbers, frames):
        _add_instances(people, number - first, entry['instances'], f'frame {number}')
    return people.finish(names)


def read_mmpose_folder(files: Sequence[tuple[str, Any]], source: str) -> Keypoints2D:
    """People of a folder of MMPose predictions, one file for each image.

    Args:
        files (Sequence[tuple[str, Any]]): Name and parsed content of each file.
        source (str): What to call the folder in messages.

    Returns:
        Keypoints2D: The people; frames are the files in the order of their names, which are also
        those of the images, without their ending.

    Raises:
        ValueError: If a file is malformed.
    """
    people = PeopleCollector(source)
    stems = {}
    for frame, (name, content) in enumerate(sorted(files, key=lambda f: natural_order(f[0]))):
        stems[frame] = os.path.splitext(name)[0]
        if not isinstance(content, list):
            raise ValueError(f'The file {name!r} of {source} must be a list of people.')
        _add_instances(people, frame, content, repr(name))
    return people.finish(None, stems)


def read_alphapose(content: Sequence[Any], source: str) -> Keypoints2D:
    """People of AlphaPose's JSON: a list with image names, x, y, score triples and ``idx``.

    Args:
        content (Sequence): The parsed file.
        source (str): What to call it in messages.

    Returns:
        Keypoints2D: The people. Frames are the numbers in the images' names where all names are
        numbers (as for videos, from 0), else the images in the order of their names.

    Raises:
        ValueError: If the content is malformed.
    """
    for number, entry in enumerate(content):
        if not isinstance(entry, Mapping) or not {'image_id', 'keypoints'} <= set(entry):
            raise ValueError(
                f"Entry {number} of {source} must have 'image_id' and 'keypoints', as AlphaPose's "
                'results have.'
            )
    names = sorted({str(entry['image_id']) for entry in content}, key=natural_order)
    stems = [os.path.splitext(os.path.basename(name))[0] for name in names]
    if all(stem.isdigit() for stem in stems) and len({int(s) for s in stems}) == len(stems):
        frames = {name: int(stem) for name, stem in zip(names, stems)}
    else:
        frames = {name: i for i, name in enumerate(names)}
    people = PeopleCollector(source)
    for number, entry in enumerate(content):
        box = entry.get('box')
        if isinstance(box, list) and len(box) == 4:  # left, top, width, height
            box = [box[0], box[1], box[0] + box[2], box[1] + box[3]]
        people.add(
            f'Entry {number}',
            frames[str(entry['image_id'])],
            entry['keypoints'],
            track=entry.get('idx'),
            box=box,
        )
    return people.finish(None, {frame: name for name, frame in frames.items()})


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


def _frame_number(entry: Any, place: int, source: str) -> int:
    if not isinstance(entry, Mapping) or 'instances' not in entry:
        raise ValueError(f"Frame {place} of {source} must have 'frame_id' and 'instances'.")
    number = entry.get('frame_id', place)
    if not isinstance(number, int):
        raise ValueError(f'Frame {place} of {source} has frame_id={number!r}, not a number.')
    return number


def _meta_names(meta: Any) -> list[str] | None:
    """Names of the key points in MMPose's ``dataset_meta``."""
    names = meta.get('keypoint_id2name') if isinstance(meta, Mapping) else None
    if not isinstance(names, Mapping):
        return None
    try:
        return [str(names[key]) for key in sorted(names, key=int)]
    except (TypeError, ValueError):
        return None
