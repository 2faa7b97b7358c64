# A hand, onehand10k's 21 joints, with the codec for calibrated cameras:
# `python tools/make_synthetic_creature.py hand data/hand`.
# Lifter: ../lifters/simplebaseline_hand.py.
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)

data_root = '{{$MMPOSEAUG_HAND:data/hand/}}'
metainfo = dict(from_file='configs/_base_/datasets/onehand10k.py', root='wrist')
codec = dict(type='CalibratedPoseLifting', num_keypoints=21, root_index=0)

val_pipeline = [
    dict(type='GenerateTarget', encoder=codec),
    dict(
        type='PackPoseInputs',
        meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root'),
    ),
]
train_pipeline = [
    *val_pipeline,
]
dataset = dict(
    type='MocapDataset',
    metainfo=metainfo,
    camera_param_file='cameras.pkl',
    data_root=data_root,
)
held_out = dict(
    batch_size=512,
    num_workers=0,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
)

train_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(dataset, ann_file='source_train.npz', pipeline=train_pipeline),
)
val_dataloader = dict(
    held_out,
    dataset=dict(dataset, ann_file='source_val.npz', pipeline=val_pipeline, test_mode=True),
)
test_dataloader = dict(
    held_out,
    dataset=dict(dataset, ann_file='source_test.npz', pipeline=val_pipeline, test_mode=True),
)

val_evaluator = dict(type='LiftingMetrics', scores=('MPJPE', 'P-MPJPE'))
test_evaluator = dict(val_evaluator, by=('subject',), group_results=True)
