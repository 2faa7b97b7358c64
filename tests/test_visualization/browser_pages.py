# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pages in a headless Chromium without a net."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')

# Without a graphics card WebGL is computed by SwiftShader.
BROWSER_ARGS = [
    '--no-sandbox',
    '--no-first-run',
    '--disable-background-networking',
    '--use-gl=angle',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
]
NO_WEBGL_ARGS = ['--no-sandbox', '--no-first-run', '--disable-gpu', '--disable-3d-apis']


class OpenPage:
    """A page in a browser, and what it complained about and asked for."""

    def __init__(self, browser: Any, path: Path, width: int = 1280, height: int = 800) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.context = browser.new_context(
            viewport=dict(width=width, height=height), offline=True, locale='en-US'
        )
        self.page = self.context.new_page()
        self.page.on('pageerror', lambda error: self.errors.append(str(error)))
        self.page.on('console', self._note)
        self.page.on('request', lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector('body[data-ready]', timeout=60_000)

    def _note(self, message: Any) -> None:
        if message.type == 'error':
            self.errors.append(message.text)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        return self.page.evaluate(script)

    def frame(self) -> int:
        """The frame that is shown."""
        return int(self.run('document.body.dataset.frame'))

    def points(self, plot: str, axes: str) -> np.ndarray:
        """All joints that a plot shows, sorted by their coordinates."""
        script = (
            f"document.getElementById('{plot}').data.filter(t => t.mode === 'markers')"
            f'.map(t => [{", ".join(f"t.{axis}" for axis in axes)}])'
        )
        marks = [np.array(trace, float).reshape(len(axes), -1).T for trace in self.run(script)]
        found = np.concatenate(marks)
        return found[np.lexsort(found.T)]

    def close(self) -> None:
        """Close it, and check that there was no error and that nothing was asked of the net."""
        self.context.close()
        assert not self.errors
        assert all(url.split(':')[0] in ('file', 'data', 'blob') for url in self.requests)


def find_browser() -> str:
    """The browser to use; the test is skipped where there is none."""
    names = [os.environ.get('MMPOSEAUG_CHROMIUM', ''), *BROWSERS]
    found = [path for name in names if name and (path := shutil.which(name))]
    if not found:
        pytest.skip(f'no browser: set MMPOSEAUG_CHROMIUM, or install one of {", ".join(BROWSERS)}')
    return found[0]
