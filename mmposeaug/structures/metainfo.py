# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trees from MMPose dataset metainfo, and the options by which a config makes one of it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from .sides import order_pairs

ROOT_NAMES = ('root', 'pelvis', 'hip')
"""tuple[str]: Joint names that are taken for the root when none is given."""
TREE_OPTIONS = ('root', 'add_links', 'drop_links', 'human')
"""tuple[str]: Options of metainfo that MMPose does not know, and drops when it parses it."""

Link = tuple[str, str]


def read_metainfo(
    metainfo: Mapping[str, Any], root: str | None = None
) -> tuple[str, tuple[str, ...], tuple[int, ...], tuple[tuple[int, int], ...], bool | None]:
    """Name, joint names, parents, left/right pairs and kind of body of MMPose metainfo."""
    names, links, swaps = _raw_or_parsed(metainfo)
    label = label_of(metainfo)
    root = find_root(metainfo, root)
    for a, b in swaps.items():
        if b not in names or swaps.get(b) != a:
            raise ValueError(
                f'The metainfo of {label!r} swaps {a!r} with {b!r} but not back; set '
                '``swap`` on both joints.'
            )
    links = _chosen_links(metainfo, names, links)
    parents = _orient(label, names, links, root, swaps)
    partners = {names.index(a): names.index(b) for a, b in swaps.items()}
    pairs = order_pairs(names, parents, partners)
    return label, tuple(names), parents, pairs, said_human(metainfo)


def label_of(metainfo: Mapping[str, Any]) -> str:
    """What messages call metainfo."""
    return str(metainfo.get('dataset_name', 'unnamed'))


def find_root(metainfo: Mapping[str, Any], root: str | None = None) -> str:
    """Name of the root joint: the one given, that of metainfo's ``root``, or one called so."""
    names, label = joint_names(metainfo), label_of(metainfo)
    root = metainfo.get('root') if root is None else root
    if root is not None:
        return _known_joint(root, names, f'root of the metainfo {label!r}')
    found = [n for n in names if n.lower() in ROOT_NAMES]
    if len(found) > 1:  # an exact name before the others
        found = [n for n in found if n.lower() == ROOT_NAMES[0]] or found
    if len(found) == 1:
        return found[0]
    swaps = _raw_or_parsed(metainfo)[2]
    midline = [n for n in names if n not in swaps]
    if not midline:
        raise ValueError(
            f'The metainfo of {label!r} pairs every joint with one of the other side, so that none '
            'can be the root of a symmetric tree; use the joints of one side, or add one on the '
            'midline to the data and the metainfo.'
        )
    shown = ', '.join(midline[:6]) + (', ...' if len(midline) > 6 else '')
    raise ValueError(
        f'The metainfo of {label!r} has {len(found) or "no"} joints called '
        f'{", ".join(ROOT_NAMES[:-1])} or {ROOT_NAMES[-1]}; name the root in the metainfo of the '
        f"data set's config, root={midline[0]!r} for instance, beside from_file; on the midline "
        f'are {shown}.'
    )


def said_human(metainfo: Mapping[str, Any]) -> bool | None:
    """Return ``human`` of metainfo: True, False, or None if it says nothing."""
    said = metainfo.get('human')
    if said is None or isinstance(said, bool):
        return said
    raise ValueError(
        f'The metainfo of {label_of(metainfo)!r} has human={said!r}; '
        'use True or False, or leave it out.'
    )


def tree_options(metainfo: Mapping[str, Any]) -> dict[str, Any]:
    """What metainfo says of its tree beyond MMPose's keys."""
    return {key: metainfo[key] for key in TREE_OPTIONS if metainfo.get(key) is not None}


def joint_names(metainfo: Mapping[str, Any]) -> list[str]:
    """Names of the joints of raw or parsed metainfo, in their order."""
    return _raw_or_parsed(metainfo)[0]


def _raw_or_parsed(
    metainfo: Mapping[str, Any],
) -> tuple[list[str], list[Link], dict[str, str]]:
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


def _known_joint(joint: Any, names: Sequence[str], where: str) -> str:
    """A joint's name, refused with the nearest ones if there is no such joint."""
    if joint in names:
        return joint
    lowered = {name.lower(): name for name in names}
    near = difflib.get_close_matches(str(joint).lower(), lowered, 3, 0.5)
    listed = [lowered[name] for name in near] or list(names)
    shown = ', '.join(listed[:20]) + (', ...' if len(listed) > 20 else '')
    what = 'the nearest are' if near else 'the joints are'
    raise ValueError(f'{where} names {joint!r}, which is no joint; {what} {shown}.')


