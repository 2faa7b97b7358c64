# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The examples in docstrings run and give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import mmposeaug

MODULES = [
    found.name
    for found in pkgutil.walk_packages(mmposeaug.__path__, 'mmposeaug.')
    if not found.name.endswith('__main__')
]


@pytest.mark.parametrize('name', MODULES)
def test_examples_in_docstrings(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [
        example
        for name in MODULES
        for test in finder.find(importlib.import_module(name))
        for example in test.examples
    ]
    assert len(examples) > 50
