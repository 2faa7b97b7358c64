# The 16 joints of PoseAug, Human3.6M's without the neck; each with the joint that it hangs on.
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
other_side = dict(left='right', right='left')
colors = dict(left=[0, 255, 0], right=[255, 128, 0])  # as in MMPose, the midline blue
dataset_info = dict(
    dataset_name='h36m_16',
    paper_info=dict(title='PoseAug', author='Gong et al.', year='2021'),
    keypoint_info={
        number: dict(
            name=side + line + rest,
            id=number,
            color=colors.get(side, [51, 153, 255]),
            type='',
            swap=other_side[side] + line + rest if side in other_side else '',
        )
        for number, (side, line, rest) in enumerate(name.partition('_') for name in parent_of)
    },
    skeleton_info={
        number: dict(
            link=(parent, name),
            id=number,
            color=colors.get(name.partition('_')[0], [51, 153, 255]),
        )
        for number, (name, parent) in enumerate(list(parent_of.items())[1:])
    },
    joint_weights=[1.0] * 16,
    sigmas=[],
)
