# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""One HTML page that plays lifted poses, and needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from mmposeaug.fileio import Track, atomic_write, untracked
from mmposeaug.structures import LiftedPoses

from .page_data import page_data
from .page_images import embed_images
from .sequence import FrameImages, image_size, sequence_frames, thin_frames

MAX_JOINTS = 400_000
"""int: Joints on a page, of all people in all frames; it takes about 30 characters for each."""


def write_lifting_page(
    lifted: LiftedPoses,
    path: str | os.PathLike,
    title: str = 'Lifted poses',
    max_frames: int = 2000,
    images: FrameImages = None,
    track: Track = untracked,
) -> None:
    """Write a page that plays the poses in 3D beside their keypoints, with charts.

    It is one file that opens without a server and asks nothing of the net; the browser is told to
    refuse any request that it might make.

    Args:
        lifted (LiftedPoses): The poses.
        path (str | PathLike): The HTML file; its folder is made if need be.
        title (str): Title of the page. Defaults to ``'Lifted poses'``.
        max_frames (int): Of a longer sequence so many frames, evenly spread, are shown, or just
            those that have a pose if they are no more; the page says so. Defaults to 2000.
        images (FrameImages): Images to show behind the keypoints: a mapping from frame to RGB,
            or a function that gives None where there is none. They are made smaller so that all
            of a page fit into :data:`mmposeaug.visualization.page_images.IMAGE_BYTES`.
        track (Callable): Passes the frames of images on and may show the progress, as
            :func:`mmposeaug.fileio.track`. Defaults to showing nothing.

    Raises:
        ValueError: If there is no pose, ``max_frames`` is below 1 or an image is not RGB.
        ModuleNotFoundError: If plotly is not installed.
    """
    frames = sequence_frames(lifted, images)
    shown = _choose_frames(lifted, frames, max_frames)
    embedded = embed_images(images, shown, track=track)
    sizes = [image_size(lifted, *each) for each in zip(shown, embedded.sizes)]
    data = page_data(lifted, shown)
    data.update(images=embedded.urls, imageStep=embedded.step, sizes=sizes)
    notes = [embedded.note] if embedded.note else []
    if len(shown) < len(frames):
        notes.insert(0, f'{len(shown):,} of {len(frames):,} frames are shown.')
    page = _fill(title, notes, _facts(lifted, frames), data)
    with atomic_write(path, 'w') as file:
        file.write(page)


def _choose_frames(lifted: LiftedPoses, frames: range, max_frames: int) -> list[int]:
    """Frames evenly spread, fewer where there are so many people that the page would be large."""
    shown = thin_frames(frames, max_frames)
    posed = lifted.frame_numbers.tolist()
    if len(shown) < len(frames) and len(posed) <= max_frames:
        shown = posed  # few poses in a long time would be missed otherwise
    most = max(MAX_JOINTS // lifted.skeleton.num_joints, 1)
    while len(shown) > 1:
        poses = int(np.isin(lifted.frames, shown).sum())
        if poses <= most:
            break
        shown = thin_frames(shown, max(len(shown) * most // poses, 1))
    return shown


def _fill(title: str, notes: list[str], facts: dict[str, str], data: dict[str, Any]) -> str:
    own = _part('drawing.js') + _part('controls.js')
    scripts = dict(plotly=_plotly_js(), script=f"'use strict';\n{{\n{own}}}\n")
    return Template(_part('lifting.html')).substitute(
        title=_escaped(title),
        policy=_policy(list(scripts.values())),
        style=_part('lifting.css'),
        notes=''.join(f'<p>{_escaped(note)}</p>' for note in notes),
        facts=''.join(f'<dt>{_escaped(k)}</dt><dd>{_escaped(v)}</dd>' for k, v in facts.items()),
        data=_json_for_html(data),
        **scripts,
    )


def _part(name: str) -> str:
    return files('mmposeaug.visualization').joinpath('page', name).read_text(encoding='utf-8')


def _plotly_js() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'A lifting page is drawn by plotly, which is not installed; pip install plotly.'
        ) from None
    return str(get_plotlyjs())


def _policy(scripts: list[str]) -> str:
    """A content security policy: these scripts, styles and embedded images, and nothing else."""
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    allowed = ' '.join(f"'sha256-{each}'" for each in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _escaped(text: str) -> str:
    """Text that is no HTML; what UTF-8 cannot hold, as in odd names, is a question mark."""
    return escape(text.encode('utf-8', 'replace').decode('utf-8'))


def _json_for_html(data: dict[str, Any]) -> str:
    """JSON that no string in it can break out of its script element."""
    text = json.dumps(data, separators=(',', ':'), allow_nan=False)
    return text.replace('&', '\\u0026').replace('<', '\\u003c').replace('>', '\\u003e')


def _facts(lifted: LiftedPoses, frames: range) -> dict[str, str]:
    """What the poses are and were made with, as texts."""
    rate = 'unknown' if lifted.fps is None else f'{lifted.fps:g} frames a second'
    poses, people = len(lifted), len(lifted.track_numbers)
    span = f'{frames[0]} to {frames[-1]}' if len(frames) > 1 else str(frames[0])
    facts = dict(
        Poses=f'{poses:,} of {people:,} people' if people > 1 else f'{poses:,} of one person',
        Frames=span + (f' in steps of {frames.step}' if frames.step > 1 else ''),
        Rate=rate,
        Skeleton=f'{lifted.skeleton.name}, {lifted.skeleton.num_joints} joints',
    )
    return {**facts, **{str(key): _text(value) for key, value in lifted.info.items()}}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ' '.join(map(str, value)) or 'none'
    return f'{value:.6g}' if isinstance(value, float) else str(value)
