# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MMEngine's checkpoint hook, by which a kill or a full disk loses no checkpoint."""

from __future__ import annotations

import os
from typing import Any

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.fileio import LocalBackend, get_file_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import BaseLoop, EpochBasedTrainLoop
from mmpose.registry import HOOKS

from mmposeaug.fileio import atomic_write

from .checkpoint_files import (
    ATOMIC_BACKEND,
    POINTER,
    LaterRemoval,
    decide_start,
    remove_temporaries,
    to_plain,
)

VALIDATED = 'validated_epoch'
OUTDATED = 'outdated_ckpts'


class CheckpointError(OSError):
    """A checkpoint could not be written."""


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook``, with the same options, that loses nothing.

    A checkpoint takes its name when it is whole and on the disk; only then ``last_checkpoint``
    points to it, and only then older ones are deleted, and none outside of the run's own folder. A
    training that is resumed goes on from the last whole checkpoint, and validates first if it was
    interrupted before its validation; one that is not resumed does not start in a folder that holds
    checkpoints. Best checkpoints hold nothing that plain ``torch.load`` refuses. The train loops
    put this hook in the place of MMEngine's, see :func:`make_safe`.

    Args:
        *args: As for MMEngine's hook.
        restart (bool): Whether to start at epoch 1 in a folder that holds checkpoints, which are
            moved into a folder in there. Defaults to False.
        **kwargs: As for MMEngine's hook.
    """

    backend_args: dict[str, Any] | None
    file_backend: Any
    best_ckpt_path: str | None

    def __init__(self, *args: Any, restart: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._set_up(restart)

    def _set_up(self, restart: bool) -> None:
        self.restart = restart
        self._looked = False
        self._saves_best = False
        self._saved_again = False
        self._outdated: list[str] = []

    @classmethod
    def replacing(cls, hook: CheckpointHook) -> SafeCheckpointHook:
        """Make MMEngine's hook, as the config built it, safe."""
        safe = cls.__new__(cls)
        safe.__dict__.update(hook.__dict__)
        safe._set_up(bool(safe.args.pop('restart', False)))
        return safe

    # ------------------------------------------------------------------- start
    def before_run(self, runner: Any) -> None:
        """Decide what to resume from before MMEngine does; refuse what would lose checkpoints."""
        if self._looked or runner._has_loaded or not isinstance(runner._train_loop, BaseLoop):
            return
        self._looked = True
        decision: list[Any] = [None]
        if is_main_process():
            start = decide_start(
                runner.work_dir,
                self._local_out_dir(runner),
                runner._resume,
                runner._load_from,
                self.restart,
                runner.logger.warning,
            )
            decision = [start]
        broadcast_object_list(decision)
        refusal, resume_from = decision[0]
        if refusal is not None:
            raise ValueError(refusal)
        if resume_from is not None:
            runner._load_from = resume_from

    def _local_out_dir(self, runner: Any) -> str | None:
        """Where the checkpoints are, if not in the work folder; as MMEngine chooses it."""
        if self.out_dir is None or '://' in str(self.out_dir):
            return None
        return os.path.join(self.out_dir, os.path.basename(runner.work_dir.rstrip(os.sep)))

    def before_train(self, runner: Any) -> None:
        """Write through the atomic backend; load what a resumed checkpoint says of this folder."""
        out_dir = runner.work_dir if self.out_dir is None else self.out_dir
        if self.file_client_args is None:
            backend = get_file_backend(out_dir, backend_args=self.backend_args)
            if type(backend) is LocalBackend:
                self.backend_args = dict(backend=ATOMIC_BACKEND)
        super().before_train(runner)
        if is_main_process() and '://' not in str(self.out_dir):
            remove_temporaries(self.out_dir)
            remove_temporaries(runner.work_dir)
        self._take_own_best(runner)
        if not runner._resume:
            return
        last = self._path(self.filename_tmpl.format(runner.epoch if self.by_epoch else runner.iter))
        if self.file_backend.isfile(last):
            self.last_ckpt = last
        self._outdated = list(runner.message_hub.get_info(OUTDATED, []))
        self._remove_outdated()
        self._catch_up_validation(runner)

    def _take_own_best(self, runner: Any) -> None:
        """Drop a best checkpoint of another folder, such as the one that this was copied from."""
        if not self.save_best:
            return
        single = len(self.key_indicators) == 1
        for key in self.key_indicators:
            path = self.best_ckpt_path if single else self.best_ckpt_path_dict[key]
            if not path:
                continue
            own: str | None = self._path(os.path.basename(path))
            suffix = '' if single else f'_{key}'
            if self.file_backend.isfile(own):
                runner.message_hub.update_info(f'best_ckpt{suffix}', own)
            else:
                own = None
                runner.message_hub.pop_info(f'best_ckpt{suffix}')
                runner.message_hub.pop_info(f'best_score{suffix}')
                runner.logger.warning(
                    f'The best checkpoint so far, {path}, is not in {self.out_dir}; the best one '
                    'is chosen anew from here on.'
                )
            if single:
                self.best_ckpt_path = own
            else:
                self.best_ckpt_path_dict[key] = own

    def _catch_up_validation(self, runner: Any) -> None:
        """Validate if the run was interrupted between a checkpoint and its validation."""
        loop, epoch = runner.train_loop, runner.epoch
        if (
            runner.val_loop is None
            or not self.by_epoch
            or not isinstance(loop, EpochBasedTrainLoop)
        ):
            return
        if epoch == 0 or runner.message_hub.get_info(VALIDATED, None) == epoch:
            return
        loop._decide_current_val_interval()
        due = epoch % loop.val_interval == 0 or epoch == loop.max_epochs
        if epoch >= loop.val_begin and due:
            runner.logger.info(f'Validating epoch {epoch}, which the interruption came before')
            runner.val_loop.run()

    # ------------------------------------------------------------------ saving
    def after_val_epoch(self, runner: Any, metrics: dict[str, float]) -> None:
        """Save the best checkpoint, and note in the last one that it is validated."""
        last = self._path(self.filename_tmpl.format(runner.epoch)) if self.by_epoch else None
        runner.message_hub.update_info(VALIDATED, runner.epoch)
        self._saved_again = False
        super().after_val_epoch(runner, metrics)
        if last is not None and self.last_ckpt == last and not self._saved_again:
            meta = dict(epoch=runner.epoch, iter=runner.iter)
            self._save_checkpoint_with_step(runner, runner.epoch, meta)

    def _save_best_checkpoint(self, runner: Any, metrics: dict[str, float]) -> None:
        """As MMEngine's, but the previous best one is deleted last."""
        backend = self.file_backend
        self.file_backend = LaterRemoval(backend, self._outdated)
        self._saves_best = True
        try:
            super()._save_best_checkpoint(runner, metrics)
        except OSError as error:
            raise self._write_error(error) from error
        finally:
            self.file_backend = backend
            self._saves_best = False
        self._remove_outdated()

    def _save_checkpoint_with_step(self, runner: Any, step: int, meta: dict[str, Any]) -> None:
        """As MMEngine's, but write, then point to what is written, then delete."""
        best, self._saves_best = self._saves_best, False
        if self.max_keep_ckpts > 0 and (not self.keep_ckpt_ids or self.keep_ckpt_ids[-1] != step):
            if len(self.keep_ckpt_ids) == self.max_keep_ckpts:
                self._outdated.append(self.filename_tmpl.format(self.keep_ckpt_ids.popleft()))
            self.keep_ckpt_ids.append(step)
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        name = self.filename_tmpl.format(step)
        # what the next process deletes if this one is killed before it does
        self._outdated[:] = [other for other in self._outdated if other != name]
        runner.message_hub.update_info(OUTDATED, list(self._outdated))
        path = self._path(name)
        runner.message_hub.update_info('last_ckpt', path)
        try:
            runner.save_checkpoint(
                self.out_dir,
                name,
                self.file_client_args,
                save_optimizer=self.save_optimizer,
                save_param_scheduler=self.save_param_scheduler,
                meta=meta,
                by_epoch=self.by_epoch,
                backend_args=self.backend_args,
                **self.args,
            )
            if is_main_process():
                with atomic_write(os.path.join(runner.work_dir, POINTER), 'w') as file:
                    file.write(path)
        except OSError as error:
            raise self._write_error(error) from error
        self.last_ckpt = path
        self._saved_again, self._saves_best = True, best
        if not best:
            self._remove_outdated()

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Leave out of a best checkpoint what plain ``torch.load`` refuses."""
        if self._saves_best:
            checkpoint.pop('message_hub', None)  # logs, for resuming alone
            checkpoint['meta'] = to_plain(checkpoint['meta'])

    # ----------------------------------------------------------------- details
    def _path(self, name: str) -> str:
        return str(self.file_backend.join_path(self.out_dir, name))

    def _best_paths(self) -> list[str]:
        if not self.save_best:
            return []
        if len(self.key_indicators) == 1:
            return [self.best_ckpt_path] if self.best_ckpt_path else []
        return [path for path in self.best_ckpt_path_dict.values() if path]

    def _remove_outdated(self) -> None:
        """Delete outdated checkpoints of this folder, whatever folder they were named in."""
        keep = {*self._best_paths(), self.last_ckpt}
        for name in self._outdated if is_main_process() else ():
            path = self._path(os.path.basename(name))
            if path in keep:
                continue
            if self.file_backend.isfile(path):
                self.file_backend.remove(path)
            elif self.file_backend.isdir(path):  # as deepspeed saves them
                self.file_backend.rmtree(path)
        self._outdated = []

    def _write_error(self, error: OSError) -> CheckpointError:
        if isinstance(error, CheckpointError):
            return error
        last = f'the last whole one is {self.last_ckpt}' if self.last_ckpt else 'there is none yet'
        return CheckpointError(
            f'A checkpoint could not be written to {self.out_dir} ({error.strerror or error}); '
            f'{last}. Make room or make the folder writable, then go on with --resume.'
        )


def make_safe(runner: Any, restart: bool = False) -> None:
    """Put :class:`SafeCheckpointHook` in the place of MMEngine's ``CheckpointHook``.

    Args:
        runner (Runner): A runner whose training has not begun.
        restart (bool): Whether to start at epoch 1 whatever its folder holds. Defaults to False,
            as the config says.
    """
    for number, hook in enumerate(runner.hooks):
        if type(hook) is CheckpointHook:
            runner.hooks[number] = hook = SafeCheckpointHook.replacing(hook)
        if isinstance(hook, SafeCheckpointHook):
            hook.restart = hook.restart or restart
        elif isinstance(hook, CheckpointHook):
            runner.logger.warning(
                f'{type(hook).__name__} saves the checkpoints in its own way; derive it from '
                'SafeCheckpointHook to lose none if the training is killed.'
            )
