# PoseAug on MMPose's own config for MotionBERT, from scratch, on Human3.6M, with its recipe.
_base_ = ['mmpose::body_3d_keypoint/motionbert/h36m/motionbert_dstformer-243frm_8xb32-240e_h36m.py']
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)
train_cfg = dict(_delete_=True, type='PoseAugTrainLoop', max_epochs=240, val_interval=10)
