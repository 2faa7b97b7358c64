# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Bone lengths of several people, from which the bone-length swap draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmposeaug.fileio import load_npy, load_npz
from mmposeaug.geometry import bone_lengths
from mmposeaug.structures import H36M_16, Skeleton

from .pose_bank import PoseBank

# Human3.6M's own skeletons of its five training subjects, in metres, as PoseAug's bone-length
# swap uses them. One number a pair or single bone; the head bone runs from thorax to head.
_KINDS = ('hip', 'knee', 'foot', 'spine', 'thorax', 'head', 'shoulder', 'elbow', 'wrist')
_POSEAUG_H36M = {
    'S1': (0.1329, 0.4429, 0.4542, 0.2335, 0.2571, 0.1819, 0.1510, 0.2789, 0.2517),
    'S5': (0.1193, 0.4283, 0.4424, 0.2243, 0.2541, 0.1662, 0.1431, 0.2646, 0.2486),
    'S6': (0.1426, 0.4866, 0.4615, 0.2622, 0.2600, 0.1925, 0.1494, 0.3010, 0.2579),
    'S7': (0.1359, 0.4486, 0.4380, 0.2262, 0.2554, 0.1687, 0.1397, 0.2756, 0.2473),
    'S8': (0.1465, 0.4521, 0.4386, 0.2612, 0.2510, 0.2128, 0.1693, 0.2899, 0.2442),
}

PRESETS: dict[str, dict[str, dict[str, float]]] = {
    'poseaug_h36m': {name: dict(zip(_KINDS, row)) for name, row in _POSEAUG_H36M.items()}
}
"""dict: Named banks on the paper's 16 joints, by subject and kind of bone."""

_CHUNK = 16384  # poses measured together


