# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether a skeleton is a human body: by what is said, by its tree and names, by its lengths.

A tree alone does not tell: a dog has a trunk, two hind legs on its root and two front legs where
a person has arms.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .anthropometry import SEGMENT_RATIOS, is_plain_limb
from .skeleton import Skeleton

_LEG = (r'hip|thigh|up(per)?leg|femur', r'knee|shank|shin|calf|leg|tibia', r'ankle|foot')
_ARM = (r'shoulder|arm|humerus', r'elbow|forearm|lowerarm|radius', r'wrist|hand')
_COLLAR = r'collar|clavicle'
_WORDS = dict(leg=_LEG, arm=_ARM)
# What no limb of a body is called at this place: the other limb's names, parts of face and hand.
_CONTRADICTIONS = dict(
    leg=r'shoulder|elbow|wrist|collar|clavicle|eye|nose|mouth|thumb|finger|pinky',
    arm=r'hip|thigh|knee|ankle|foot|eye|nose|mouth|thumb|pinky',
)
_ANIMAL_JOINTS = (
    r'paw|hoof|hooves|tail(?!bone)|wither|hock|fetlock|stifle|snout|muzzle|beak|'
    r'foreleg|forelimb|frontleg|midleg|hindleg|hindlimb|backleg|antenna'
)
_ANIMALS = (
    r'animals?|animalpose|quadrupeds?|macaques?|monkeys?|apes?|chimps?|chimpanzees?|gorillas?|'
    r'primates?|dogs?|cats?|horses?|zebras?'
)

LARGEST_SPREAD = 1.6
"""float: How much more one of trunk, thigh, shank, upper arm and forearm may exceed its published
share of stature than another one does. Motion capture of adults has 1.2 to 1.3."""
LIMB_RANGE = (0.5, 0.85)
"""tuple[float, float]: Length of a person's arms over that of the legs, hand and foot left out.
Published ratios give 0.68, motion capture of adults 0.58 to 0.71; small children have longer arms.
As primatology's intermembral index it is 0.64 to 0.74 of adults, 0.83 to 0.91 of macaques and 1 and
more of apes (figures of the encyclopedia article *Intermembral index*).
"""


class HumanVerdict(NamedTuple):
    """Whether a skeleton is a human body, and why.

    Attributes:
        human (bool | None): None where neither what is said nor names nor lengths tell.
        reason (str): Half a sentence that says what told.
    """

    human: bool | None
    reason: str


def judge_human(skeleton: Skeleton, lengths: Sequence[float] | None = None) -> HumanVerdict:
    """Whether a skeleton is a human body with its root at the pelvis.

    What the skeleton says itself (``human`` of :class:`mmposeaug.structures.Skeleton`) decides,
    if its tree has a trunk with limbs. Else the names of data set and joints do, then the lengths.

    Args:
        skeleton (Skeleton): Any tree.
        lengths (Sequence[float], optional): Typical length of each bone, in any unit. Defaults to
            None, where names alone decide.

    Returns:
        HumanVerdict: The verdict.

    Example:
        >>> from mmposeaug.structures import H36M_17
        >>> judge_human(H36M_17).human
        True
        >>> judge_human(H36M_17, [1.0] * 16).human  # of no person's proportions
        False
    """
    if skeleton.human is False:
        return HumanVerdict(False, 'its metainfo says human=False')
    animal = '' if skeleton.human else _animal_name(skeleton)
    if animal:
        return HumanVerdict(False, animal)
    fault = tree_fault(skeleton)
    if fault:
        return HumanVerdict(False, fault)
    if skeleton.human:
        return HumanVerdict(True, 'its metainfo says human=True')
    by_lengths = None if lengths is None else judge_lengths(skeleton, lengths)
    unknown = _unknown_joint(skeleton)
    if by_lengths is not None and by_lengths.human is not None:
        return by_lengths
    if unknown:
        return HumanVerdict(None, f'{unknown!r} names no joint of a human limb')
    return HumanVerdict(True, 'its joints are named like those of a person')


