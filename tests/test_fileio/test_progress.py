# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A bar on a terminal, lines elsewhere."""

from __future__ import annotations

import io
import re
import sys

import pytest

from mmposeaug.fileio import progress, say, track, untracked


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_file_gets_lines_of_what_takes_long(monkeypatch, capsys):
    assert list(track(range(5), 'Rows')) == list(untracked(range(5)))
    assert capsys.readouterr().err == ''
    monkeypatch.setattr(progress, 'LINE_SECONDS', 0)
    assert list(track(range(4), 'Rows')) == [0, 1, 2, 3]
    lines = capsys.readouterr().err.splitlines()
    assert 'Rows:  50 % done, 2 of 4, about 00:00 left' in lines and len(lines) < 8
    assert list(track(iter('ab'), 'Rows')) == ['a', 'b']
    assert 'Rows: 2 done, 00:00 so far' in capsys.readouterr().err.splitlines()


def test_a_terminal_gets_a_bar_and_lines_above_it(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'stderr', Terminal())
    with track(what='Runs', total=2, counts=False) as bar:
        say('begun')
        bar.update(0.5)
        bar.refresh()
        assert re.search(r'\rRuns:  25 % \|\S+ +\| about \d\d:\d\d left', sys.stderr.getvalue())
    assert '\n' not in sys.stderr.getvalue() and '1 of 2' not in sys.stderr.getvalue()
    assert capsys.readouterr().out == 'begun\n'


@pytest.mark.parametrize('total', [None, 3])
def test_the_end_leaves_no_bar(monkeypatch, total):
    monkeypatch.setattr(sys, 'stderr', Terminal())
    list(track(iter('abc'), 'Rows', total))
    assert sys.stderr.getvalue().endswith('\r') and 'Rows' not in sys.stderr.getvalue()[-30:]
