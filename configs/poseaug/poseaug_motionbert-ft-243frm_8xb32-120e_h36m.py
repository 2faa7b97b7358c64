# PoseAug on MMPose's own config for MotionBERT, from its pretrained weights, on Human3.6M.
_base_ = [
    'mmpose::body_3d_keypoint/motionbert/h36m/motionbert_dstformer-ft-243frm_8xb32-120e_h36m.py'
]
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)
train_cfg = dict(_delete_=True, type='PoseAugTrainLoop', max_epochs=120, val_interval=10)
