# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether the joints of 3D poses stand in the order of their metainfo, as bone lengths tell.

In another order, bones run between joints that no bone connects: left ones differ from right
ones, and some are longer than any of a person. Nothing later would show it.
"""

from __future__ import annotations

import logging
import statistics

from mmengine.logging import print_log
from torch import Tensor

from mmposeaug.geometry import bone_lengths
from mmposeaug.structures import Skeleton, judge_human, stature_ratios

SAMPLE_SIZE = 4096
"""int: Poses that are looked at, spread evenly."""

WARN_RATIO, REFUSE_RATIO = 1.4, 1.5
"""float: How many times as long as its partner a bone is that is warned of, and from where on it
is a sign of which two of a person are refused (a bone too long for a person is one too). In motion
capture it is up to 1.2 times; each of 500 random orders of 17 joints has one of 1.5 or more."""

REFUSE_POSES = 100
"""int: Data of fewer poses are never refused."""

HUMAN_FACTOR = 3.0
"""float: How many times as long for the others a bone of a person is that is warned of. In motion
capture it is up to 1.5 times. Short ones are taken: a head made of the ears lies at the neck."""

_SMALLEST = 0.2  # of the longest bone; smaller ones, as of faces and fingers, are not compared


def check_joint_order(
    pose: Tensor, visible: Tensor | None, skeleton: Skeleton, source: str
) -> None:
    """Look whether bones have lengths that those of a body have; the unit does not matter.

    Args:
        pose (Tensor): Joints, of shape (N, J, 3).
        visible (Tensor, optional): Which of them count (above 0), of shape (N, J). None is all.
        skeleton (Skeleton): Their order.
        source (str): What to call the data in messages.

    Raises:
        ValueError: If the poses are certain to have their joints in another order. What may be
            one is logged as a warning.
    """
    lengths = typical_lengths(pose, visible, skeleton)
    uneven = _uneven_pairs(lengths, skeleton)
    human = judge_human(skeleton).human
    odd = _odd_bones(lengths, skeleton) if human else []
    if uneven:
        shown = ', '.join(words for _, words in uneven[:3])
        message = _sentence(source, f'bones whose left and right differ: {shown}', skeleton)
        signs = sum(ratio >= REFUSE_RATIO for ratio, _ in uneven)
        if human and signs and signs + len(odd) >= 2 and len(pose) >= REFUSE_POSES:
            raise ValueError(
                f'{message} If the lengths are right, set human=False beside from_file of the '
                'metainfo, and human=True in the draw if it shall turn the joints of a person.'
            )
    elif odd:
        message = _sentence(source, f'bones too long for a person: {", ".join(odd[:3])}', skeleton)
    else:
        return
    print_log(message, 'current', logging.WARNING)


def _sentence(source: str, what: str, skeleton: Skeleton) -> str:
    return (
        f'{source} has {what} (medians); its joints seem to stand in another order than the '
        f'metainfo {skeleton.name!r} has them ({", ".join(skeleton.joint_names[:4])}, ...): '
        'reorder S and part by the names of the joints, or give metainfo in the order of the file.'
    )


def sample_step(count: int) -> int:
    """Of so many poses every which one is looked at."""
    return max(-(-count // SAMPLE_SIZE), 1)


def typical_lengths(pose: Tensor, visible: Tensor | None, skeleton: Skeleton) -> list[float]:
    """Median length of every bone, in the poses' unit; NaN where it is never visible."""
    step = sample_step(len(pose))
    lengths = bone_lengths(pose[::step].float(), skeleton)
    if visible is not None:
        seen = visible[::step] > 0
        children, parents = (list(ends) for ends in zip(*skeleton.bones))
        hidden = ~(seen[:, children] & seen[:, parents])
        lengths = lengths.masked_fill(hidden & seen.any(), float('nan'))
    return lengths.cpu().nanmedian(0).values.tolist()


def _uneven_pairs(lengths: list[float], skeleton: Skeleton) -> list[tuple[float, str]]:
    """Pairs of bones that differ, the worst first, in words."""
    least = _SMALLEST * max((each for each in lengths if each > 0), default=0.0)
    found = []
    for pair in skeleton.bone_pairs:
        shorter, longer = sorted(lengths[bone] for bone in pair)
        if longer >= least and longer > WARN_RATIO * shorter:
            words = ' against '.join(_of_bone(bone, lengths, skeleton) for bone in pair)
            found.append((longer / max(shorter, 1e-9), words))
    return sorted(found, reverse=True)


def _odd_bones(lengths: list[float], skeleton: Skeleton) -> list[str]:
    """Bones of a person that are far too long for the others, in words."""
    ratios = stature_ratios(skeleton)
    statures = {
        bone: length / ratio
        for bone, (length, ratio) in enumerate(zip(lengths, ratios))
        if ratio and length > 0
    }
    if len(statures) < 4:
        return []
    middle = statistics.median(statures.values())
    odd = [bone for bone, each in statures.items() if each > HUMAN_FACTOR * middle]
    odd.sort(key=lambda bone: -statures[bone])
    return [_of_bone(bone, lengths, skeleton) for bone in odd]


def _of_bone(bone: int, lengths: list[float], skeleton: Skeleton) -> str:
    child, parent = (skeleton.joint_names[joint] for joint in skeleton.bones[bone])
    return f'{parent} to {child} {lengths[bone]:.3g}'
