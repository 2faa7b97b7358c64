# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the tools share: options, how they enter the config, and how refusals are said."""

from __future__ import annotations

import argparse
import errno
import os
import pickle
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

# MMEngine's, once for each module that it looks into; a user can do nothing about it
warnings.filterwarnings('ignore', 'pkg_resources is deprecated', UserWarning)

from mmengine.config import Config, DictAction  # noqa: E402

import mmposeaug  # noqa: E402
from config_types import unknown_type  # noqa: E402
from mmposeaug.fileio import make_writable_folder  # noqa: E402
from several_processes import await_first_process, waited_in_vain  # noqa: E402

if TYPE_CHECKING:
    from mmengine.runner import Runner

PACKAGE = Path(mmposeaug.__file__).parent
LIFTER_TYPES = ('PoseLifter', 'mmpose.PoseLifter')
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
MMPOSE_HOOK_TYPES = ('PoseVisualizationHook', 'mmpose.PoseVisualizationHook')

# MMPose finds its metainfo in its own installation and warns of it every time; MMEngine chooses one
# thread for each process, and an option of DistributedDataParallel, and warns that it does
for _message in (
    'The metainfo config file',
    'Setting (OMP|MKL)_NUM_THREADS environment variable',
    '`broadcast_buffers` is deprecated',
):
    warnings.filterwarnings('ignore', message=_message)


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that both tools have, named as in MMPose."""
    parser.add_argument('--work-dir', help='folder for logs, results and checkpoints')
    parser.add_argument(
        '--show-dir', help='folder, from here, in which pictures of predictions are saved'
    )
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument(
        '--interval', type=int, help="draw every so many samples (default: the hook's own, 50)"
    )
    parser.add_argument(
        '--wait-time', type=float, default=1, help='seconds a window stays (default: 1)'
    )
    parser.add_argument(
        '--verbose',
        action='store_true',
        help='show config, environment and hooks too, which are in the log file in any case',
    )
    add_cfg_options(parser)
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started this process, if it is one of several',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


class _Settings(DictAction):
    """MMEngine's KEY=VALUE, with a sentence for what is not."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        for word in values:
            if not word.partition('=')[1] or word.startswith('='):
                parser.error(f'--cfg-options takes KEY=VALUE, not {word!r}; write both')
            if word.endswith('=') and word.count('=') == 1:
                parser.error(f'--cfg-options {word} has no value; give one, or {word}None')
        try:
            super().__call__(parser, namespace, values, option_string)
        except AssertionError as error:  # MMEngine's of brackets
            parser.error(f'--cfg-options cannot be read ({error}); close the brackets')


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Adds ``--cfg-options``."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=_Settings,
        metavar='KEY=VALUE',
        help='settings that override the config, such as train_cfg.max_epochs=2 or key="[a,b]"',
    )


def build_runner(cfg: Config, args: argparse.Namespace) -> Runner:
    """Builds the runner of a config."""
    from mmengine.runner import Runner  # seconds of imports, as all of what trains and tests

    from mmposeaug.engine import ProgressHook, QuietRunner

    if args.verbose:
        return Runner.from_cfg(cfg)
    runner = QuietRunner.from_cfg(cfg)
    runner.register_hook(ProgressHook())
    return runner


