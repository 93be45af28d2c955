"""Recurrent layers against Keras, the interpreter and the real runtimes."""

from __future__ import annotations

import keras
import pytest
from keras import layers as L

import tfq
from tests.qat.harness import Case, chain, check, network, same_float_function, samples
from tfq.qat.depth import deep_graphs

SEQUENCE = (3, 4)


def given_states():
    x = keras.Input(SEQUENCE, name="x")
    h, c = keras.Input((3,), name="h"), keras.Input((3,), name="c")
    y, *states = L.LSTM(3, return_state=True, name="lstm")(x, initial_state=[h, c])
    return keras.Model([x, h, c], [y, *states])


def called_twice():
    lstm, x = L.SimpleRNN(3, name="rnn"), keras.Input(SEQUENCE)
    return keras.Model(x, L.Concatenate()([lstm(x), lstm(L.ReLU()(x))]))


# The whole road, each kind of cell once.
CASES = (
    Case("lstm", chain(SEQUENCE, lambda: [L.LSTM(3)]), numerics=("xnnpack", "litert", "tflm")),
    Case("gru", chain(SEQUENCE, lambda: [L.GRU(3, return_sequences=True)])),
    Case("simple_rnn_called_twice", called_twice),
    Case("conv_lstm", chain((2, 4, 4, 2), lambda: [L.ConvLSTM2D(2, 3, padding="same")])),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_recurrent_layers(case, tmp_path):
    check(case, tmp_path)


def _bidirectional(mode, **options):
    return lambda: [L.Bidirectional(L.SimpleRNN(3, **options), merge_mode=mode)]


# The float function of every option.
OPTIONS = {
    "simple_relu_sequences": lambda: [L.SimpleRNN(3, activation="relu", return_sequences=True), L.SimpleRNN(2)],
    "simple_linear_no_bias": lambda: [L.SimpleRNN(3, activation=None, use_bias=False)],
    "lstm_sequences_dense": lambda: [L.LSTM(3, return_sequences=True), L.TimeDistributed(L.Dense(2))],
    "lstm_backwards": lambda: [L.LSTM(3, go_backwards=True, return_sequences=True)],
    "lstm_no_bias_relu": lambda: [L.LSTM(3, use_bias=False, activation="relu", unit_forget_bias=False)],
    "lstm_one_step": lambda: [L.Cropping1D((0, 2)), L.LSTM(3, return_sequences=True)],
    "lstm_dropout": lambda: [L.LSTM(3, dropout=0.2, recurrent_dropout=0.1)],
    "gru_reset_before": lambda: [L.GRU(3, reset_after=False)],
    "gru_no_bias_backwards": lambda: [L.GRU(3, use_bias=False, go_backwards=True)],
    "bidirectional_concat": _bidirectional("concat"),
    "bidirectional_sequences": _bidirectional("concat", return_sequences=True),
    "bidirectional_sum": _bidirectional("sum"),
    "bidirectional_mul": _bidirectional("mul"),
    "bidirectional_ave": _bidirectional("ave", return_sequences=True),
    "bidirectional_own_backward": lambda: [L.Bidirectional(L.GRU(2), backward_layer=L.GRU(2, go_backwards=True))],
    "rnn_cell": lambda: [L.RNN(L.LSTMCell(3))],
    "rnn_stacked": lambda: [L.RNN([L.GRUCell(3), L.LSTMCell(2), L.SimpleRNNCell(2)], return_sequences=True)],
    "rnn_stacked_backwards": lambda: [L.RNN([L.SimpleRNNCell(3), L.SimpleRNNCell(2)], go_backwards=True)],
}
IMAGES = {
    "conv_lstm1d_strides": ((3, 8, 2), lambda: [L.ConvLSTM1D(2, 3, strides=2, return_sequences=True)]),
    "conv_lstm2d_dilated": ((2, 6, 6, 2), lambda: [L.ConvLSTM2D(2, (2, 3), dilation_rate=2, go_backwards=True)]),
    "conv_lstm2d_sequences": ((2, 4, 5, 2), lambda: [L.ConvLSTM2D(2, 2, return_sequences=True, use_bias=False)]),
}
FLOAT = {**{name: (SEQUENCE, layers) for name, layers in OPTIONS.items()}, **IMAGES}


def _states(model):
    x = keras.Input(SEQUENCE)
    return keras.Model(x, model(x))


STATES = {
    "lstm_states": lambda: _states(L.LSTM(3, return_state=True, return_sequences=True)),
    "gru_states": lambda: _states(L.GRU(3, return_state=True)),
    "bidirectional_states": lambda: _states(L.Bidirectional(L.LSTM(2, return_state=True), merge_mode=None)),
    "given_states": given_states,
}


@pytest.mark.parametrize("name", [*FLOAT, *STATES])
def test_float_functions(name):
    model = network(Case(name, STATES[name] if name in STATES else chain(*FLOAT[name])))
    x = samples(model, 2)
    x = x[0] if len(x) == 1 else x
    same_float_function(model, tfq.quantize(model), x, 1e-5)


def test_one_set_of_weights_in_the_file():
    model = network(Case("", chain((5, 4), lambda: [L.LSTM(3)])))
    quantized = tfq.quantize(model)
    assert len(quantized.trainable_weights) == 6  # input's and state's kernels, of the gates and the candidate; biases
    tfq.calibrate(quantized, samples(model)[0])
    tensors = tfq.Interpreter(tfq.export(quantized)).model.main.tensors
    kernels = [t.data.tobytes() for t in tensors if t.data is not None and t.type == "INT8"]
    assert len(kernels) == 2 + 2 * 4 and len(set(kernels)) == 4


def test_frozen_layers_stay_frozen():
    model = network(Case("", chain(SEQUENCE, lambda: [L.LSTM(3, trainable=False), L.Dense(2)])))
    assert len(tfq.quantize(model).trainable_weights) == 2


def test_deep_graphs():
    """Keras follows the calls of a model recursively; an LSTM of 150 steps is over 1200 in a row."""
    x = y = keras.Input((1,))
    same = L.Identity()
    for _ in range(1500):
        y = same(y)
    with pytest.raises(RecursionError):
        keras.Model(x, y)
    with deep_graphs():
        keras.Model(x, y)


def _masked():
    x = keras.Input(SEQUENCE)
    return keras.Model(x, L.LSTM(3)(L.Masking()(x)))


def _stateful():
    x = keras.Input(batch_shape=(2, *SEQUENCE))
    return keras.Model(x, L.GRU(3, stateful=True)(x))


class Own(keras.layers.Layer):
    state_size = 3

    def call(self, inputs, states):
        return states[0], states


REFUSED = {
    "stateful": _stateful,
    "mask": _masked,
    "leaves a size open": chain((None, 4), lambda: [L.LSTM(3)]),
    "mixes units": chain(SEQUENCE, lambda: [L.GRU(3, recurrent_activation="softmax")]),
    "cell Own has no int8 form": chain(SEQUENCE, lambda: [L.RNN(Own())]),
    "its states are volumes": chain((2, 3, 3, 3, 1), lambda: [L.ConvLSTM3D(1, 2)]),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refused(message):
    model = REFUSED[message]()
    with pytest.raises(tfq.Unsupported, match=message):
        tfq.quantize(model)
