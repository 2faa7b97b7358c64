# An animal, AP-10K's 17 joints, with the codec for calibrated cameras:
# `python tools/make_synthetic_creature.py animal data/animal`.
# Lifter: ../lifters/simplebaseline_animal.py.
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)

data_root = '{{$MMPOSEAUG_ANIMAL:data/animal/}}'
metainfo = dict(
    from_file='configs/_base_/datasets/ap10k.py',
    root='Root of tail',
    drop_links=[('L_Eye', 'R_Eye')],
)
codec = dict(type='CalibratedPoseLifting', num_keypoints=17, root_index=4)

val_pipeline = [
    dict(type='GenerateTarget', encoder=codec),
    dict(
        type='PackPoseInputs',
        meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root'),
    ),
]
train_pipeline = [
    dict(type='RandomFlipWithCamera'),
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
