# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether the bodies that an augmentor for people gets are human, and what the log says."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmposeaug.structures import HumanVerdict, Skeleton, judge_human, tree_fault

REMEDY = "; if it is one, set human=True in the metainfo or among the augmentor's options"
"""str: What to do where a body is wrongly taken for no human's."""


def verdict_on(
    human: bool | str, skeleton: Skeleton, owner: str, lengths: Sequence[float] | None = None
) -> HumanVerdict:
    """Whether a skeleton is a human body, by an option or else by itself."""
    if human == 'auto':
        return judge_human(skeleton, lengths)
    if not isinstance(human, bool):
        raise ValueError(f"{owner}: human is {human!r}; use True, False or 'auto'.")
    fault = tree_fault(skeleton, whole=True) if human else ''
    if fault:
        raise ValueError(
            f'{owner}: human is True, but the skeleton {skeleton.name!r} cannot be a human body, '
            f'for {fault}; set human=False.'
        )
    return HumanVerdict(human, 'the option human says so')


def sentence_on(
    verdict: HumanVerdict,
    skeleton: Skeleton,
    owner: str,
    before: bool | None,
    turns: bool,
    on_others: str,
) -> str:
    """What there is to say about a verdict; ``on_others`` is what bodies of no people get."""
    name = f'{owner}: the skeleton {skeleton.name!r}'
    if not verdict.human:
        doubt = 'is no human body' if verdict.human is False else 'may be no human body'
        remedy = '' if tree_fault(skeleton) else REMEDY
        return f'{name} {doubt}, for {verdict.reason}; {on_others}{remedy}.'
    if not before:
        return f'{name} is taken for a human body, for {verdict.reason}.'
    if not turns:
        return (
            f'{name} has no two legs of hip, knee and ankle and two arms of shoulder, elbow and '
            'wrist; its joints are not turned, only bones and views are.'
        )
    return ''


def size_ratio(wanted: Tensor, now: Tensor, own: Tensor, shortest: float) -> Tensor:
    """By how much bones of unknown proportion change with those that become a person's.

    Arms that kept their length would not fit a body of another size.

    Args:
        wanted (Tensor): Lengths (N, G) of another body, 0 where nothing is published.
        now (Tensor): Lengths (N, G) that they are to take the place of.
        own (Tensor): Ratios (N, G) of bones with a published length, and of bodies without any.
    """
    known = (wanted > 0) & (now > shortest)
    change = (wanted * known).sum(-1) / (now * known).sum(-1).clamp_min(shortest) - 1
    change = torch.where(known.any(-1), change, own.mean(-1)).unsqueeze(-1)
    return torch.where(wanted == 0, change, own)
