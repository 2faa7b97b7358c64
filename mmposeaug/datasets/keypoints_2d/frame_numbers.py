# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which frame of a video an image is: by its number or name, and in words how that is known."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

ASSUMED = 'assumed: '
"""str: What texts begin with that tell of an assumption."""

LARGEST_FRAME = 2**31
"""int: Frame numbers and track ids are below it."""

FOLDER_GAP = 10_000
"""int: At least so many frames lie between images of different folders: nobody is followed from
one to the other."""

_ALONE = 'alone'  # an image without others to tell a number by


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Return a sorting key for a ``name`` with numbers in it.

    Example:
        >>> sorted(['f10.jpg', 'f2.jpg'], key=natural_order)
        ['f2.jpg', 'f10.jpg']
    """
    parts = re.split(r'(\d+)', name)
    return [(1, int(p), '') if p.isdecimal() else (0, 0, p) for p in parts]


def frames_of_numbers(
    numbers: Sequence[int], what: str, source: str, first_frame: int | None = None
) -> tuple[list[int], str]:
    """Frames of images that have numbers.

    Example:
        >>> frames_of_numbers([30, 31], 'image ids', 'the file')
        ([29, 30], 'assumed: image ids, which count from 1 (the lowest is 30)')
    """
    lowest = min(numbers, default=0)
    if first_frame is not None:
        if lowest < first_frame:
            raise ValueError(
                f'first_frame is {first_frame}, but {source} has the number {lowest} among its '
                f'{what}; give the number of the first frame of the video.'
            )
        return [n - first_frame for n in numbers], f'{what}; the first frame has {first_frame}'
    if lowest <= 0:
        return list(numbers), f'{what}, which count from 0'
    text = f'{ASSUMED}{what}, which count from 1 (the lowest is {lowest})'
    return [n - 1 for n in numbers], text


def frames_of_names(
    names: Sequence[str], source: str, first_frame: int | None = None
) -> tuple[list[int], str]:
    """Frames of images that have names.

    The one number that runs in the names of a folder is the frame's, as it is counted:
    ``frame_000005.jpg`` is frame 5. Where none runs, several do, or two names have the same, the
    order of the names is taken for that of the frames. Images in different folders are different
    videos: many frames lie between them.

    Args:
        names (Sequence[str]): File names, perhaps with folders, each once.
        source (str): What to call the data in messages.
        first_frame (int, optional): Number of the video's first frame. Defaults to 0.

    Returns:
        tuple[list[int], str]: Frame of each name, and how it is known.

    Raises:
        ValueError: If a number lies before ``first_frame``, or ``first_frame`` is given though
            there are no numbers.

    Example:
        >>> frames_of_names(['f_01.jpg', 'f_02.jpg', 'f_05.jpg'], 'the file')
        ([1, 2, 5], "the numbers in the images' names: 'f_05.jpg' is frame 5")
    """
    folders: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        folders[''.join(re.split(r'([\\/])', name)[:-1])].append(place)
    frames = [0] * len(names)
    reasons, steps = [], []
    start = 0
    for folder in sorted(folders, key=natural_order):
        places = folders[folder]
        some, why_not = _frames_of_folder([names[p] for p in places], source, first_frame)
        reasons.append(why_not)
        ordered = sorted(some)
        steps += [after - before for before, after in zip(ordered, ordered[1:])]
        for place, frame in zip(places, some):
            frames[place] = start + frame
        start = -(-(start + max(some) + FOLDER_GAP) // FOLDER_GAP) * FOLDER_GAP
    if start - FOLDER_GAP >= LARGEST_FRAME:  # so many folders that their frames have no numbers
        return _in_order(names), _by_order(f'they are in {len(folders)} folders')
    last = max(range(len(names)), key=frames.__getitem__)
    if set(reasons) == {_ALONE}:
        text = 'single image' if len(names) == 1 else 'single images'
    elif any(reason not in ('', _ALONE) for reason in reasons):
        text = _by_order(next(reason for reason in reasons if reason not in ('', _ALONE)))
    else:
        text = f"the numbers in the images' names: {names[last]!r} is frame {frames[last]}"
        if steps and min(steps) > 1:
            text += f'; in steps of {min(steps)} or more, the frames between them count as missing'
    if len(folders) > 1:
        text += f'; {len(folders)} folders are {len(folders)} videos'
    return frames, text


def _frames_of_folder(
    names: Sequence[str], source: str, first_frame: int | None
) -> tuple[list[int], str]:
    """Frames of the images of one folder, and why they are not those of their numbers."""
    numbers, why_not = _running_numbers([re.split(r'[\\/]', name)[-1] for name in names])
    if numbers is None:
        if first_frame is not None:
            raise ValueError(
                f'first_frame is {first_frame}, but the images of {source} have no frame numbers '
                f'({why_not}); leave it out, or name them by one number.'
            )
        return _in_order(names), _ALONE if len(names) == 1 else why_not
    first = first_frame or 0
    if min(numbers) < first:
        early = names[numbers.index(min(numbers))]
        raise ValueError(
            f'first_frame is {first}, but {source} has the image {early!r}; give the number of the '
            'first frame of the video.'
        )
    return [n - first for n in numbers], ''


def _in_order(names: Sequence[str]) -> list[int]:
    """Place of each name in their order."""
    frames = [0] * len(names)
    for frame, place in enumerate(sorted(range(len(names)), key=lambda p: natural_order(names[p]))):
        frames[place] = frame
    return frames


def _by_order(why: str) -> str:
    return f"{ASSUMED}the order of the images' names, one frame after the other ({why})"


def _running_numbers(names: Sequence[str]) -> tuple[list[int] | None, str]:
    """The number that differs between names, else why there is none."""
    split = [re.split(r'(\d+)', _stem(name)) for name in names]
    if len({(len(parts), *parts[::2]) for parts in split}) > 1:
        return None, 'their names differ in more than a number'
    columns = [[int(number) for number in column] for column in zip(*(s[1::2] for s in split))]
    if len(names) > 1:
        columns = [column for column in columns if len(set(column)) > 1]
    if len(columns) != 1:
        return None, 'no number runs in them' if not columns else 'several numbers run in them'
    numbers = columns[0]
    if len(set(numbers)) < len(numbers):
        return None, 'two of them have the same number'
    if max(numbers) >= LARGEST_FRAME:
        return None, f'{max(numbers)} is too large for a frame number'
    return numbers, ''


def _stem(name: str) -> str:
    """The name without its ending, which has a letter: that of ``clip.000005`` is a number."""
    stem, dot, ending = name.rpartition('.')
    return stem if dot and re.search(r'[^\W\d]', ending) else name