def judge_lengths(skeleton: Skeleton, lengths: Sequence[float]) -> HumanVerdict:
    """Judge whether bones, of any unit, have the proportions of a person; None if it is unclear."""
    found = _segments(skeleton, lengths)
    if not found or not min(found.values()) > 0:
        return HumanVerdict(None, 'there are no lengths of trunk, legs and arms')
    legs, arms = found['thigh'] + found['shank'], found['upper_arm'] + found['forearm']
    low, high = LIMB_RANGE
    if not low <= arms / legs <= high:
        return HumanVerdict(
            False,
            f'its arms are {arms / legs:.2f} times as long as its legs in the data, those of '
            f'people {low} to {high} times',
        )
    published = dict(SEGMENT_RATIOS, trunk=SEGMENT_RATIOS['lower_trunk'] * 2)
    share = {name: length / published[name] for name, length in found.items()}
    longest, shortest = max(share, key=share.__getitem__), min(share, key=share.__getitem__)
    spread = share[longest] / share[shortest]
    if spread > LARGEST_SPREAD:
        words = [name.replace('_', ' ') for name in (longest, shortest)]
        return HumanVerdict(
            False,
            f'its {words[0]} is {spread:.2f} times as long for its {words[1]} in the data as that '
            f'of people, who differ by up to {LARGEST_SPREAD}',
        )
    return HumanVerdict(True, 'its bones have the proportions of a person in the data')


def tree_fault(skeleton: Skeleton, whole: bool = False) -> str:
    """Return, in half a sentence, why a tree cannot be a human body; empty if it can.

    Args:
        skeleton (Skeleton): Any tree.
        whole (bool): Whether both legs and arms must be there. Defaults to False: an upper or a
            lower body will do.
    """
    usual = {kind: [f'{side}_{kind}' for side in ('left', 'right')] for kind in _WORDS}
    there = {kind: all(name in skeleton.limbs for name in usual[kind]) for kind in _WORDS}
    enough = all(there.values()) if whole else any(there.values())
    if not skeleton.trunk_bones or not enough:
        return (
            'it has no trunk, two legs of hip, knee and ankle on its root and two arms of '
            'shoulder, elbow and wrist on the top of the trunk'
        )
    for kind, pattern in _CONTRADICTIONS.items():
        for name in _limb_names(skeleton, kind):
            if re.search(pattern, _plain(name)):
                return f'{name!r} is where a person with the root at the pelvis has the {kind}s'
    for limb, members in skeleton.limbs.items():
        start = skeleton.joint_names[members[0]]
        if limb not in sum(usual.values(), []) and re.search(f'{_LEG[0]}|shoulder', _plain(start)):
            return f'{start!r} starts neither at its root, the pelvis, nor at the top of a trunk'
    return ''


def _segments(skeleton: Skeleton, lengths: Sequence[float]) -> dict[str, float]:
    """Lengths of trunk and limb segments, mean of both sides; empty where there are not all."""
    found = {'trunk': float(sum(lengths[bone] for bone in skeleton.trunk_bones))}
    for kind, names in (('leg', ('thigh', 'shank')), ('arm', ('upper_arm', 'forearm'))):
        limbs = [skeleton.limbs.get(f'{side}_{kind}', ()) for side in ('left', 'right')]
        if not all(is_plain_limb(skeleton, members) for members in limbs):
            return {}
        for place, name in enumerate(names, start=1):
            of_sides = [float(lengths[skeleton.bone_of(members[place])]) for members in limbs]
            found[name] = sum(of_sides) / 2
    return found


def _animal_name(skeleton: Skeleton) -> str:
    """The data set or the first joint that is called like an animal's; empty if none."""
    if re.search(rf'(?<![a-z])({_ANIMALS})(?![a-z])', skeleton.name.lower()):
        return f'{skeleton.name!r} names an animal'
    for name in skeleton.joint_names:
        if re.search(_ANIMAL_JOINTS, _plain(name)):
            return f'{name!r} names a joint of an animal'
    return ''


def _unknown_joint(skeleton: Skeleton) -> str:
    """The first joint of legs or arms whose name a person has not there; empty if there is none."""
    for kind, words in _WORDS.items():
        for side in ('left', 'right'):
            joints = list(skeleton.limbs.get(f'{side}_{kind}', ())[:1])
            if joints and re.search(_COLLAR, _plain(skeleton.joint_names[joints[0]])):
                joints = _children(skeleton, joints[0])
            for word in words if joints else ():
                known = [j for j in joints if re.search(word, _plain(skeleton.joint_names[j]))]
                if not known:
                    return skeleton.joint_names[joints[0]]
                joints = _children(skeleton, known[0])
                if not joints:
                    break
    return ''


def _children(skeleton: Skeleton, joint: int) -> list[int]:
    return [child for child, parent in skeleton.bones if parent == joint]


def _limb_names(skeleton: Skeleton, kind: str) -> list[str]:
    """Names of the first three joints of both limbs of a kind."""
    return [
        skeleton.joint_names[joint]
        for side in ('left', 'right')
        for joint in skeleton.limbs.get(f'{side}_{kind}', ())[:3]
    ]


def _plain(name: str) -> str:
    """Letters of a joint's name in lower case, without the words for its side."""
    return re.sub(r'left|right|[^a-z]', '', name.lower())
