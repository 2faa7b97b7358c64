_base_ = ['./baseline_videopose-27frm-256_1xb256-12e_mocap.py']

train_cfg = dict(type='PoseAugTrainLoop', variant='learned')
