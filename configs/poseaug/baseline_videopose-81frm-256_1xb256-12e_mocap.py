# 81 frames around the one that is lifted, as MMPose's video-pose-lift_tcn-81frm-supv. Most
# sequences have less: their ends are repeated. Real video is at six times the data's rate.
_base_ = ['./baseline_videopose-1frm-256_1xb256-72e_mocap.py']

clip = dict(seq_len=81, causal=False, pad_video_seq=True)
train_cfg = dict(max_epochs=12, val_interval=4)
train_dataloader = dict(dataset=clip)
val_dataloader = dict(dataset=dict(frame_step=1, **clip))
test_dataloader = dict(dataset=clip)
test_cfg = dict(sets=dict(real_video=dict(seq_step=6)))
model = dict(backbone=dict(num_blocks=3, kernel_sizes=(3, 3, 3, 3), use_stride_conv=True))
