_base_ = ['./baseline_videopose-27frm-256_1xb256-12e_mocap.py']

train_cfg = dict(augmentor=dict(type='AnatomicalPoseAugmentor'), augmented_share=0.6)
optim_wrapper = dict(optimizer=dict(lr=4e-3))
