# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The documentation as a site: `make docs`.

The source folder of the site is the repository's root, so that a relative link to a page or config
leads to the same file here and where the Markdown is read on a code host.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the package of this checkout, not one that is installed

from mmposeaug.version import __version__  # noqa: E402

project = 'mmposeaug'
author = 'mmposeaug contributors'
copyright = 'mmposeaug contributors, Apache License 2.0'
version = release = __version__

extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon']
root_doc = 'docs/index'
include_patterns = [
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'docs/**',
    'configs/**/README.md',
    'mmposeaug/lifting/included/MODEL_CARD.md',
]
exclude_patterns = ['.*', '**/.*', 'build', 'dist', 'work_dirs', 'data', 'shared', '**/__pycache__']

# Markdown: headings get the anchors that code hosts give them, and each is checked
source_suffix = {'.md': 'markdown'}
myst_heading_anchors = 4

# API reference; tests/test_docstrings.py runs the examples of all docstrings
autodoc_member_order = 'groupwise'
autodoc_default_options = {'members': True, 'show-inheritance': True}
autodoc_typehints_format = 'short'
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # fields of a record are listed once, with it
python_use_unqualified_type_names = True

html_theme = 'furo'
html_title = f'mmposeaug {version}'
html_extra_path = ['site']  # an index.html that leads from the site's root to docs/index.html
html_copy_source = False

# `make linkcheck` asks the network; `make docs` does not
linkcheck_anchors = False
linkcheck_timeout = 20
linkcheck_retries = 2


def escape_shapes(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Escape the star of shapes such as (*, J, 3), which docutils takes for emphasis."""
    lines[:] = [re.sub(r'(?<=[( ])\*(?=[,)])', r'\\*', line) for line in lines]


def setup(app: Any) -> None:
    """Connect what is done to docstrings."""
    app.connect('autodoc-process-docstring', escape_shapes, priority=900)