def export_local_rank(args: argparse.Namespace) -> None:
    """Hands the launcher's ``--local_rank`` on to MMEngine, which reads the environment."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))


def require_file(parser: argparse.ArgumentParser, path: str, what: str) -> None:
    """Ends the program with one sentence if a file that the user named does not exist.

    Addresses with a scheme (``https://``, ``s3://``) are left to MMEngine.
    """
    if '://' in path or Path(path).expanduser().is_file():
        return
    if os.path.exists(path):
        parser.error(f'the {what} {path!r} is no regular file; check the path')
    parser.error(f'the {what} {path!r} does not exist; check the path')


@contextmanager
def plain_errors(
    parser: argparse.ArgumentParser, checkpoint: str | None, interrupted: str = 'interrupted'
) -> Iterator[None]:
    """Ends the program with the sentence alone where the package refuses what it was given.

    Other errors keep their traceback.

    Args:
        parser (argparse.ArgumentParser): Whose program it is.
        checkpoint (str, optional): The checkpoint that was named.
        interrupted (str): What to say after Ctrl-C.

    Yields:
        None: Nothing.
    """
    try:
        yield
    except KeyboardInterrupt:
        parser.exit(130, f'{parser.prog}: {interrupted}\n')
    except pickle.UnpicklingError:
        if checkpoint is None:
            raise
        parser.exit(
            1, f'{parser.prog}: error: {checkpoint!r} is not a checkpoint of weights alone\n'
        )
    except (ValueError, OSError, KeyError, TypeError) as error:
        frames = traceback.extract_tb(error.__traceback__)
        if isinstance(error, OSError) and error.errno in UNWRITABLE:
            where = f' to {error.filename!r}' if error.filename else ''
            parser.exit(
                1,
                f'{parser.prog}: error: nothing more can be written{where} ({error.strerror}); '
                'make room or make the folder writable; checkpoints that were saved are whole\n',
            )
        if not frames or not Path(frames[-1].filename).is_relative_to(PACKAGE):
            sentence = unknown_type(_configs[-1]) if _configs else ''
            if sentence:
                parser.exit(1, f'{parser.prog}: error: {sentence}\n')
            await_first_process()
            raise
        if isinstance(error, TypeError):
            raise
        message = error.args[0] if isinstance(error, KeyError) else error
        parser.exit(1, f'{parser.prog}: error: {message}\n')
    except Exception as error:
        await_first_process()
        if waited_in_vain(error):
            parser.exit(1, f'{parser.prog}: error: another process of this run has ended\n')
        raise


_configs: list[Config] = []  # that were read, for what an error of MMEngine does not say


def merged_config(parser: argparse.ArgumentParser, path: str, options: dict | None) -> Config:
    """Reads a config, with ``--cfg-options`` merged in."""
    require_file(parser, path, 'config')
    try:
        cfg = Config.fromfile(path)
        if options:
            cfg.merge_from_dict(options)
    except Exception as error:  # a config is a program and raises what it likes
        where = f', line {error.lineno}' if isinstance(error, SyntaxError) else ''
        reason = ' '.join(str(getattr(error, 'msg', error)).split())
        parser.exit(
            1,
            f'{parser.prog}: error: the config {path!r} cannot be read ({type(error).__name__}: '
            f'{reason}{where}); correct it or the options\n',
        )
    _configs.append(cfg)
    return cfg


def require_checkpoint(parser: argparse.ArgumentParser, path: str | None) -> None:
    """Ends the program with one sentence if a local file is not a checkpoint of weights alone."""
    if not path or '://' in path:
        return
    require_file(parser, path, 'checkpoint')
    from torch import Tensor

    from mmposeaug.lifting.lifter_weights import read_checkpoint

    try:
        content = read_checkpoint(Path(path).expanduser())[0]
        state = content.get('state_dict', {})
        if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
            raise ValueError('its state_dict holds other things than weights')
    except ValueError as error:
        parser.exit(
            1, f'{parser.prog}: error: {path!r} is not a checkpoint of weights alone ({error})\n'
        )


def require_folder(parser: argparse.ArgumentParser, folder: Path) -> None:
    """Makes a folder; ends the program with one sentence if files cannot be written there."""
    try:
        make_writable_folder(folder)
    except OSError as error:
        parser.error(f'nothing can be written to {str(folder)!r} ({error.strerror})')


def read_config(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Config:
    """Reads the config, with ``--cfg-options``, the launcher and the work folder merged in.

    The work folder is the first that is given of: command line, config, and
    ``./work_dirs/<config name>``.
    """
    cfg = merged_config(parser, args.config, args.cfg_options)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    if 'preprocess_cfg' in cfg:
        cfg.model.setdefault('data_preprocessor', cfg.preprocess_cfg)
    return cfg


def enable_visualization(
    parser: argparse.ArgumentParser, cfg: Config, args: argparse.Namespace, show: bool
) -> None:
    """Switches the visualization hook on, if pictures were asked for.

    MMPose's hook reads the image of each sample and fails where there is none, as in lifting data
    sets; for a lifter ours takes its place.

    Args:
        parser: Reports a config without that hook.
        cfg: Changed in place.
        args: The parsed options.
        show: Whether a window is wanted.
    """
    if not show and args.show_dir is None:
        return
    hook = cfg.get('default_hooks', {}).get('visualization')
    if hook is None:
        parser.error(
            '--show and --show-dir need the hook that draws: set '
            "default_hooks.visualization=dict(type='PoseVisualizationHook') in the config"
        )
    if cfg.model.type in LIFTER_TYPES and hook.type in MMPOSE_HOOK_TYPES:
        hook.type = 'LiftingVisualizationHook'
    hook.update(enable=True, show=show, out_dir=args.show_dir)
    if args.interval is not None:
        hook.interval = args.interval
    if show:
        hook.wait_time = args.wait_time
