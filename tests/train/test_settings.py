"""recipe.toml: what it may say, and one clear error for the rest."""

import pytest

from tfq.errors import TfqError
from tfq.recipe import Recipe, read_toml
from tfq.train.settings import Settings

BAD = {
    "unknown table": ({"training": {}}, r"unknown table \[training\]; known: \[recipe\], \[train\], \[data\]"),
    "unknown field": ({"train": {"epochs": 3}}, r"\[train\] unknown field epochs; known: seed, batch_size"),
    "unknown recipe field": ({"recipe": {"bits": 3}}, "recipe: unknown field bits"),
    "text for a number": ({"train": {"seed": "1"}}, r"\[train\] seed must be int, received '1'"),
    "true for a number": ({"train": {"seed": True}}, r"\[train\] seed must be int, received True"),
    "fraction for a count": ({"train": {"batch_size": 1.5}}, r"\[train\] batch_size must be int, received 1.5"),
    "no batch": ({"train": {"batch_size": 0}}, r"\[train\] batch_size must be at least 1, received 0"),
    "no epochs": ({"train": {"epochs_float": 0}}, r"\[train\] epochs_float must be at least 1, received 0"),
    "negative epochs": ({"train": {"epochs_qat": -1}}, r"\[train\] epochs_qat must be at least 0, received -1"),
    "no rate": ({"train": {"learning_rate_qat": 0}}, r"\[train\] learning_rate_qat must lie between 0 and 10"),
    "not a table": ({"data": 3}, r"data must be a table, \[data\], received 3"),
    "no test split": ({"data": {"test": 0}}, r"\[data\] test must be a share from 0.01 to 0.9, received 0.0"),
    "all held back": (
        {"data": {"validation": 1}},
        r"\[data\] validation must be a share from 0.0 to 0.9, received 1.0",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_refused(name):
    values, message = BAD[name]
    with pytest.raises(TfqError, match=message):
        Settings.from_dict(values)


def test_nothing_said_is_all_defaults():
    assert Settings.from_dict({}) == Settings()


def test_whole_numbers_serve_as_fractions():
    settings = Settings.from_dict({"train": {"learning_rate_float": 1}, "data": {"validation": 0}})
    assert settings.train.learning_rate_float == 1.0 and settings.data.validation == 0.0


def test_the_text_says_every_field(tmp_path):
    recipe = {"numerics": "tflm", "leave_out": ["stem", 'a"b\\c']}
    settings = Settings.from_dict({"recipe": recipe, "train": {"learning_rate_qat": 1e-5}, "data": {"source": "ü.npz"}})
    path = tmp_path / "recipe.toml"
    path.write_text(settings.to_toml(), "utf-8")
    assert Settings.from_dict(read_toml(path)) == settings
    assert Recipe.load(path) == settings.recipe


def test_changes_replace_single_fields():
    settings = Settings().changed({"epochs_qat": 9, "seed": None}, {"source": None}, {"numerics": "litert"})
    assert (settings.train.epochs_qat, settings.train.seed) == (9, Settings().train.seed)
    assert (settings.data, settings.recipe.numerics) == (Settings().data, "litert")
    with pytest.raises(TfqError, match="numerics must be one of xnnpack, litert, tflm, received 'fast'"):
        settings.changed({}, {}, {"numerics": "fast"})
