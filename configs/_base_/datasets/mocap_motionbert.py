# The motion capture benchmark in clips of 16 frames, all of them targets, with MotionBERT's codec.
# The data is at 10 frames a second and its sequences have a median of 33 frames: 91 % of those of
# the source have 16, 64 % have 27. Real video is at 60 frames a second, so every 6th frame of it.
_base_ = ['./mocap.py']

train_codec = dict(type='MotionBERTLabel', num_keypoints=17, concat_vis=True, mode='train')
val_codec = dict(type='MotionBERTLabel', num_keypoints=17, concat_vis=True, rootrel=True)
pack = dict(
    type='PackPoseInputs',
    meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'factor', 'camera_param'),
)
static = dict(center_mode='static', center_x=0.0)
train_pipeline = [
    dict(type='GenerateTarget', encoder=train_codec),
    dict(
        type='RandomFlipAroundRoot',
        keypoints_flip_cfg=static,
        target_flip_cfg=static,
        flip_label=True,
    ),
    pack,
]
val_pipeline = [dict(type='GenerateTarget', encoder=val_codec), pack]

clip = dict(multiple_target=16)
train_dataloader = dict(
    batch_size=16, dataset=dict(multiple_target_step=6, pipeline=train_pipeline, **clip)
)
val_dataloader = dict(batch_size=32, dataset=dict(frame_step=1, pipeline=val_pipeline, **clip))
test_dataloader = dict(batch_size=32, dataset=dict(pipeline=val_pipeline, **clip))
