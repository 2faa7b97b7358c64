# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Interactive examples of an augmentation, for web pages (plotly)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from mmposeaug.structures import AugmentedSamples, Skeleton

from .augmentation import choose_examples, describe_step
from .poses import to_plot_axes
from .style import GHOST_COLOR, SIDE_COLORS

SIDE_LABELS = dict(left="person's left", right="person's right")


def has_plotly() -> bool:
    """Whether plotly is installed, which nothing but these figures needs."""
    return find_spec('plotly') is not None


def plotly_objects() -> Any:
    """Plotly's figures."""
    import plotly.graph_objects as objects

    return objects


def _segments(points: np.ndarray, bones: list[tuple[int, int]]) -> np.ndarray:
    """Bones as one line with gaps: (3 * bones, D), each third row empty."""
    gap = np.full((1, points.shape[1]), np.nan)
    return np.concatenate([np.concatenate((points[list(bone)], gap)) for bone in bones])


def _stick_traces(
    points: np.ndarray, skeleton: Skeleton, meta: dict[str, Any], ghost: bool
) -> list[Any]:
    """Lines of a pose in 3D or 2D, one for each side; one in grey for a ghost."""
    objects = plotly_objects()
    traces = []
    sides = ('',) if ghost else ('left', 'right', '')
    for side in sides:
        bones = [bone for bone in skeleton.bones if ghost or skeleton.sides[bone[0]] == side]
        if not bones:
            continue
        line = _segments(points, bones)
        color = GHOST_COLOR if ghost else SIDE_COLORS[side]
        options = dict(
            mode='lines' if ghost else 'lines+markers',
            name='original' if ghost else SIDE_LABELS.get(side, 'midline'),
            line=dict(color=color, width=(3 if ghost else 6) if points.shape[1] == 3 else 2),
            meta=meta,
            visible=False,
            hoverinfo='skip',
        )
        if points.shape[1] == 3:
            x, y, z = to_plot_axes(line).T
            traces.append(
                objects.Scatter3d(
                    x=x, y=y, z=z, showlegend=True, marker=dict(size=2.5, color=color), **options
                )
            )
        else:
            x, y = line.T
            options.update(showlegend=False, xaxis='x', yaxis='y')
            traces.append(objects.Scatter(x=x, y=y, marker=dict(size=4, color=color), **options))
    return traces


def example_figure(samples: AugmentedSamples, examples: int) -> tuple[Any, list[list[str]]]:
    """Examples at every stage in 3D and 2D; a page switches their lines on and off."""
    objects = plotly_objects()
    skeleton, names = samples.skeleton, list(samples.stages)
    chosen = choose_examples(samples, examples)
    figure = objects.Figure()
    texts = []
    reach = 0.5
    for number, index in enumerate(chosen):
        lines = []
        for stage, name in [(-1, names[0]), *enumerate(names)]:
            poses = samples.stages[name].take(slice(index, index + 1))
            pose, meta = poses.pose_cam[0], dict(example=number, stage=stage)
            relative = pose - pose[skeleton.root]
            reach = max(reach, float(np.abs(relative).max()))
            ghost = stage < 0
            figure.add_traces(_stick_traces(relative, skeleton, meta, ghost))
            share = poses.keypoints_px[0] / poses.image_size[0]
            figure.add_traces(_stick_traces(share, skeleton, meta, ghost))
            if not ghost:
                depth = f'root {pose[skeleton.root, 2]:.1f} m away'
                lines.append('; '.join(filter(None, (describe_step(samples, name, index), depth))))
        texts.append(lines)
    ratio = float(np.divide(*samples.of_kind('real').image_size[chosen[0]]))
    span = dict(range=[-reach, reach])
    figure.update_layout(
        height=520,
        margin=dict(l=0, r=20, t=10, b=40),
        legend=dict(orientation='h', y=-0.05),
        scene=dict(
            domain=dict(x=[0, 0.56]),
            xaxis=dict(span, title='x (m)'),
            yaxis=dict(span, title='z, depth (m)'),
            zaxis=dict(span, title='−y, up (m)'),
            aspectmode='cube',
            camera=dict(eye=dict(x=0.85, y=-1.95, z=0.5), center=dict(z=-0.12)),
        ),
        xaxis=dict(domain=[0.63, 1], range=[0, 1], title='share of the width', constrain='domain'),
        yaxis=dict(
            range=[1, 0],
            title='share of the height',
            scaleanchor='x',
            scaleratio=1 / ratio,
            constrain='domain',
        ),
    )
    return figure, texts
