"""Rounding, affine maps, fixed point, tables and profiles: each arithmetic fact defined once.

Every function takes an array namespace `xp` first: `tfq.numerics.arrays` (NumPy, the interpreter and the exporter) or
`tfq.qat.arrays` (keras.ops, training). One definition therefore serves the forward pass, the file and the interpreter.
"""
