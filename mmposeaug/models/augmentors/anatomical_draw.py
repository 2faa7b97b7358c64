# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Random augmentation that moves bodies at their joints and gives them people's proportions."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.logging import print_log
from mmpose.registry import MODELS
from torch import Tensor

from mmposeaug.geometry import bone_lengths, index_tensor
from mmposeaug.models.option_checks import check_number, check_options, check_range
from mmposeaug.structures import (
    LARGEST_DEVIATION,
    PROPORTION_STD,
    WIDTH_STD,
    HumanVerdict,
    Skeleton,
    limb_width_bones,
    lowered_hips,
    stature_ratios,
)

from .articulation import Articulation
from .joint_turns import JointTurns
from .networks import reference_frame
from .operations import turn_bones
from .people import sentence_on, size_ratio, verdict_on
from .random_draw import RandomPoseAugmentor

LARGEST = LARGEST_DEVIATION
"""float: Proportions are held to this many standard deviations."""
MIN_LENGTH = 1e-3
"""float: Bones shorter than this (metres) keep their length."""


@MODELS.register_module()
class AnatomicalPoseAugmentor(RandomPoseAugmentor):
    """Draws turns of the joints, other people's bodies, view and place at random.

    :class:`RandomPoseAugmentor` adds independent noise to every bone. Here a joint turns with
    everything attached to it: the trunk bends forwards more than backwards, hips swing, knees and
    elbows bend in their own plane within the published range of motion, shoulders turn freely. A
    share of the people get a random body of published proportions instead of the training set's
    own lengths; its stature is drawn too.

    This is for people. On other bodies joints are not turned and proportions change by
    ``length_limit`` and ``scale_limit`` alone, and the log says so; likewise where a person's
    limbs are not three joints each (see :meth:`Articulation.of`). Bones without a published length
    become longer or shorter as the others do together.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        trunk_flexion (float): Standard deviation of the trunk's bending in degrees. Defaults to 30.
        trunk_side (float): The same of its bending to the side. Defaults to 8.
        trunk_twist (float): The same of its twist. Defaults to 12.
        hip_flexion (float): The same of the hips' swing. Defaults to 25.
        hip_abduction (float): The same of their swing to the side. Defaults to 9.
        hip_rotation (float): The same of the thighs' turn about themselves, which a bent knee
            shows. Defaults to 0.
        knee_flexion (float): The same of the knees' bending. Defaults to 20.
        shoulder (float): The same of every component of the shoulders' turn. Defaults to 30.
        elbow_flexion (float): The same of the elbows' bending. Defaults to 30.
        joint_share (float): Probability that the trunk bends forwards or backwards and that a hip,
            knee, shoulder or elbow is turned, each for itself. Defaults to 0.5.
        body_share (float): Share of the poses that get a random body. Defaults to 0.75.
        stature (tuple[float, float]): Range of its height in metres. Defaults to (1.5, 1.9).
        proportion_std (float): Relative standard deviation of its bone lengths about the published
            ratios. Defaults to 0.08.
        width_std (float): The same of the widths of hips and shoulders, which depend on how a data
            set defines those joints. Defaults to 0.25.
        hip_height_std (float): Standard deviation of how much lower or higher the hips of a random
            body are than published, in thigh lengths: data sets and detectors put them at
            different heights, so that a longer trunk has shorter thighs. Defaults to 0.
        hip_height (float): Mean of how much higher (lower, if negative) they are, likewise.
            Defaults to 0.
        angle_noise (float): As for :class:`RandomPoseAugmentor`. Defaults to 0.1.
        length_limit (float): The same, for people who keep their body. Defaults to 0.05.
        scale_limit (float): The same, for people who keep their body. Defaults to 0.1.
        roll_std (float): As for :class:`RandomPoseAugmentor`. Defaults to 4.
        place (float): As for :class:`RandomPoseAugmentor`. Defaults to 0.4.
        human (bool | str): Whether the skeleton is a human body. Defaults to ``'auto'``: what its
            metainfo says, else what the names of its joints do, unless the training data's bones
            (:meth:`suit`) have proportions of no person; see
            :func:`mmposeaug.structures.judge_human`.
        **options: Further options of :class:`RandomPoseAugmentor`.

    Raises:
        ValueError: If a range is empty or negative, a share is not between 0 and 1, an option has
            no effect with the others or the skeleton, or ``human`` is True for a tree without a
            person's trunk, legs and arms.
    """

    published: Tensor
    spread: Tensor
    lowered: Tensor
    at_rest = (*RandomPoseAugmentor.at_rest, 'proportions', 'hip_height')
    has_limbs = True
    on_others = 'its joints are not turned and its proportions are kept'

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        trunk_flexion: float = 30.0,
        trunk_side: float = 8.0,
        trunk_twist: float = 12.0,
        hip_flexion: float = 25.0,
        hip_abduction: float = 9.0,
        knee_flexion: float = 20.0,
        shoulder: float = 30.0,
        elbow_flexion: float = 30.0,
        joint_share: float = 0.5,
        body_share: float = 0.75,
        stature: tuple[float, float] = (1.5, 1.9),
        proportion_std: float = PROPORTION_STD,
        width_std: float = WIDTH_STD,
        angle_noise: float = 0.1,
        length_limit: float = 0.05,
        scale_limit: float = 0.1,
        roll_std: float = 4.0,
        place: float = 0.4,
        human: bool | str = 'auto',
        hip_rotation: float = 0.0,
        hip_height_std: float = 0.0,
        hip_height: float = 0.0,
        **options: Any,
    ) -> None:
        owner = type(self).__name__
        check_options(type(self), options, RandomPoseAugmentor)
        super().__init__(
            skeleton,
            angle_noise,
            length_limit,
            scale_limit,
            roll_std=roll_std,
            place=place,
            **options,
        )
        degrees = dict(
            trunk_flexion=trunk_flexion,
            trunk_side=trunk_side,
            trunk_twist=trunk_twist,
            hip_flexion=hip_flexion,
            hip_abduction=hip_abduction,
            hip_rotation=hip_rotation,
            knee_flexion=knee_flexion,
            shoulder=shoulder,
            elbow_flexion=elbow_flexion,
        )
        deviations = dict(
            proportion_std=proportion_std, width_std=width_std, hip_height_std=hip_height_std
        )
        for name, value in {**degrees, **deviations}.items():
            check_number(owner, name, value)
        check_number(owner, 'hip_height', hip_height, -0.25, 0.25)
        check_number(owner, 'joint_share', joint_share, 0, 1)
        check_number(owner, 'body_share', body_share, 0, 1)
        check_range(owner, 'stature', stature, 0.1, hint=', in metres')
        if max(proportion_std + hip_height_std, width_std) * LARGEST + abs(hip_height) >= 1:
            more = ' and hip_height_std together' if hip_height_std else ''
            raise ValueError(
                f'{owner}: proportion_std{more} and width_std must be below {1 / LARGEST:g}, got '
                f'{proportion_std + hip_height_std:g} and {width_std:g}: a bone would have no '
                'length left.'
            )
        if hip_rotation and not joint_share:
            raise ValueError(
                f'{owner}: hip_rotation is {hip_rotation}, but joint_share is 0, so no thigh is '
                'turned; leave it out.'
            )
        self.std = {name: math.radians(value) for name, value in degrees.items()}
        self.joint_share = joint_share
        self.body_share = body_share
        self.stature = stature
        self.hip_height, self.hip_height_std = hip_height, hip_height_std
        self._set_published(proportion_std, width_std)
        if (hip_height or hip_height_std) and not (body_share and self.lowered.any()):
            name = 'hip_height_std' if hip_height_std else 'hip_height'
            value = hip_height_std or hip_height
            tree = f'the skeleton {self.skeleton.name!r} has no trunk and thighs'
            why = tree if body_share else 'body_share is 0'
            raise ValueError(
                f'{owner}: {name} is {value}, but {why}, so no body gets it; leave it out.'
            )
        self.human = human
        self.verdict: HumanVerdict | None = None
        self._become(verdict_on(human, self.skeleton, owner))

    # --------------------------------------------------------------- human body
    def suit(self, lengths: Sequence[float]) -> None:
        """Decide whether the bodies of the training data are human, by typical lengths of bones."""
        self._become(verdict_on(self.human, self.skeleton, type(self).__name__, lengths))

    def _become(self, verdict: HumanVerdict) -> None:
        """Turn joints and give bodies of people, or do not; say so where that is new."""
        before = True if self.verdict is None else self.verdict.human
        known = self.verdict is not None and before == verdict.human
        self.verdict = verdict
        self.articulation = Articulation.of(self.skeleton) if verdict.human else None
        self.published.copy_(self.of_people if verdict.human else torch.zeros(len(self.groups)))
        self.partly_published = bool(verdict.human and (self.of_people == 0).any())
        turns = any(self.std.values())
        if known or False in (self.human, self.skeleton.human) or not (turns or self.body_share):
            return
        sentence = sentence_on(
            verdict,
            self.skeleton,
            type(self).__name__,
            before,
            self.articulation is not None or not turns,
            self.on_others,
        )
        if sentence:
            print_log(sentence, logger='current', level=logging.WARNING)

    def _set_published(self, proportion_std: float, width_std: float) -> None:
        """Published lengths and their spread as tensors, one value a length group."""
        ratios = stature_ratios(self.skeleton)
        widths = limb_width_bones(self.skeleton)
        self.groups = [list(group) for group in self.skeleton.length_groups]
        self.of_people = torch.tensor([ratios[group[0]] or 0.0 for group in self.groups])
        spread = [width_std if group[0] in widths else proportion_std for group in self.groups]
        self.register_buffer('published', self.of_people.clone(), persistent=False)
        self.register_buffer('spread', torch.tensor(spread), persistent=False)
        change = lowered_hips(self.skeleton)
        lowered = torch.tensor([change[group[0]] for group in self.groups])
        self.register_buffer('lowered', lowered, persistent=False)

    # -------------------------------------------------------------------- draws
    def normal_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes for one sample of the draws that are standard normal."""
        shapes = dict(
            super().normal_shapes(),
            trunk=(3,),
            hip=(2, 2),
            knee=(2,),
            shoulder=(2, 3),
            elbow=(2,),
            proportions=(len(self.skeleton.length_groups),),
        )
        if self.std['hip_rotation']:  # without it the other draws stay what they were
            shapes['thigh'] = (2,)
        if self.hip_height_std:
            shapes['hip_height'] = ()
        return shapes

    def uniform_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes for one sample of the draws that are uniform in [-1, 1]."""
        return dict(
            super().uniform_shapes(),
            trunk_turned=(),
            limbs_turned=(2, 5),
            trunk_backward=(),
            legs_backward=(2, 2),
            stature=(1,),
            body=(1,),
        )

    # -------------------------------------------------------------------- turns
    def turn(self, pose: Tensor, draw: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Turn joints, then bones, as in the base class."""
        if self.articulation is None:
            return super().turn(pose, draw)
        std = {name: self.strength * value for name, value in self.std.items()}
        turns = JointTurns(self.skeleton, self.articulation, std, self.joint_share)
        change = self.strength * self.angle_noise * draw['angle']
        return turn_bones(pose, change, self.skeleton, lambda bones: turns(bones, pose, draw))

    # ------------------------------------------------------------------ lengths
    def length_ratio(self, pose: Tensor, draw: Mapping[str, Tensor]) -> Tensor:
        """Relative changes of bone lengths, as in the base class."""
        own = super().length_ratio(pose, draw)
        lengths = bone_lengths(reference_frame(pose, self.target_frame), self.skeleton)
        # one bone, or left and right
        first, second = (
            index_tensor(tuple(group[i] for group in self.groups), pose.device) for i in (0, -1)
        )
        now = (lengths.index_select(1, first) + lengths.index_select(1, second)) / 2
        low, high = self.stature
        stature = (low + high) / 2 + (high - low) / 2 * draw['stature']
        wanted = stature * self.published
        wanted = wanted * (1 + self.spread * draw['proportions'].clamp(-LARGEST, LARGEST))
        if 'hip_height' in draw:
            fall = self.hip_height_std * draw['hip_height'].clamp(-LARGEST, LARGEST)
            wanted = wanted + stature * self.lowered * fall.unsqueeze(-1)
        if self.hip_height:
            wanted = wanted - stature * self.lowered * self.hip_height
        chosen = draw['body'] < 2 * self.body_share - 1
        if self.partly_published:
            own = torch.where(chosen, size_ratio(wanted, now, own, MIN_LENGTH), own)
        chosen = chosen & (self.published > 0) & (now > MIN_LENGTH)
        return torch.where(chosen, wanted / now.clamp_min(MIN_LENGTH) - 1, own)
