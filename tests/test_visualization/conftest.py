# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Browsers, with and without 3D."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser_pages import BROWSER_ARGS, NO_WEBGL_ARGS, find_browser


@pytest.fixture(scope='session')
def chromium() -> Iterator[Any]:
    """Playwright's Chromium, to be launched."""
    sync_api = pytest.importorskip('playwright.sync_api', reason='playwright is not installed')
    find_browser()
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope='session')
def browser(chromium: Any) -> Iterator[Any]:
    """A Chromium with WebGL."""
    with chromium.launch(executable_path=find_browser(), args=BROWSER_ARGS) as browser:
        yield browser


@pytest.fixture
def browser_without_webgl(chromium: Any) -> Iterator[Any]:
    """A Chromium that draws nothing in 3D."""
    with chromium.launch(executable_path=find_browser(), args=NO_WEBGL_ARGS) as browser:
        yield browser
