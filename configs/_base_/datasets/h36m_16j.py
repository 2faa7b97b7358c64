# Human3.6M on the 16 joints of PoseAug, for lifters that are used, not trained: the joints and the
# codec alone. Each joint is named with the joint that it hangs on.
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)

parent_of = dict(
    root='',
    right_hip='root',
    right_knee='right_hip',
    right_foot='right_knee',
    left_hip='root',
    left_knee='left_hip',
    left_foot='left_knee',
    spine='root',
    thorax='spine',
    head='thorax',
    left_shoulder='thorax',
    left_elbow='left_shoulder',
    left_wrist='left_elbow',
    right_shoulder='thorax',
    right_elbow='right_shoulder',
    right_wrist='right_elbow',
)
mirrored = dict(left='right', right='left')
metainfo = dict(
    dataset_name='h36m_16',
    paper_info=dict(title='PoseAug', author='Gong et al.', year='2021'),
    keypoint_info={
        number: dict(
            name=name,
            id=number,
            color=[255, 128, 0],
            type='',
            swap='_'.join([mirrored[name.split('_')[0]], *name.split('_')[1:]])
            if name.split('_')[0] in mirrored
            else '',
        )
        for number, name in enumerate(parent_of)
    },
    skeleton_info={
        number: dict(link=(parent, name), id=number, color=[255, 128, 0])
        for number, (name, parent) in enumerate(list(parent_of.items())[1:])
    },
    joint_weights=[1.0] * 16,
    sigmas=[],
)
codec = dict(
    type='VideoPoseLifting', num_keypoints=16, zero_center=True, root_index=0, remove_root=False
)
test_dataloader = dict(
    batch_size=512,
    dataset=dict(
        type='MocapDataset',
        ann_file='',
        metainfo=metainfo,
        pipeline=[
            dict(type='GenerateTarget', encoder=codec),
            dict(type='PackPoseInputs', meta_keys=('id', 'target_img_path', 'target_root')),
        ],
        test_mode=True,
    ),
)
