# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trees from MMPose dataset metainfo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ROOT_NAMES = ('root', 'pelvis', 'hip')
"""tuple[str]: Joint names that are taken for the root when none is given."""


def side_of(name: str) -> str:
    """Side of the body that a joint name speaks of."""
    lowered = name.lower()
    for side in ('left', 'right'):
        if side in lowered or lowered.startswith(side[0] + '_'):
            return side
    return ''


def read_metainfo(
    metainfo: Mapping[str, Any], root: str | None = None
) -> tuple[str, tuple[str, ...], tuple[int, ...], tuple[tuple[int, int], ...], bool | None]:
    """Name, joint names, parents, left/right pairs and kind of body of MMPose metainfo."""
    names, links, swaps = _raw_or_parsed(metainfo)
    label = str(metainfo.get('dataset_name', 'unnamed'))
    if root is None:
        found = [n for n in names if n.lower() in ROOT_NAMES]
        if len(found) != 1:
            raise ValueError(
                f'The metainfo of {label!r} has {len(found)} joints called '
                f'{"/".join(ROOT_NAMES)}; name the root joint with root=...'
            )
        root = found[0]
    if root not in names:
        raise ValueError(f'The metainfo of {label!r} has no joint {root!r} to be the root.')
    parents = _orient(label, names, links, root)
    pairs = []
    for a, b in swaps.items():
        if b not in names or swaps.get(b) != a:
            raise ValueError(
                f'The metainfo of {label!r} swaps {a!r} with {b!r} but not back; set '
                '``swap`` on both joints.'
            )
        if not side_of(a):
            raise ValueError(
                f'The metainfo of {label!r} pairs {a!r} with {b!r}, whose names do not say '
                'which is left; put left or right in the names.'
            )
        if side_of(a) == 'left':
            pairs.append((names.index(a), names.index(b)))
    return label, tuple(names), parents, tuple(sorted(pairs)), said_human(metainfo)


def said_human(metainfo: Mapping[str, Any]) -> bool | None:
    """Return ``human`` of metainfo: True, False, or None if it says nothing."""
    said = metainfo.get('human')
    if said is None or isinstance(said, bool):
        return said
    raise ValueError(
        f'The metainfo of {str(metainfo.get("dataset_name", "unnamed"))!r} has human={said!r}; '
        'use True or False, or leave it out.'
    )


def _raw_or_parsed(
    metainfo: Mapping[str, Any],
) -> tuple[list[str], list[tuple[str, str]], dict[str, str]]:
    """Joint names, links and swaps by name, from raw or parsed metainfo."""
    if 'keypoint_info' in metainfo:
        info = metainfo['keypoint_info']
        points = [info[key] for key in sorted(info, key=int)]
        names = [p['name'] for p in points]
        swaps = {p['name']: p['swap'] for p in points if p.get('swap', '') not in ('', p['name'])}
        links = [tuple(link['link']) for link in metainfo['skeleton_info'].values()]
        return names, links, swaps
    if 'keypoint_id2name' in metainfo:
        id2name = metainfo['keypoint_id2name']
        names = [id2name[i] for i in range(len(id2name))]
        flip = metainfo['flip_indices']
        swaps = {n: names[flip[i]] for i, n in enumerate(names) if flip[i] != i}
        return names, [(names[a], names[b]) for a, b in metainfo['skeleton_links']], swaps
    raise ValueError(
        'The metainfo has neither keypoint_info nor keypoint_id2name; give the dataset_info of '
        'an MMPose dataset.'
    )


def _orient(
    label: str, names: Sequence[str], links: Sequence[tuple[str, str]], root: str
) -> tuple[int, ...]:
    """Turn undirected links into parents, refusing what is not a tree."""
    neighbours: dict[str, list[str]] = {n: [] for n in names}
    for a, b in links:
        for end in (a, b):
            if end not in neighbours:
                raise ValueError(f'The metainfo of {label!r} links the unknown joint {end!r}.')
        neighbours[a].append(b)
        neighbours[b].append(a)
    parents = {root: -1}
    queue = [root]
    while queue:
        current = queue.pop(0)
        for other in neighbours[current]:
            if other not in parents:
                parents[other] = names.index(current)
                queue.append(other)
            elif parents[current] != names.index(other):
                raise ValueError(
                    f'The metainfo of {label!r} has a cycle through {other!r}; its '
                    'skeleton_info must be a tree.'
                )
    lost = [n for n in names if n not in parents]
    if lost:
        raise ValueError(
            f'The metainfo of {label!r} has a second root: {lost[0]!r} is not linked to '
            f'{root!r}; add the missing link to skeleton_info.'
        )
    return tuple(parents[n] for n in names)
