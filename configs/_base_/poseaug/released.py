# PoseAug as it was released (docs/paper.md), on Human3.6M, from a trained lifter: give `load_from`.
_base_ = ['../protocols/poseaug_paper.py']

# the rate of epoch e, counted from 0, is 1 - e / 51 of the first one's
linear = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, end=52)]
train_cfg = dict(
    _delete_=True,
    type='PoseAugTrainLoop',
    variant='released',
    max_epochs=50,
    val_begin=3,  # the lifter does not learn in the first two epochs
    val_interval=1,
    bone_lengths='poseaug_h36m',
    param_scheduler=linear,
)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-4, fused=True), clip_grad=dict(max_norm=1.0))
param_scheduler = linear
