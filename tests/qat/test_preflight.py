"""The table before training: ops, widths, folds, shared scales, QUANTIZEs, refusals; for any model without a fault."""

import keras
import pytest

import tfq
from tfq.qat.preflight import preflight

L = keras.layers


def rows(model, **fields):
    """Layer -> (ops, bits, scale, becomes)."""
    return {row.name: row.cells[2:] for row in preflight(model, tfq.Recipe(**fields)).layers}


def branches():
    x = keras.Input((6, 6, 2), name="x")
    y = L.ReLU(name="r")(L.BatchNormalization(name="n")(L.Conv2D(3, 3, padding="same", name="c")(x)))
    a = L.Conv2D(3, 1, activation="relu6", name="a")(y)
    z = L.MaxPool2D(name="pool")(L.Concatenate(name="cat")([a, y]))
    z = L.Dropout(0.1, name="drop")(z)
    return keras.Model(x, L.Softmax(name="s")(L.GlobalAveragePooling2D(name="mean")(z)))


def test_folds_scales_and_quantizes():
    assert rows(branches()) == {
        "x": ("", "A8", "own", ""),
        "c": ("CONV_2D +RELU", "W8A8", "own", "takes in n, r"),
        "n": ("", "", "", "folded into c"),
        "r": ("", "", "", "folded into c"),
        "a": ("CONV_2D +RELU6", "W8A8", "one with cat, pool, drop", ""),
        "cat": ("QUANTIZE, CONCATENATION", "A8", "as a", "QUANTIZE of c before it, to the scale that it shares"),
        "pool": ("MAX_POOL_2D", "A8", "as a", ""),
        "drop": ("", "A8", "as a", "nothing at inference"),
        "mean": ("MEAN", "A8", "own", ""),
        "s": ("SOFTMAX", "A8", "fixed 1/256", ""),
    }


def test_widths():
    found = rows(branches(), activation_bits=16, rules=[{"layers": "a", "weight_bits": 4, "activation_bits": 8}])
    assert [found[name][1] for name in ("x", "c", "a", "s")] == ["A16", "W8A16", "W4A8", "A16"]
    assert "to 8 bits" in found["a"][3] and "to 16 bits" in found["cat"][3]
    assert found["s"][2] == "fixed 1/32768"


def test_shared_layers_and_tables():
    x = keras.Input((4,), name="x")
    dense = L.Dense(4, name="twice")
    y = dense(L.Activation("gelu", name="gelu")(dense(x)))
    found = rows(keras.Model(x, y))
    assert found["twice"][0] == found["twice_call_2"][0] == "FULLY_CONNECTED"
    assert found["gelu"][0] == "CAST, ADD, GATHER"


def test_merged_functions():
    x = keras.Input((4,), name="x")
    found = preflight(keras.Model(x, (x * 2 + 1) / 3)).layers
    assert [bool(row.ops) for row in found[1:]] == [False, False, True]
    assert {row.becomes for row in found[1:3]} == {f"folded into {found[3].name}"}


def test_left_in_float():
    x = keras.Input((4,), name="x")
    y = L.Dense(2, name="head")(L.Dense(4, activation="relu", name="body")(x))
    found = rows(keras.Model(x, y), leave_out=("head",))
    assert found["head"][:2] == ("DEQUANTIZE (float), FULLY_CONNECTED (float)", "float")


def test_operands_of_a_product():
    x = keras.Input((4, 6), name="x")
    made = preflight(keras.Model(x, keras.ops.matmul(L.Dense(4, name="d")(x), L.Softmax(name="s")(x)))).layers[-1]
    assert made.quantizes == ("QUANTIZE of s before it, to zero point 0",)


def refused():
    x = keras.Input((8, 4), name="x")
    y = L.Conv1D(3, 2, data_format="channels_first", name="first")(L.Dense(4, name="dense")(x))
    return keras.Model(x, keras.ops.sort(L.Dropout(0.1, name="drop")(y)))


def test_all_refusals_at_once():
    found = preflight(refused())
    assert [line.split("'")[1].split("_")[0] for line in found.refused] == ["first", "sort"]
    assert found.program is None
    becomes = {row.name.split("_")[0]: (row.cells[2], row.becomes) for row in found.layers}
    assert becomes["dense"] == ("FULLY_CONNECTED", "") and becomes["drop"] == ("", "nothing at inference")
    assert becomes["first"][1] == becomes["sort"][1] == "refused"
    assert str(found).count("refused: ") == 2


def test_a_plan_prints_the_table():
    text = str(tfq.plan(branches()))
    assert text == str(preflight(branches()))
    assert text.splitlines()[0].split() == ["layer", "is", "ops", "bits", "scale", "becomes"]
    assert text.splitlines()[2].split() == "c Conv2D CONV_2D +RELU W8A8 own takes in n, r".split()


def test_what_is_no_float_model():
    with pytest.raises(tfq.TfqError, match="is quantized already"):
        preflight(tfq.quantize(branches()))
    with pytest.raises(tfq.TfqError, match=r"expected a keras\.Model"):
        preflight("model.keras")
