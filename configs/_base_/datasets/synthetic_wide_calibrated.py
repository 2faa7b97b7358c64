# The wide synthetic set with the codec for calibrated cameras: all built-in motions by many people
# (python tools/make_synthetic_mocap.py data/synthetic_wide --wide). Nothing is held back but the
# people of source_test.npz, on which checkpoints are chosen. Tested there, and on the motion
# capture benchmark where that is there.
_base_ = ['./mocap_calibrated.py']

data_root = '{{$MMPOSEAUG_SYNTHETIC_WIDE:data/synthetic_wide/}}'
mocap_root = '{{$MMPOSEAUG_MOCAP:data/mocap/}}'
train_dataloader = dict(dataset=dict(data_root=data_root, split=None))
val_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='source_test.npz', split=None, frame_step=2)
)
test_dataloader = dict(dataset=dict(data_root=data_root))
benchmark = dict(
    people_test=dict(),
    source_test=dict(data_root=mocap_root, optional=True),
    target_dev=dict(ann_file='target_dev.npz', data_root=mocap_root, optional=True),
)
