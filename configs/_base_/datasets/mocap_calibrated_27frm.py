# Clips of 27 frames around the one that is lifted, for calibrated cameras; the head needs the same
# codec as its decoder: ../lifters/videopose-27frm_calibrated.py. A virtual camera for each frame
# leaves the path of the person out, which differs between data sets (docs/clips.md).
_base_ = ['./mocap_calibrated.py']

codec = dict(type='CalibratedPoseLifting', num_keypoints=17, virtual_camera='frame')
train_pipeline = [
    dict(type='RandomFlipWithCamera'),
    dict(type='GenerateTarget', encoder=codec),
    dict(
        type='PackPoseInputs',
        meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root'),
    ),
]
val_pipeline = train_pipeline[1:]
clip = dict(seq_len=27, causal=False, pad_video_seq=True)

train_dataloader = dict(dataset=dict(pipeline=train_pipeline, **clip))
# every frame, since a clip of every fourth one shows another speed
val_dataloader = dict(dataset=dict(pipeline=val_pipeline, frame_step=1, **clip))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline, **clip))
