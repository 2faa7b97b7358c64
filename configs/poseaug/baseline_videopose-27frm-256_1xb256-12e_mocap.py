# 27 frames around the one that is lifted, as MMPose's video-pose-lift_tcn-27frm-supv.
_base_ = ['./baseline_videopose-1frm-256_1xb256-72e_mocap.py']

clip = dict(seq_len=27, causal=False, pad_video_seq=True)
train_cfg = dict(max_epochs=12, val_interval=4)
train_dataloader = dict(dataset=clip)
# every frame, since a clip of every fourth one shows another speed
val_dataloader = dict(dataset=dict(frame_step=1, **clip))
test_dataloader = dict(dataset=clip)
# real video has 60 frames a second, the motion capture 10
test_cfg = dict(sets=dict(real_video=dict(seq_step=6)))
model = dict(backbone=dict(num_blocks=2, kernel_sizes=(3, 3, 3), use_stride_conv=True))
