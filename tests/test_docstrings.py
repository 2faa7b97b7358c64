# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The examples in docstrings run and give what they say."""

import doctest
import importlib
import inspect
import pkgutil
import re

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


def test_what_is_exported_describes_all_of_its_arguments():
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    exported = {}
    for name in ('mmposeaug', *MODULES):
        module = importlib.import_module(name)
        if hasattr(module, '__path__'):
            for each in getattr(module, '__all__', ()):
                exported[each] = getattr(module, each)
    missing = []
    for name, value in exported.items():
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        text = inspect.getdoc(value) or ''
        elsewhere = re.search('for the arguments|fields are the options of', text)
        if not text:
            missing.append(name)
        elif not elsewhere and not (
            inspect.isclass(value) and issubclass(value, (Exception, tuple))
        ):
            missing += [
                f'{name}({each.name})'
                for each in inspect.signature(value).parameters.values()
                if each.kind not in kinds and not re.search(rf'\b{each.name}\b', text)
            ]
    assert len(exported) > 200
    assert not missing
