_base_ = ['./baseline_videopose-1frm-256_1xb256-72e_mocap.py']

train_cfg = dict(type='PoseAugTrainLoop', variant='learned')
