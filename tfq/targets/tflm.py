"""TFLite Micro: its list of ops, and tfq's profile of its kernels, which refuses what they refuse."""

from __future__ import annotations

from tfq.errors import Unsupported
from tfq.interpreter import Interpreter
from tfq.targets.verdict import Finding, Verdict, by_list, from_refusal
from tfq.tflite.model import Model

SOURCE = "tensorflow/tflite-micro@90b983c2 python/tflite_micro/python_ops_resolver.cc and tfq's profile of its kernels"

# Builtin ops that the resolver of its Python package registers. An application registers its own choice of them.
OPS = frozenset(
    """
    ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS
    BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV
    DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED
    GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOG
    LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM MIRROR_PAD MUL NEG
    NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE
    RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND
    SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE
    TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE
    """.split()
)


def ask(model: Model, data: bytes) -> Verdict:
    """The ops that are not registered, and those that a kernel's own preparation refuses."""
    refused = by_list(model, dict.fromkeys(OPS, ()))
    try:
        Interpreter(data, numerics="tflm")
    except Unsupported as error:
        listed = {finding.op for finding in refused}
        refused += [finding for finding in from_refusal(str(error)) if finding.op not in listed]
    codes = sorted({operator.code for operator in model.main.operators})
    register = Finding(-1, "", "", f"register in the application: {', '.join(codes)}")
    return Verdict("tflm", SOURCE, tuple(sorted(refused, key=lambda finding: finding.op)), (register,))
