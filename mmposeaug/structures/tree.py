# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The kinematic tree: joint names, parents, left/right pairs and bones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from .sides import namesake, side_of


@dataclass(frozen=True)
class Tree:
    """A rooted tree of named joints with left/right symmetry; see :class:`Skeleton`."""

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    joint_pairs: tuple[tuple[int, int], ...] = ()
    human: bool | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        self._check_names()
        self._check_tree()
        self._check_pairs()

    # ---------------------------------------------------------------- checks
    def _check_names(self) -> None:
        if len(self.joint_names) != len(self.parents):
            raise ValueError(
                f'Skeleton {self.name!r} has {len(self.joint_names)} joint names but '
                f'{len(self.parents)} parents; give one parent (-1 for the root) per joint.'
            )
        doubles = sorted({n for n in self.joint_names if self.joint_names.count(n) > 1})
        if doubles:
            raise ValueError(
                f'Skeleton {self.name!r} names the joint {doubles[0]!r} twice; '
                'joint names must be unique.'
            )

    def _check_tree(self) -> None:
        count = len(self.parents)
        roots = [self.joint_names[j] for j, p in enumerate(self.parents) if p == -1]
        for joint, parent in enumerate(self.parents):
            if not -1 <= parent < count:
                raise ValueError(
                    f'Skeleton {self.name!r}: the parent {parent} of '
                    f'{self.joint_names[joint]!r} is not a joint; use 0 to {count - 1}, or -1 '
                    'for the root.'
                )
        for joint in range(count):
            seen, current = {joint}, self.parents[joint]
            while current != -1:
                if current in seen:
                    raise ValueError(
                        f'Skeleton {self.name!r} has a cycle through '
                        f'{self.joint_names[joint]!r}; every joint must lead to the root.'
                    )
                seen.add(current)
                current = self.parents[current]
        if len(roots) != 1:
            raise ValueError(
                f'Skeleton {self.name!r} has {len(roots)} roots ({", ".join(roots)}); exactly '
                'one joint may have the parent -1.'
            )

    def _check_pairs(self) -> None:
        partner: dict[int, int] = {}
        for left, right in self.joint_pairs:
            for joint, other in ((left, right), (right, left)):
                if not 0 <= joint < self.num_joints or joint in partner or joint == other:
                    raise ValueError(
                        f'Skeleton {self.name!r}: the left/right pair ({left}, {right}) is not '
                        'two joints that appear in no other pair.'
                    )
                partner[joint] = other
        for joint, name in enumerate(self.joint_names):
            # a hand whose joints are all called right_... is a whole skeleton of its own
            sided = namesake(name) in self.joint_names or (partner and side_of(name))
            if joint not in partner and sided:
                raise ValueError(
                    f'Skeleton {self.name!r}: {name!r} has no partner on the other side; add '
                    'the pair to joint_pairs (``swap`` in MMPose metainfo).'
                )
        for left, right in self.joint_pairs:
            mirrored = partner.get(self.parents[left], self.parents[left])
            if mirrored != self.parents[right]:
                raise ValueError(
                    f'Skeleton {self.name!r}: {self.joint_names[left]!r} and '
                    f'{self.joint_names[right]!r} are paired but their parents are not; '
                    'the tree must be symmetric, and its root on the midline.'
                )

    # ---------------------------------------------------------------- joints
    @property
    def num_joints(self) -> int:
        """int: Number of joints J."""
        return len(self.joint_names)

    @property
    def num_bones(self) -> int:
        """int: Number of bones, J - 1."""
        return self.num_joints - 1

    @property
    def root(self) -> int:
        """int: Index of the root joint."""
        return self.parents.index(-1)

    def index(self, joint_name: str) -> int:
        """Return the index of a joint by its name; KeyError if there is none."""
        if joint_name not in self.joint_names:
            raise KeyError(
                f'Skeleton {self.name!r} has no joint {joint_name!r}; it has '
                f'{", ".join(self.joint_names)}.'
            )
        return self.joint_names.index(joint_name)

    @cached_property
    def sides(self) -> tuple[str, ...]:
        """tuple[str]: ``'left'``, ``'right'`` or ``''`` for each joint, from the pairs."""
        left = {pair[0] for pair in self.joint_pairs}
        right = {pair[1] for pair in self.joint_pairs}
        return tuple(
            'left' if j in left else 'right' if j in right else '' for j in range(self.num_joints)
        )

    @cached_property
    def flip_indices(self) -> tuple[int, ...]:
        """tuple[int]: For each joint the joint it becomes in a mirror image."""
        flipped = list(range(self.num_joints))
        for left, right in self.joint_pairs:
            flipped[left], flipped[right] = right, left
        return tuple(flipped)

    def path_to_root(self, joint: int) -> tuple[int, ...]:
        """Return the joints from ``joint`` (first) up to, and without, the root."""
        path = []
        while self.parents[joint] != -1:
            path.append(joint)
            joint = self.parents[joint]
        return tuple(path)

    # ----------------------------------------------------------------- bones
    @cached_property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """tuple[tuple[int, int]]: (child, parent) of each bone, in the order of the children."""
        return tuple((j, p) for j, p in enumerate(self.parents) if p != -1)

    @cached_property
    def bone_names(self) -> tuple[str, ...]:
        """tuple[str]: Name of each bone, that of its lower joint."""
        return tuple(self.joint_names[child] for child, _ in self.bones)

    def bone_of(self, joint: int) -> int:
        """Return the index of the bone whose lower end is ``joint``, which is not the root."""
        return [child for child, _ in self.bones].index(joint)

    @cached_property
    def bone_pairs(self) -> tuple[tuple[int, int], ...]:
        """tuple[tuple[int, int]]: Pairs (left, right) of symmetric bones."""
        return tuple((self.bone_of(left), self.bone_of(right)) for left, right in self.joint_pairs)

    @cached_property
    def length_groups(self) -> tuple[tuple[int, ...], ...]:
        """tuple[tuple[int]]: Bones that share one length ratio: pairs, and single midline bones."""
        partner = {b: o for pair in self.bone_pairs for b, o in (pair, pair[::-1])}
        groups: list[tuple[int, ...]] = []
        for bone in range(self.num_bones):
            other = partner.get(bone, bone)
            if other == bone:
                groups.append((bone,))
            elif bone < other:
                groups.append((bone, other))
        return tuple(groups)
