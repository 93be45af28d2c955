"""Before training: what becomes of each layer, where runtimes part, what a target (one file each) will not take.

`check.check(model, target)` brings it together. Nothing is imported here: a child process imports one file of this room
and shall not load Keras for it.
"""
