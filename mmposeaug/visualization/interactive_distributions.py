# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Interactive figures of view points, places and changes, for web pages (plotly)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmposeaug.structures import AugmentedSamples, ViewedPoses

from .augmentation_values import (
    KIND_COLORS,
    KIND_LABELS,
    bone_values,
    field_of_view,
    root_places,
    view_angles,
)
from .interactive import plotly_objects

POINTS = 2000
"""int: Points of a kind in a figure."""


def _shown_first(kind: str, sets: dict[str, ViewedPoses]) -> bool | str:
    """The draw under a learned change looks much like it: it is shown on a click."""
    return 'legendonly' if kind == 'random' and 'learned' in sets else True


def sphere_figure(sets: dict[str, ViewedPoses]) -> Any:
    """Camera directions on the unit sphere around the body."""
    objects = plotly_objects()
    figure = objects.Figure()
    for kind, poses in sets.items():
        angles = view_angles(poses.take(slice(POINTS)))
        assert angles is not None
        azimuth, elevation = np.radians(angles).T
        level = np.cos(elevation)
        x, y, z = level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)
        text = [f'azimuth {a:.0f}°, elevation {e:.0f}°' for a, e in angles]
        figure.add_trace(
            objects.Scatter3d(
                x=x,
                y=y,
                z=z,
                mode='markers',
                name=KIND_LABELS[kind],
                visible=_shown_first(kind, sets),
                marker=dict(size=2.2, color=KIND_COLORS[kind], opacity=0.6),
                text=text,
                hoverinfo='text+name',
            )
        )
    turn = np.linspace(0, 2 * np.pi, 73)
    circles = (
        (np.cos(turn), np.sin(turn), 0 * turn),
        (np.cos(turn), 0 * turn, np.sin(turn)),
        (0 * turn, np.cos(turn), np.sin(turn)),
    )
    for x, y, z in circles:
        line = dict(color='#bbbbbb', width=2)
        figure.add_trace(
            objects.Scatter3d(
                x=x, y=y, z=z, mode='lines', line=line, showlegend=False, hoverinfo='skip'
            )
        )
    axis = dict(range=[-1.1, 1.1], showticklabels=False)
    figure.update_layout(
        height=520,
        margin=dict(l=0, r=0, t=10, b=10),
        legend=dict(itemsizing='constant'),
        scene=dict(
            xaxis=dict(axis, title='front'),
            yaxis=dict(axis, title="person's left"),
            zaxis=dict(axis, title='up'),
            aspectmode='cube',
            camera=dict(eye=dict(x=1.35, y=1.1, z=0.6), center=dict(z=-0.1)),
        ),
    )
    return figure


def place_figure(sets: dict[str, ViewedPoses]) -> Any:
    """Roots from above, and in the image."""
    objects = plotly_objects()
    figure = objects.Figure()
    far = 1.0
    for kind, poses in sets.items():
        root, share = root_places(poses.take(slice(POINTS)))
        far = max([far, *root[:, 1]])
        for points, axes, shown in ((root, ('x', 'y'), True), (share, ('x2', 'y2'), False)):
            figure.add_trace(
                objects.Scatter(
                    x=points[:, 0],
                    y=points[:, 1],
                    mode='markers',
                    name=KIND_LABELS[kind],
                    legendgroup=kind,
                    showlegend=shown,
                    xaxis=axes[0],
                    yaxis=axes[1],
                    visible=_shown_first(kind, sets),
                    marker=dict(size=3.5, color=KIND_COLORS[kind], opacity=0.5),
                )
            )
    left, right = field_of_view(sets['real'])
    border = dict(color='#555555', width=1)
    x, y = [left * far, 0, right * far], [far, 0, far]
    figure.add_trace(
        objects.Scatter(x=x, y=y, mode='lines', line=border, name='field of view', hoverinfo='skip')
    )
    figure.update_layout(
        height=480,
        margin=dict(l=50, r=20, t=10, b=50),
        xaxis=dict(domain=[0, 0.5], title='x (m), camera at 0'),
        yaxis=dict(title='depth z (m)', scaleanchor='x'),
        xaxis2=dict(domain=[0.6, 1], range=[0, 1], title='share of the width', anchor='y2'),
        yaxis2=dict(range=[1, 0], title='share of the height', anchor='x2'),
        legend=dict(itemsizing='constant'),
    )
    return figure


def change_figure(samples: AugmentedSamples) -> Any:
    """Histograms of turns and length changes of one bone at a time, with a menu of bones."""
    objects = plotly_objects()
    figure = objects.Figure()
    names = samples.skeleton.bone_names
    bins_of = dict(turn=np.arange(0, 181, 3.0), length=np.arange(-100, 101, 2.5))
    series = bone_values(samples)
    for bone in range(len(names)):
        for kind, quantity, values in series:
            bins, axis = bins_of[quantity], '' if quantity == 'turn' else '2'
            counts, _ = np.histogram(np.clip(values[:, bone], bins[0], bins[-1]), bins)
            figure.add_trace(
                objects.Bar(
                    x=(bins[:-1] + bins[1:]) / 2,
                    y=counts / len(values),
                    name=KIND_LABELS[kind],
                    legendgroup=kind,
                    showlegend=axis == '2',
                    visible=bone == 0,
                    xaxis=f'x{axis}',
                    yaxis=f'y{axis}',
                    marker=dict(color=KIND_COLORS[kind], opacity=0.65),
                )
            )
    buttons = [
        dict(
            label=f'bone to {name}',
            method='restyle',
            args=[{'visible': [b == bone for b in range(len(names)) for _ in series]}],
        )
        for bone, name in enumerate(names)
    ]
    figure.update_layout(
        height=420,
        barmode='overlay',
        bargap=0,
        margin=dict(l=50, r=20, t=50, b=50),
        updatemenus=[dict(buttons=buttons, x=0, xanchor='left', y=1.16)],
        xaxis=dict(domain=[0, 0.47], title='turn (°)', range=[0, 90]),
        yaxis=dict(title='share of the samples'),
        xaxis2=dict(domain=[0.55, 1], title='change of length (%)', range=[-60, 60]),
        yaxis2=dict(anchor='x2'),
    )
    return figure
