# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Tables of scores and counts."""

from __future__ import annotations

from mmposeaug.evaluation import format_table


def test_table_is_markdown():
    rows = {
        'Walk': dict(MPJPE=40.123, loss=0.012345),
        'Sit': dict(MPJPE=9.0, frames=12000, people='S1 S5'),
    }
    lines = format_table('action', rows).splitlines()
    cells = [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]
    assert cells[0] == ['action', 'MPJPE', 'loss', 'frames', 'people']
    assert set(lines[1]) <= set('|-:')
    assert cells[2] == ['Walk', '40.12', '0.01235', '-', '-']
    assert cells[3] == ['Sit', '9.00', '-', '12000', 'S1 S5']
    assert len({len(line) for line in lines}) == 1