# --------------------------------------------------------------------- links
def _chosen_links(
    metainfo: Mapping[str, Any], names: Sequence[str], links: Sequence[Link]
) -> list[Link]:
    """The links of metainfo without ``drop_links`` and with ``add_links``, none twice."""
    label = label_of(metainfo)
    for a, b in links:
        for end in (a, b):
            if end not in names:
                raise ValueError(f'The metainfo of {label!r} links the unknown joint {end!r}.')
    kept = {frozenset(link): link for link in links if link[0] != link[1]}
    for link in _named_links(metainfo, 'drop_links', names):
        if frozenset(link) not in kept:
            others = [' - '.join(other) for key, other in kept.items() if key & set(link)]
            raise ValueError(
                f'drop_links of the metainfo {label!r} names {_said(link)}, which are not linked; '
                f'the links of the two are {", ".join(others) or "none"}.'
            )
        del kept[frozenset(link)]
    for link in _named_links(metainfo, 'add_links', names):
        kept.setdefault(frozenset(link), link)
    return list(kept.values())


def _named_links(metainfo: Mapping[str, Any], option: str, names: Sequence[str]) -> list[Link]:
    """Pairs of joints of an option, each checked."""
    given = metainfo.get(option)
    if given is None:
        return []
    where = f'{option} of the metainfo {label_of(metainfo)!r}'
    form = f"give pairs of joints, such as {option}=[('{names[0]}', '{names[-1]}')]"
    if isinstance(given, (str, Mapping)) or not isinstance(given, Sequence):
        raise ValueError(f'{where} is {given!r}; {form}.')
    found = []
    for pair in given:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise ValueError(f'{where} has {pair!r}; {form}.')
        first, second = (_known_joint(joint, names, where) for joint in pair)
        if first == second:
            raise ValueError(f'{where} links {first!r} with itself; {form}.')
        found.append((first, second))
    return found


def _said(link: Sequence[str]) -> str:
    return f'{link[0]!r} and {link[1]!r}'


def _orient(
    label: str,
    names: Sequence[str],
    links: Sequence[Link],
    root: str,
    swaps: Mapping[str, str],
) -> tuple[int, ...]:
    """Turn undirected links into parents, refusing what is not a tree."""
    neighbours: dict[str, list[str]] = {n: [] for n in names}
    for a, b in links:
        neighbours[a].append(b)
        neighbours[b].append(a)
    above: dict[str, str | None] = {root: None}
    queue = [root]
    while queue:
        current = queue.pop(0)
        for other in neighbours[current]:
            if other not in above:
                above[other] = current
                queue.append(other)
            elif above[current] != other:
                ring = _ring(above, current, other)
                steps = list(zip(ring, [*ring[1:], ring[0]]))
                # one between the two sides leaves the tree symmetric
                across = [(a, b) for a, b in steps if swaps.get(a) == b]
                raise ValueError(
                    f'The metainfo of {label!r} has a cycle, {" - ".join([*ring, ring[0]])}, and '
                    'a skeleton must be a tree; leave a link of it out in the metainfo of the '
                    f"data set's config: drop_links=[{(across or [(current, other)])[-1]!r}], to "
                    'which you add those of further cycles.'
                )
    lost = [n for n in names if n not in above]
    if lost:
        more = f' and {len(lost) - 1} more are' if len(lost) > 1 else ' is'
        raise ValueError(
            f'The metainfo of {label!r} has a second root: {lost[0]!r}{more} not linked to '
            f"{root!r}; add links in the metainfo of the data set's config: "
            f'add_links=[({root!r}, {lost[0]!r})] for instance.'
        )
    parents = [above[n] for n in names]
    return tuple(-1 if parent is None else names.index(parent) for parent in parents)


def _ring(above: Mapping[str, str | None], first: str, second: str) -> list[str]:
    """Joints of the cycle that a link between two joints of a tree closes."""
    paths = []
    for joint in (first, second):
        path: list[str] = [joint]
        while (parent := above[path[-1]]) is not None:
            path.append(parent)
        paths.append(path)
    left, right = paths
    meeting = next(joint for joint in left if joint in right)
    return [*left[: left.index(meeting) + 1], *reversed(right[: right.index(meeting)])]
