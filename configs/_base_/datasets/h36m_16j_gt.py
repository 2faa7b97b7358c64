# Human3.6M as PoseAug uses it: 16 joints, trained on S1, S5, S6, S7 and S8, tested on S9 and S11
# without the corrupt S11 Directions, all frames, projected 2D. A tenth of the training sequences is
# held out to choose checkpoints. The pipeline, which holds the codec, comes from the lifter.
# Files: `python tools/dataset_converters/h36m.py ... --joints 16` (docs/datasets.md).
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)

data_root = '{{$MMPOSEAUG_H36M:data/h36m_16/annotation_body3d/}}'
dataset = dict(
    type='MocapDataset',
    metainfo=dict(from_file='{{ fileDirname }}/h36m_16.py'),
    ann_file='fps50/h36m_train.npz',
    camera_param_file='cameras.pkl',
    data_root=data_root,
    keep_frames='all',  # also those with keypoints outside the image
)

train_dataloader = dict(
    batch_size=1024,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(dataset, split=dict(part='train', val_fraction=0.1, seed=0)),
)
val_dataloader = dict(
    batch_size=1024,
    num_workers=0,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        dataset, split=dict(part='val', val_fraction=0.1, seed=0), frame_step=16, test_mode=True
    ),
)
test_dataloader = dict(
    batch_size=1024,
    num_workers=0,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(dataset, ann_file='fps50/h36m_test.npz', subjects=['S9', 'S11'], test_mode=True),
)

val_evaluator = dict(type='LiftingMetrics', scores=('MPJPE', 'P-MPJPE'))
# `_with_root` are the paper's numbers
test_evaluator = dict(
    type='LiftingMetrics', include_root='both', by=('action',), group_results=True
)
