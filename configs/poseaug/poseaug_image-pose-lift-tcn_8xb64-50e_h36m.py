# PoseAug on MMPose's own config for SimpleBaseline on Human3.6M.
_base_ = ['mmpose::body_3d_keypoint/image_pose_lift/h36m/image-pose-lift_tcn_8xb64-200e_h36m.py']
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)
train_cfg = dict(_delete_=True, type='PoseAugTrainLoop', max_epochs=50, val_interval=1)
train_dataloader = dict(dataset=dict(camera_param_file='annotation_body3d/cameras.pkl'))
