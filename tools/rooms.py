# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Print the rooms of the package: files, lines, who imports whom, and circles."""

from __future__ import annotations

import argparse
import ast
from collections import Counter
from pathlib import Path

LIBRARY = ('structures', 'geometry', 'fileio')
MAY_USE: dict[str, tuple[str, ...]] = {
    'structures': (),
    'fileio': (),
    'compat': (),
    'geometry': ('structures',),
    'codecs': ('structures', 'geometry'),
    'models': ('structures', 'geometry'),
    'datasets': LIBRARY,
    'evaluation': ('structures', 'geometry'),
    'engine': (*LIBRARY, 'codecs', 'models', 'datasets', 'evaluation'),
    'visualization': (*LIBRARY, 'evaluation'),
    'lifting': (*LIBRARY, 'codecs', 'models', 'datasets', 'evaluation', 'visualization'),
    'converters': (*LIBRARY, 'datasets'),
    'synthetic': (*LIBRARY, 'datasets'),
}
"""dict: Rooms that a room may import from, by room (docs/architecture.md)."""
MAY_USE['experiments'] = tuple(MAY_USE)
MAY_USE['apis'] = ('lifting', 'experiments')
EVERYWHERE = ('compat', 'lazy', 'version')


def modules_of(package: Path) -> dict[str, Path]:
    """Python files of a package by dotted name, a package by the name of its folder."""
    found = {}
    for path in sorted(package.rglob('*.py')):
        parts = path.relative_to(package.parent).with_suffix('').parts
        found['.'.join(parts[:-1] if parts[-1] == '__init__' else parts)] = path
    return found


def imports_of(name: str, path: Path, modules: dict[str, Path]) -> set[str]:
    """Modules of the package that a module imports, in functions and for types too."""
    tree = ast.parse(path.read_text(encoding='utf-8'))
    base = name.split('.') if path.name == '__init__.py' else name.split('.')[:-1]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            start = base[: len(base) - node.level + 1] if node.level else []
            source = '.'.join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f'{source}.{alias.name}'
                found.add(whole if whole in modules else source)
    return {other for other in found if other in modules and other != name}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of nodes that reach each other."""

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for other in graph.get(todo.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        return seen

    reached = {name: reach(name) for name in graph}
    groups = {
        tuple(sorted(b for b in reached[a] if a in reached[b])) for a in graph if a in reached[a]
    }
    return [list(group) for group in sorted(groups)]


def main() -> int:
    """Print the table; return 1 if an arrow is not allowed or there is a circle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'package',
        nargs='?',
        type=Path,
        default=Path(__file__).parents[1] / 'mmposeaug',
        help='folder of the package, also of another revision',
    )
    package = parser.parse_args().package
    if not (package / '__init__.py').is_file():
        parser.error(f'{package} has no __init__.py; name the folder of the package.')
    modules = modules_of(package)
    graph = {name: imports_of(name, path, modules) for name, path in modules.items()}

    def room(name: str) -> str:
        parts = name.split('.')
        return parts[1] if len(parts) > 1 else ''

    files: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    arrows: Counter[tuple[str, str]] = Counter()
    for name, path in modules.items():
        files[room(name)] += 1
        lines[room(name)] += len(path.read_text(encoding='utf-8').splitlines())
        for other in graph[name]:
            if room(name) and room(other) and room(other) != room(name):
                arrows[room(name), room(other)] += 1
    print(f'{"room":15s}{"files":>6s}{"lines":>7s}  imports (number of imports)')
    for one in sorted(files, key=lambda one: list(MAY_USE).index(one) if one in MAY_USE else -1):
        used = ', '.join(f'{b} ({n})' for (a, b), n in sorted(arrows.items()) if a == one)
        print(f'{one or "top":15s}{files[one]:6d}{lines[one]:7d}  {used}')
    print(f'{"all":15s}{sum(files.values()):6d}{sum(lines.values()):7d}  {len(arrows)} arrows')
    against = [
        (a, b, n)
        for (a, b), n in sorted(arrows.items())
        if b not in EVERYWHERE and b not in MAY_USE.get(a, ())
    ]
    for a, b, n in against:
        print(f'not allowed: {a} -> {b} ({n})')
        for name in modules:
            for other in sorted(graph[name]):
                if (room(name), room(other)) == (a, b):
                    print(f'    {name} imports {other}')
    plain = {
        name: {other for other in others if modules[other].name != '__init__.py'}
        for name, others in graph.items()
    }
    found = circles(plain)
    for group in found:
        print(f'circle: {", ".join(group)}')
    rooms = circles({a: {y for x, y in arrows if x == a} for a in files})
    for group in rooms:
        print(f'circle of rooms: {", ".join(group)}')
    print(f'{len(against)} arrows against the table, {len(found) + len(rooms)} circles')
    return int(bool(against or found or rooms))


if __name__ == '__main__':
    raise SystemExit(main())
