# What lifters for real cameras are trained with (docs/real_video.md): hips and views that vary more
# than by default, keypoints as a detector finds them and, where the motions recorded are narrow,
# joints that turn further. A config puts `draw` or `wide_draw`, and `detector`, into its train_cfg,
# see ../../poseaug/real/.
draw = dict(type='AnatomicalPoseAugmentor', hip_rotation=25.0, hip_height_std=0.08, roll_std=20.0)
wide_draw = dict(
    type='AnatomicalPoseAugmentor',
    trunk_flexion=40.0,
    trunk_side=20.0,
    trunk_twist=30.0,
    hip_flexion=40.0,
    hip_abduction=20.0,
    hip_rotation=25.0,
    knee_flexion=40.0,
    shoulder=50.0,
    elbow_flexion=50.0,
    joint_share=0.7,
    hip_height_std=0.08,
    roll_std=20.0,
)
detector = dict(type='DetectionModel', noise=0.005, bias='coco')
# of the lifter that comes with the package: adults of both sexes are 1.65 m tall on average
included_draw = dict(wide_draw, stature=(1.45, 1.85))
# no bias: people of the wide synthetic set differ by more in where their necks and heads are
included_detector = dict(type='DetectionModel', noise=0.005)