@dataclass(frozen=True)
class BoneLengthBank:
    """Bone lengths of S people.

    Args:
        lengths (Tensor): Lengths in metres, of shape (S, B), in the order of the skeleton's bones.
        names (tuple[str, ...]): The people.

    Example:
        >>> bank = build_bone_length_bank('poseaug_h36m', skeleton=H36M_16)
        >>> bank.names, bank.draw(3, torch.Generator().manual_seed(0)).shape
        (('S1', 'S5', 'S6', 'S7', 'S8'), torch.Size([3, 15]))
    """

    lengths: Tensor
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.lengths)

    def draw(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw people with replacement and return their bone lengths, of shape (count, B).

        The generator may be on any device; None is torch's own.
        """
        device = self.lengths.device if generator is None else generator.device
        index = torch.randint(len(self), (count,), generator=generator, device=device)
        return self.lengths[index.to(self.lengths.device)]

    def to(self, device: torch.device | str) -> BoneLengthBank:
        """Return the same bank on a device."""
        return BoneLengthBank(self.lengths.to(device), self.names)


def build_bone_length_bank(
    cfg: str | Mapping[str, Any] | np.ndarray | Tensor | Sequence[Sequence[float]] | None = None,
    pose_bank: PoseBank | None = None,
    skeleton: Skeleton | None = None,
) -> BoneLengthBank:
    """Bank of bone lengths from what a config gives.

    Args:
        cfg: None or ``'measured'``: one row a subject of ``pose_bank``. ``'poseaug_h36m'``: the
            paper's five people. A path: an npy file (S, B), or an npz file with ``lengths`` (S, B)
            and, if wanted, ``bone_names`` (B,) (then bones may come in any order) and ``subjects``
            (S,). An array, tensor or list (S, B).
        pose_bank (PoseBank, optional): The training poses.
        skeleton (Skeleton, optional): The bones. Defaults to those of ``pose_bank``.

    Returns:
        BoneLengthBank: The bank, on the device of ``pose_bank`` or the CPU.

    Raises:
        FileNotFoundError: If a file is missing.
        KeyError: If there is no preset or file of that name.
        ValueError: If there are not B lengths a person, or one is not a positive length in metres.
    """
    if skeleton is None:
        if pose_bank is None:
            raise ValueError('A bank of bone lengths needs a pose_bank or a skeleton.')
        skeleton = pose_bank.skeleton
    names: Sequence[str] | None = None
    if cfg is None or isinstance(cfg, str) and cfg == 'measured':
        if pose_bank is None:
            raise ValueError(
                "Measured bone lengths need a pose_bank; give one, a file, or 'poseaug_h36m'."
            )
        lengths, names, source = measure_bone_lengths(pose_bank), pose_bank.subjects, 'the poses'
    elif isinstance(cfg, str) and cfg in PRESETS:
        lengths, names, source = _preset(cfg, skeleton, pose_bank), tuple(PRESETS[cfg]), cfg
    elif isinstance(cfg, str):
        lengths, names = _from_file(cfg, skeleton)
        source = repr(cfg)
    else:
        lengths, source = torch.as_tensor(np.asarray(cfg)).float(), 'the given bone lengths'
    _check(lengths, skeleton, source)
    names = tuple(names or (f'person_{i}' for i in range(len(lengths))))
    bank = BoneLengthBank(lengths, names)
    return bank if pose_bank is None else bank.to(pose_bank.device)


def measure_bone_lengths(pose_bank: PoseBank) -> Tensor:
    """Return the median bone lengths (S, B) of each subject in metres; each must have a pose."""
    rows = []
    for i, name in enumerate(pose_bank.subjects):
        own = (pose_bank.subject_index == i).nonzero()[:, 0]
        if not len(own):
            raise ValueError(f'Subject {name!r} of the pose bank has no pose to be measured on.')
        poses = (pose_bank.pose_cam[some] for some in own.split(_CHUNK))
        rows.append(_lengths(poses, pose_bank.skeleton).median(dim=0).values)
    return torch.stack(rows)


def _lengths(blocks: Iterable[Tensor], skeleton: Skeleton) -> Tensor:
    """Bone lengths (N, B) of poses in blocks, so that bone vectors are never held for all."""
    return torch.cat([bone_lengths(poses, skeleton) for poses in blocks])


def _from_file(path: str, skeleton: Skeleton) -> tuple[Tensor, tuple[str, ...] | None]:
    """Lengths and names of an npy or npz file."""
    if not path.endswith(('.npy', '.npz')):
        raise KeyError(
            f'There are no bone lengths named {path!r}; use {", ".join(map(repr, PRESETS))}, '
            "'measured', or an npy or npz file."
        )
    if path.endswith('.npy'):
        return _as_floats(load_npy(path), path), None
    arrays = load_npz(path)
    if 'lengths' not in arrays:
        raise ValueError(f"{path!r} has the arrays {sorted(arrays)}, but no 'lengths' (S, B).")
    lengths = _as_floats(arrays['lengths'], path)
    for name in {'subjects', 'bone_names'} & arrays.keys():
        if arrays[name].ndim != 1:
            raise ValueError(
                f'The array {name!r} of {path!r} has the shape {arrays[name].shape}; it must hold '
                'one name each.'
            )
    subjects = tuple(map(str, arrays['subjects'])) if 'subjects' in arrays else None
    if 'bone_names' not in arrays:
        return lengths, subjects
    given = [str(name) for name in arrays['bone_names']]
    absent = [name for name in skeleton.bone_names if name not in given]
    if absent or lengths.ndim != 2 or lengths.shape[1] != len(given):
        raise ValueError(
            f'{path!r} has lengths of shape {tuple(lengths.shape)} for {len(given)} bone_names; '
            f'of the bones of {skeleton.name!r} it lacks {absent or "none"}.'
        )
    return lengths[:, [given.index(name) for name in skeleton.bone_names]], subjects


def _as_floats(lengths: np.ndarray, path: str) -> Tensor:
    if lengths.dtype.kind not in 'fiu':
        raise ValueError(
            f'The bone lengths of {path!r} have the type {lengths.dtype}; give numbers, in metres.'
        )
    return torch.from_numpy(lengths.astype(np.float32))


def _check(lengths: Tensor, skeleton: Skeleton, source: str) -> None:
    if lengths.ndim != 2 or lengths.shape[1] != skeleton.num_bones or not len(lengths):
        raise ValueError(
            f'{source} has bone lengths of shape {tuple(lengths.shape)}, but the skeleton '
            f'{skeleton.name!r} needs (S, {skeleton.num_bones}), one row a person.'
        )
    bad = ~(lengths > 0) | ~torch.isfinite(lengths)
    if bad.any():
        person, bone = bad.nonzero()[0].tolist()
        raise ValueError(
            f'{source} has the length {float(lengths[person, bone]):g} for the bone '
            f'{skeleton.bone_names[bone]!r} of person {person}; it must be positive.'
        )
    if float(lengths.mean()) > 2.5:
        raise ValueError(
            f'{source} has bones of {float(lengths.mean()):.4g} m on average, so they seem to be '
            'in millimetres or centimetres; give metres.'
        )


def _preset(name: str, skeleton: Skeleton, pose_bank: PoseBank | None) -> Tensor:
    """Return a preset's lengths for the bones of ``skeleton``.

    The training poses say how a length is shared out over bones that the preset has as one.
    """
    lengths = torch.zeros(len(PRESETS[name]), skeleton.num_bones)
    for child, parent in H36M_16.bones:
        ends = [H36M_16.joint_names[joint] for joint in (child, parent)]
        kind = ends[0].removeprefix('left_').removeprefix('right_')
        values = torch.tensor([person[kind] for person in PRESETS[name].values()])
        chain = _chain(skeleton, ends[0], ends[1])
        if chain is None:
            raise ValueError(
                f'The bone lengths {name!r} have a bone from {ends[1]!r} to {ends[0]!r}, which the '
                f"skeleton {skeleton.name!r} has not; use 'measured' or give your own."
            )
        lengths[:, chain] = values[:, None] * _shares(chain, name, skeleton, pose_bank)
    unknown = [skeleton.bone_names[bone] for bone in (lengths[0] == 0).nonzero()[:, 0]]
    if unknown:
        raise ValueError(
            f'The bone lengths {name!r} know nothing of the bones {unknown} of the skeleton '
            f"{skeleton.name!r}; use 'measured' or give your own."
        )
    return lengths


def _chain(skeleton: Skeleton, child: str, parent: str) -> list[int] | None:
    """Bones from a joint up to an ancestor, None if it has no such ancestor."""
    if child not in skeleton.joint_names or parent not in skeleton.joint_names:
        return None
    path, top = skeleton.path_to_root(skeleton.index(child)), skeleton.index(parent)
    if top not in (*path, skeleton.root):
        return None
    return [skeleton.bone_of(j) for j in (path[: path.index(top)] if top in path else path)]


def _shares(chain: list[int], name: str, skeleton: Skeleton, pose_bank: PoseBank | None) -> Tensor:
    """Length of each bone of a chain for a unit distance between the chain's ends."""
    if len(chain) == 1:
        return torch.ones(1)
    if pose_bank is None:
        bones = ', '.join(skeleton.bone_names[bone] for bone in chain)
        raise ValueError(
            f'The bone lengths {name!r} do not say how one length is shared out over the bones '
            f"{bones} of {skeleton.name!r}; give a pose_bank, whose poses tell, or use 'measured'."
        )
    bottom, top = skeleton.bones[chain[0]][0], skeleton.bones[chain[-1]][1]
    pose = pose_bank.pose_cam
    distance = (pose[:, bottom] - pose[:, top]).norm(dim=-1).median()
    lengths = _lengths(pose.split(_CHUNK), skeleton)[:, chain]
    return (lengths.median(dim=0).values / distance).cpu()
