# Human3.6M as PoseAug uses it (../datasets/h36m_16j_gt.py), tested without flip. `_with_root` are
# the paper's numbers, of checkpoints that it chose on the test set.
_base_ = ['mmpose::_base_/default_runtime.py', '../datasets/h36m_16j_gt.py']

codec = dict(
    type='VideoPoseLifting', num_keypoints=16, zero_center=True, root_index=0, remove_root=False
)
train_pipeline = [
    dict(type='RandomFlipAroundRoot', keypoints_flip_cfg=dict(), target_flip_cfg=dict()),
    dict(type='GenerateTarget', encoder=codec),
    dict(
        type='PackPoseInputs',
        meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root'),
    ),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=train_pipeline[1:]))
test_dataloader = dict(dataset=dict(pipeline=train_pipeline[1:]))

val_cfg = dict(type='MultiSetValLoop', sets=dict(source_val=dict()))
test_cfg = dict(type='MultiSetTestLoop', sets=dict(h36m=dict()))
