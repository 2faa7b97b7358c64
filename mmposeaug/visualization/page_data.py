# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The numbers of a lifting page, rounded and thinned, as JSON knows them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import torch

from mmposeaug.geometry import bone_lengths
from mmposeaug.structures import LiftedPoses, Skeleton

from .measures import limb_angles, measure_angles, without_side
from .poses import VIEW, to_plot_axes
from .sequence import space_box
from .style import SIDE_COLORS


def page_data(lifted: LiftedPoses, frames: Sequence[int]) -> dict[str, Any]:
    """What the page's script draws.

    Returns:
        dict[str, Any]: Integers in lists: ``cam`` (mm), ``px`` (0.1 px), ``scores`` (%),
        ``angles`` (0.1 degrees) and ``bones`` (mm), all flat over the N shown rows with None for
        what is not finite; ``first`` (F + 1), where each frame's rows begin; and what describes
        them. The names are escaped, since plotly reads its texts as a kind of HTML.
    """
    rows = np.flatnonzero(np.isin(lifted.frames, frames))
    tracks = np.unique(lifted.tracks[rows])
    cam = lifted.poses_rel[rows] + lifted.roots_cam[rows, None]
    hollow = lifted.interpolated[rows].astype(bool)
    lengths = bone_lengths(torch.from_numpy(cam), lifted.skeleton).numpy()
    return dict(
        **_tree(lifted.skeleton),
        frames=list(frames),
        fps=lifted.fps,
        names=[lifted.image_names.get(frame, '') for frame in frames],
        tracks=tracks.tolist(),
        first=np.searchsorted(lifted.frames[rows], [*frames, frames[-1] + 1]).tolist(),
        track=np.searchsorted(tracks, lifted.tracks[rows]).tolist(),
        cam=_integers(cam, 1000),
        px=_integers(lifted.keypoints_px[rows], 10),
        scores=_integers(lifted.scores[rows], 100),
        hollow=[np.flatnonzero(row).tolist() for row in hollow],
        angles=_integers(measure_angles(cam, lifted.skeleton), 10),
        bones=_integers(lengths, 1000),
        **_space(lifted),
    )


def _integers(values: np.ndarray, scale: float) -> list[int | None]:
    """Rounded multiples of 1 / scale, None for what is not finite."""
    scaled = np.rint(np.asarray(values, np.float64).ravel() * scale)
    finite = np.isfinite(scaled)
    whole: list[int | None] = np.where(finite, scaled, 0).astype(np.int64).tolist()
    for i in np.flatnonzero(~finite):
        whole[i] = None
    return whole


def _tree(skeleton: Skeleton) -> dict[str, Any]:
    """Joints, colours, and which angles and bones stand beside each other."""
    partner = {joint: pair for pair in skeleton.bone_pairs for joint in pair}
    bones = []
    for bone, (child, parent) in enumerate(skeleton.bones):
        left, right = partner.get(bone, (bone, None))
        if right is not None and bone == max(left, right):
            continue
        names = [without_side(skeleton.joint_names[joint]) for joint in (parent, child)]
        bones.append(dict(label=' – '.join(names), left=left, right=right))
    charts: dict[str, list[dict[str, Any]]] = {}
    for number, angle in enumerate(limb_angles(skeleton)):
        line = dict(side=angle.side, number=number)
        charts.setdefault(escape(angle.label), []).append(line)
    return dict(
        joints=[escape(name.replace('_', ' ')) for name in skeleton.joint_names],
        root=skeleton.root,
        links=[dict(ends=bone, side=skeleton.sides[bone[0]]) for bone in skeleton.bones],
        sides=list(skeleton.sides),
        colors=SIDE_COLORS,
        boneTable=bones,
        charts=[dict(label=label, lines=lines) for label, lines in charts.items()],
        angleCount=sum(len(lines) for lines in charts.values()),
    )


def _space(lifted: LiftedPoses) -> dict[str, Any]:
    """Ranges of the three axes of the plot, and where they are looked at from."""
    middle, half = space_box(lifted)
    ends = to_plot_axes(np.stack((middle - half, middle + half)))
    elevation, azimuth = np.radians([VIEW['elev'], VIEW['azim']])
    across = np.cos(elevation)
    return dict(
        ranges=np.sort(ends, axis=0).T.round(3).tolist(),
        eye=[across * np.cos(azimuth), across * np.sin(azimuth), np.sin(elevation)],
    )
