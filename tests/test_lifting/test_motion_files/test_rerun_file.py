# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Recordings of rerun hold people only where they are."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmposeaug.lifting import save_rerun
from mmposeaug.structures import H36M_17

needs_rerun = pytest.mark.skipif(
    importlib.util.find_spec('rerun') is None,
    reason='needs `pip install --no-deps -r requirements/rerun.txt`',
)


@needs_rerun
def test_people_come_back(make: Any, without: Any, tmp_path: Path) -> None:
    from rerun.chunk import RrdReader

    lifted = make(people=2, frames=9)
    away = (lifted.tracks == 1) & np.isin(lifted.frames, [0, 4, 5])
    said: list[str] = []
    (path,) = save_rerun(without(lifted, away), tmp_path / 'a.rrd', report=said.append)
    chunks = list(RrdReader(str(path)).stream())
    assert '/world/camera/image' in {str(chunk.entity_path) for chunk in chunks}
    assert len(said) == 1 and 'up is not known' in said[0]
    (joints,) = (
        chunk.to_record_batch()
        for chunk in chunks
        if str(chunk.entity_path) == '/world/person1/joints' and not chunk.is_static
    )
    found = dict(zip(joints['frame'].to_pylist(), joints['Points3D:positions'].to_pylist()))
    assert sorted(found) == [1, 2, 3, 4, 6, 7, 8, 9]
    assert found[4] == found[9] == []  # gone
    rows = (lifted.tracks == 1) & (lifted.frames == 7)
    expected = lifted.poses_cam[rows][0] * (1, -1, -1)
    np.testing.assert_allclose(found[7], expected, atol=1e-5)
    bones = [chunk for chunk in chunks if str(chunk.entity_path) == '/world/person0/bones']
    assert {chunk.num_rows for chunk in bones} == {1, 10}
    assert len(H36M_17.bones) == 16


def test_without_rerun_its_installation_is_told(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'rerun', None)
    with pytest.raises(ImportError, match='requirements/rerun.txt'):
        save_rerun(make(), tmp_path / 'a.rrd')
    assert list(tmp_path.iterdir()) == []
