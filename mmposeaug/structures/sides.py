# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which joint of a pair is the left one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def side_of(name: str) -> str:
    """Side of the body that a joint name speaks of."""
    lowered = name.lower()
    for side in ('left', 'right'):
        if side in lowered or lowered.startswith(side[0] + '_'):
            return side
    return ''


def namesake(name: str) -> str:
    """The same name of the other side, in lower or upper case as it is; empty without a side."""
    side = side_of(name)
    if not side:
        return ''
    other = dict(left='right', right='left')[side]
    if side not in name.lower():
        return _like(other[0], name[0]) + name[1:]
    start = name.lower().index(side)
    found = name[start : start + len(side)]
    return name[:start] + _like(other, found) + name[start + len(side) :]


def _like(word: str, example: str) -> str:
    """A word in the case of another."""
    if example.isupper():
        return word.upper()
    return word.capitalize() if example[0].isupper() else word


def order_pairs(
    names: Sequence[str], parents: Sequence[int], partners: Mapping[int, int]
) -> tuple[tuple[int, int], ...]:
    """Pairs (left, right) of joints of a tree.

    Names tell, or the side of the nearest ancestor whose name does: a finger of the left wrist is
    a left one. Of other pairs, such as the points of a face, the first joint counts as left.

    Args:
        partners (Mapping[int, int]): For each joint that has one its mirror partner.
    """
    pairs = []
    for first, second in partners.items():
        if first > second:
            continue
        a, b = first, second
        side = _told(names[a], names[b])
        while not side and parents[a] in partners and partners[parents[a]] == parents[b]:
            a, b = parents[a], parents[b]
            side = _told(names[a], names[b])
        pairs.append((second, first) if side == 'right' else (first, second))
    return tuple(sorted(pairs))


def _told(name: str, partner: str) -> str:
    """Side of a joint by its name and that of its partner; empty if they do not tell."""
    if side_of(name) != side_of(partner):
        return side_of(name) or dict(left='right', right='left')[side_of(partner)]
    letters = {(a, b) for a, b in zip(name.lower(), partner.lower()) if a != b}
    if len(name) == len(partner) and len(letters) == 1:
        return dict(l='left', r='right').get(letters.pop()[0], '') if letters <= _LETTERS else ''
    return ''


_LETTERS = {('l', 'r'), ('r', 'l')}
