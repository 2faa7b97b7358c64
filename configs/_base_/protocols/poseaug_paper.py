# PoseAug's protocol: one test on Human3.6M without flip, MPI-INF-3DHP with flip, and 3DPW, each
# with its own scores. The checkpoint is chosen on held-out sequences of Human3.6M. A set that is
# not at hand is left out by --cfg-options test_cfg.sets.pw3d=None.
_base_ = [
    'mmpose::_base_/default_runtime.py',
    '../test_sets/mpi_inf_3dhp_2929.py',
    '../test_sets/pw3d.py',
]

val_cfg = dict(type='MultiSetValLoop', sets=dict(source_val=dict()))
test_cfg = dict(
    type='MultiSetTestLoop',
    sets=dict(h36m=dict(), mpi_inf_3dhp={{_base_.mpi_inf_3dhp}}, pw3d={{_base_.pw3d}}),
)
default_hooks = dict(
    checkpoint=dict(
        type='CheckpointHook',
        interval=1,
        save_best='source_val/MPJPE',
        rule='less',
        max_keep_ckpts=1,
    ),
    logger=dict(type='LoggerHook', interval=100),
)
