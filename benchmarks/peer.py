"""TFMOT's side of a comparison, in a process with Keras 2 (TF_USE_LEGACY_KERAS=1); common.tfmot starts it.

    python peer.py MODEL.py GIVEN.npz MADE.npz NETWORK.h5

GIVEN: weights/<position>/<layer>, x/<epoch>, y/<epoch>, x_test, rate, batch_size.
MADE: content (the converted file), scores, logits (Keras's predict on x_test), float_scores (before quantization).
NETWORK: TFMOT's network after fine-tuning.
"""

import importlib.util
import sys

import numpy as np


def build(path: str, keras):
    """The network of a pipeline's model.py, made by this Keras: 2 or 3."""
    sys.modules["keras"] = keras
    spec = importlib.util.spec_from_file_location("pipeline_model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build_model()


def set_weights(model, given) -> None:
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([given[f"weights/{i}/{layer.name}"] for i in range(len(layer.weights))])


def fine_tune(model, given) -> None:
    import tf_keras

    tf_keras.utils.set_random_seed(0)
    model.compile(optimizer=tf_keras.optimizers.Adam(float(given["rate"])), loss="sparse_categorical_crossentropy")
    for epoch in range(sum(name.startswith("x/") for name in given)):
        x, y = given[f"x/{epoch}"], given[f"y/{epoch}"]
        model.fit(x, y, batch_size=int(given["batch_size"]), shuffle=False, verbose=0)


def convert(model) -> bytes:
    """int8 in and out."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def main(model_path: str, given_path: str, made_path: str, network_path: str) -> None:
    import tf_keras
    from tensorflow_model_optimization.quantization.keras import quantize_model

    with np.load(given_path) as arrays:
        given = dict(arrays)
    model = build(model_path, tf_keras)
    set_weights(model, given)
    float_scores = model.predict(given["x_test"], batch_size=256, verbose=0)
    model = quantize_model(model)
    fine_tune(model, given)
    both = tf_keras.Model(model.inputs, [model.outputs[0], model.layers[-1].input])
    scores, logits = both.predict(given["x_test"], batch_size=256, verbose=0)
    content = np.frombuffer(convert(model), np.uint8)
    model.save(network_path, include_optimizer=False)
    np.savez(made_path, content=content, scores=scores, logits=logits, float_scores=float_scores)


if __name__ == "__main__":
    main(*sys.argv[1:])
