_base_ = ['./baseline_videopose-1frm-256_1xb256-96e_synthetic.py']

train_cfg = dict(type='PoseAugTrainLoop', variant='learned')
