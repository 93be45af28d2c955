"""Builtins that a runtime has and tfq does not define, with the reason; none computes on a scale and a zero point.

Source: google-ai-edge/LiteRT tflite/kernels/register_ref.cc and core/kernels/register.cc (what there is), and the files
of tflite/kernels named below.
"""

from __future__ import annotations

_REGION = "what it does is in another subgraph, of which the kernel reads one op's code"
_RANDOM = "its results are random numbers, so that there is nothing to compare"
_TABLE = "hash tables of strings and int64 alone"

REFUSED: dict[str, str] = {
    "BUCKETIZE": "float32, float64, int32 and int64 alone (bucketize.cc Prepare)",
    "DENSIFY": "it unpacks sparse weights (densify.cc Eval), and a file with sparse tensors is refused as a whole",
    "EMBEDDING_LOOKUP_SPARSE": "float32 weights alone (embedding_lookup_sparse.cc Prepare)",
    "HASHTABLE": f"{_TABLE} (hashtable.cc)",
    "HASHTABLE_FIND": f"{_TABLE} (hashtable_find.cc)",
    "HASHTABLE_IMPORT": f"{_TABLE} (hashtable_import.cc)",
    "HASHTABLE_LOOKUP": "it copies rows by int32 keys (hashtable_lookup.cc Eval); use GATHER",
    "HASHTABLE_SIZE": f"{_TABLE} (hashtable_size.cc)",
    "LSH_PROJECTION": "it hashes its inputs' bytes with a seed of float32s (lsh_projection.cc RunningSignBit)",
    "MULTINOMIAL": f"{_RANDOM} (random_ops.cc)",
    "RANDOM_STANDARD_NORMAL": f"{_RANDOM} (random_ops.cc)",
    "RANDOM_UNIFORM": f"{_RANDOM} (random_ops.cc)",
    "REDUCE_WINDOW": "numbers without a scale (stablehlo_reduce_window.cc); the schema marks it as deprecated",
    "RFFT2D": "float32 to complex64 alone (rfft2d.cc Prepare)",
    "SKIP_GRAM": "strings alone (skip_gram.cc Prepare)",
    "STABLEHLO_AND": "numbers without a scale (stablehlo_and.cc); LOGICAL_AND is defined",
    "STABLEHLO_CASE": "it runs one of several subgraphs (stablehlo_case.cc); IF is defined",
    "STABLEHLO_REDUCE_WINDOW": f"{_REGION} (stablehlo_reduce_window.cc GetBodyFunction)",
    "STABLEHLO_RNG_BIT_GENERATOR": f"{_RANDOM} (stablehlo_rng_bit_generator.cc)",
    "STABLEHLO_SCATTER": f"{_REGION} (stablehlo_scatter.cc GetComputationType); SCATTER_ND is defined",
    "STABLEHLO_SHIFT_LEFT": "numbers without a scale (stablehlo_shift_left.cc)",
}
