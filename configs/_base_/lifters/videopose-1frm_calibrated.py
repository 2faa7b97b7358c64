# The same with the decoder of the codec for calibrated cameras.
_base_ = ['./videopose-1frm.py']

model = dict(head=dict(decoder=dict(_delete_=True, type='CalibratedPoseLifting', num_keypoints=17)))
