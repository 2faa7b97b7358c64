# Human3.6M on the 16 joints of PoseAug, for lifters that are used, not trained: the joints and the
# codec alone.
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)

codec = dict(
    type='VideoPoseLifting', num_keypoints=16, zero_center=True, root_index=0, remove_root=False
)
test_dataloader = dict(
    batch_size=512,
    dataset=dict(
        type='MocapDataset',
        ann_file='',
        # a file: MMEngine would write the numbers of joints as text into a dumped config
        metainfo=dict(from_file='{{ fileDirname }}/h36m_16.py'),
        pipeline=[
            dict(type='GenerateTarget', encoder=codec),
            dict(type='PackPoseInputs', meta_keys=('id', 'target_img_path', 'target_root')),
        ],
        test_mode=True,
    ),
)
