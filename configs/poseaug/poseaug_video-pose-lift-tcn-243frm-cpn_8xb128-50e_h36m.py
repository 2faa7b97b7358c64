# PoseAug on MMPose's own config for VideoPose3D, 243 frames and CPN detections, on Human3.6M.
_base_ = [
    'mmpose::body_3d_keypoint/video_pose_lift/h36m/'
    'video-pose-lift_tcn-243frm-supv-cpn-ft_8xb128-200e_h36m.py'
]
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)
train_cfg = dict(_delete_=True, type='PoseAugTrainLoop', max_epochs=50, val_interval=10)
train_dataloader = dict(dataset=dict(camera_param_file='annotation_body3d/cameras.pkl'))
