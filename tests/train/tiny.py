"""A pipeline of a few seconds: stripes in 8 x 8 images, 3 classes, two epochs of each kind of training."""

import os
import subprocess
import sys
from pathlib import Path

import tfq

ROOT = Path(tfq.__file__).parent.parent

MODEL = '''
"""Stripes."""

import keras
import numpy as np
from keras import layers


def build_model():
    images = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(4, 3, strides=2, use_bias=False, name="conv")(images)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(momentum=0.5, name="norm")(x))
    x = layers.Dropout(0.1, name="dropout")(layers.Flatten(name="flat")(x))
    return keras.Model(images, layers.Softmax(name="stripe")(layers.Dense(3, name="logits")(x)))


def load_data():
    random = np.random.default_rng(0)
    y = np.arange(96) % 3
    x = random.uniform(0, 0.5, (96, 8, 8, 1)).astype(np.float32)
    for image, number in zip(x, y):
        image[2 * number : 2 * number + 2] += 0.5
    return (x[:64], y[:64]), (x[64:], y[64:])


def augment(images, random):
    return images + random.uniform(-0.05, 0.05, images.shape).astype(np.float32)
'''

RECIPE = """
[recipe]
ema_decay = 0.9

[train]
batch_size = 16
epochs_float = 2
epochs_qat = 2
learning_rate_float = 1e-2
freeze_batch_norm = 1

[data]
source = "pipeline"
validation = 0.25
"""


def write_pipeline(folder: Path, model: str = MODEL, recipe: str = RECIPE) -> Path:
    """The folder, with its two files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.py").write_text(model)
    (folder / "recipe.toml").write_text(recipe)
    return folder


# Runs `tfq ARGUMENTS` and is killed, as by `kill -9`, when it is about to put its LIMIT-th file into place.
KILLED = """
import os, sys
replace, left = os.replace, [int(sys.argv[1])]

def counted(source, target):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), 9)
    replace(source, target)

os.replace = counted
from tfq.cli import main
main(sys.argv[2:])
"""


def killed_at(write: int, *arguments) -> int:
    """Exit status of `tfq ARGUMENTS` in a process that is killed at its n-th write."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", KILLED, str(write), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, timeout=300).returncode
