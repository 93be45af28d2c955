"""A pipeline's folder: what is missing or wrong is said with file and line."""

import pytest

from tests.train.tiny import MODEL, write_pipeline
from tfq.errors import TfqError
from tfq.train.pipeline import Pipeline, call

BAD_CODE = {
    "syntax": (
        "def build_model():\n    return (",
        r"model.py, line 2: import failed: SyntaxError: '\(' was never closed",
    ),
    "missing package": (
        "import os\n\nimport no_such_package\n",
        "model.py, line 3: import failed: ModuleNotFoundError",
    ),
    "no build_model": ("def build():\n    pass\n", r"model.py: expected a function build_model\(\)"),
}


@pytest.mark.parametrize("name", BAD_CODE)
def test_code_that_fails_is_named_with_its_line(name, tmp_path):
    code, message = BAD_CODE[name]
    with pytest.raises(TfqError, match=message):
        Pipeline.load(write_pipeline(tmp_path / "p", code)).module()


def test_a_function_that_fails_is_named_with_its_line(tmp_path):
    code = "def build_model():\n    shape = 3\n    return shape / 0\n"
    pipeline = Pipeline.load(write_pipeline(tmp_path / "p", code))
    module = pipeline.module()
    with pytest.raises(TfqError, match="model.py, line 3: build_model failed: ZeroDivisionError: division by zero"):
        call(tmp_path / "p" / "model.py", "build_model", module.build_model)


def test_what_is_missing(tmp_path):
    (tmp_path / "empty").mkdir()
    for name, message in {"empty": "has no model.py and no recipe.toml", "none": "no such folder"}.items():
        with pytest.raises(TfqError, match=f"{name}: {message}; a pipeline is a folder"):
            Pipeline.load(tmp_path / name)


def test_a_recipe_that_cannot_be_is_named_with_its_file(tmp_path):
    with pytest.raises(TfqError, match=r"p/recipe.toml: \[train\] seed must be int"):
        Pipeline.load(write_pipeline(tmp_path / "p", recipe="[train]\nseed = 'x'\n"))
    with pytest.raises(TfqError, match="p/recipe.toml: not valid TOML"):
        Pipeline.load(write_pipeline(tmp_path / "p", recipe="[train\n"))


def test_a_pipeline_is_named_for_its_folder(tmp_path, monkeypatch):
    pipeline = Pipeline.load(write_pipeline(tmp_path / "stripes"))
    assert (pipeline.name, pipeline.settings.train.epochs_float) == ("stripes", 2)
    monkeypatch.chdir(tmp_path / "stripes")
    assert Pipeline.load(".").name == "stripes"
    digest = pipeline.digest
    assert Pipeline.load(write_pipeline(tmp_path / "stripes", MODEL + "\n")).digest != digest
