"""Recipes: values, files, and what is refused."""

import dataclasses
import json

import pytest

from tfq.errors import TfqError
from tfq.recipe import Recipe, read_toml

TOML = """
[recipe]
numerics = "tflm"
weights = "per_tensor"
weight_bits = 4
ema_decay = 0.9
leave_out = ["head*", "stem"]

[train]
epochs = 3
"""


def test_defaults_are_what_runtimes_run_fastest():
    assert Recipe() == Recipe(numerics="xnnpack", weights="per_channel", weight_bits=8, activation_bits=8, fold="plain")


def test_toml(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(TOML)
    expected = Recipe(numerics="tflm", weights="per_tensor", weight_bits=4, ema_decay=0.9, leave_out=("head*", "stem"))
    assert Recipe.load(path) == expected == Recipe.load(str(path))
    assert read_toml(path)["train"] == {"epochs": 3}


def test_toml_without_a_recipe_table(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('fold = "batch"\nequalize = "never"\n')
    assert Recipe.load(path) == Recipe(fold="batch", equalize="never")


def test_dict_and_back_through_json():
    recipe = Recipe(numerics="litert", percentile=99.0, calibration="percentile", leave_out=["a", "b?"])
    assert recipe.leave_out == ("a", "b?")
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_rules_by_name():
    recipe = Recipe(rules=[{"layers": "head*", "weight_bits": 4}, {"layers": "*", "activation_bits": 16}])
    assert recipe.bits_of("weight_bits", "head_1") == 4 and recipe.bits_of("weight_bits", "stem") == 8
    assert recipe.bits_of("activation_bits", "stem", "head_1") == 16
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe().numerics = "tflm"


# fields -> words of the message
REFUSED = {
    "unknown name": ({"numeric": "tflm"}, "unknown field numeric; known: numerics, weights"),
    "two unknown names": ({"b": 1, "a": 2}, "unknown field a, b"),
    "unknown numerics": ({"numerics": "tpu"}, "numerics must be one of xnnpack, litert, tflm, received 'tpu'"),
    "wrong case": ({"weights": "Per_Channel"}, "weights must be one of per_channel, per_tensor"),
    "one bit": ({"weight_bits": 1}, "weight_bits must be 2 to 8, received 1"),
    "twelve bits": ({"activation_bits": 12}, "activation_bits must be 8 or 16, received 12"),
    "rule without layers": ({"rules": [{"weight_bits": 4}]}, "a rule must have layers"),
    "rule with other fields": ({"rules": [{"layers": "a", "fold": "batch"}]}, "may have weight_bits, activation_bits"),
    "rule of other widths": ({"rules": [{"layers": "a*", "weight_bits": 9}]}, "must be 2 to 8, received 9"),
    "rules that are no list": ({"rules": "a"}, "rules must be a list of tables"),
    "a rule that is no table": ({"rules": ["a"]}, "a rule must be a table"),
    "bits as text": ({"weight_bits": "8"}, "weight_bits must be int, received '8'"),
    "bits as a float": ({"weight_bits": 8.0}, "weight_bits must be int, received 8.0"),
    "bits as a bool": ({"weight_bits": True}, "weight_bits must be int, received True"),
    "decay as text": ({"ema_decay": "0.9"}, "ema_decay must be float, received '0.9'"),
    "decay of 1": ({"ema_decay": 1}, "ema_decay must lie between 0 and 1"),
    "decay of nan": ({"ema_decay": float("nan")}, "ema_decay must lie between 0 and 1"),
    "percentile of 50": ({"percentile": 50.0}, "percentile must lie above 50"),
    "percentile of 101": ({"percentile": 101}, "percentile must lie above 50"),
    "numerics as a list": ({"numerics": ["tflm"]}, "numerics must be str"),
    "leave_out as text": ({"leave_out": "head"}, "leave_out must be a list of names, received 'head'"),
    "leave_out of numbers": ({"leave_out": [1]}, "leave_out must be a list of names"),
    "null": ({"fold": None}, "fold must be str, received None"),
}


@pytest.mark.parametrize(("fields", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_fields(fields, words):
    with pytest.raises(TfqError, match="^recipe: ") as error:
        Recipe.from_dict(fields)
    assert words in str(error.value)


@pytest.mark.parametrize("fields", [f for f, words in REFUSED.values() if "unknown field" not in words], ids=str)
def test_the_constructor_refuses_the_same(fields):
    with pytest.raises(TfqError, match="^recipe: "):
        Recipe(**fields)


FILES = {
    "not TOML": ("[recipe", "not valid TOML"),
    "recipe is no table": ("recipe = 3", "recipe must be a table, received 3"),
    "unknown field": ("[recipe]\nbits = 8", "unknown field bits"),
}


@pytest.mark.parametrize(("text", "words"), FILES.values(), ids=FILES)
def test_refused_files(text, words, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(TfqError) as error:
        Recipe.load(path)
    assert words in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(TfqError, match="none.toml: cannot be read"):
        Recipe.load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'fold = "\xe9"')
    with pytest.raises(TfqError, match="not valid TOML"):
        Recipe.load(tmp_path / "latin.toml")
