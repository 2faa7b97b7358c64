# The motion capture benchmark with the codec for calibrated cameras (docs/calibrated.md). The head
# needs the same codec as its decoder: ../lifters/*_calibrated.py.
_base_ = ['./mocap.py']

codec = dict(_delete_=True, type='CalibratedPoseLifting', num_keypoints=17)
train_pipeline = [
    dict(type='RandomFlipWithCamera'),
    dict(type='GenerateTarget', encoder=dict(type='CalibratedPoseLifting', num_keypoints=17)),
    dict(
        type='PackPoseInputs',
        meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root'),
    ),
]
val_pipeline = train_pipeline[1:]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
