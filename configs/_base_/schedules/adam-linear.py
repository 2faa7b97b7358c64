# Adam with linear decay to zero; the best checkpoint is chosen on the held-out part of the source.
_base_ = ['mmpose::_base_/default_runtime.py', '../test_sets/real_video.py']

train_cfg = dict(_delete_=True, type='TensorTrainLoop', max_epochs=72, val_interval=8)
# one validation set; test sets with flip, of the data set's files, and real video where it is there
val_cfg = dict(type='MultiSetValLoop', sets=dict(source_val=dict()))
test_cfg = dict(
    type='MultiSetTestLoop',
    flip_test=True,
    sets=dict(
        source_test=dict(),
        target_dev=dict(ann_file='target_dev.npz'),
        real_video={{_base_.real_video}},
    ),
)

optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3, fused=True), clip_grad=dict(max_norm=1.0))
# it ends with the last epoch, whatever their number
param_scheduler = [
    dict(type='LinearLR', start_factor=1.0, end_factor=0.0, convert_to_iter_based=True)
]
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
