"""Rows of Keras's layers."""

from __future__ import annotations

import keras

from tests.coverage.row import Inputs, Row, between, indices

L = keras.layers
VECTOR = Inputs("vectors", ((8,),))
SEQUENCE = Inputs("sequences", ((6, 4),))
IMAGE = Inputs("images", ((6, 6, 4),))
PICTURE = Inputs("pictures of 0 to 255", ((8, 8, 3),), between(0, 255))
VOLUME = Inputs("volumes", ((4, 4, 4, 2),))
STEPS = Inputs("steps", ((3, 4),))
FRAMES = Inputs("frames", ((2, 4, 4, 2),))
INDICES = Inputs("indices", ((5,),), indices)
PAIR = Inputs("pairs of images", ((4, 4, 3), (4, 4, 3)))
QUERIES = Inputs("queries and values", ((4, 6), (5, 6)))

CONVOLUTIONS = (
    Row("Conv1D", SEQUENCE, lambda x: L.Conv1D(5, 3, padding="causal", dilation_rate=2)(x)),
    Row("Conv2D", IMAGE, lambda x: L.Conv2D(6, 3, strides=2, padding="same", activation="relu")(x)),
    Row("Conv2D, groups", IMAGE, lambda x: L.Conv2D(6, 3, groups=2)(x)),
    Row("Conv3D", VOLUME, lambda x: L.Conv3D(3, 2)(x), note="planes of a window as channels"),
    Row("DepthwiseConv1D", SEQUENCE, lambda x: L.DepthwiseConv1D(3, depth_multiplier=2)(x)),
    Row("DepthwiseConv2D", IMAGE, lambda x: L.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x)),
    Row("SeparableConv1D", SEQUENCE, lambda x: L.SeparableConv1D(5, 3)(x)),
    Row("SeparableConv2D", IMAGE, lambda x: L.SeparableConv2D(5, 3, padding="same")(x)),
    Row("Conv1DTranspose", SEQUENCE, lambda x: L.Conv1DTranspose(3, 4, strides=2, padding="same")(x)),
    Row("Conv2DTranspose", IMAGE, lambda x: L.Conv2DTranspose(3, 3, strides=2)(x)),
    Row("Conv3DTranspose", VOLUME, lambda x: L.Conv3DTranspose(2, 2, strides=2)(x), refused="no integer kernel"),
)

DENSE = (
    Row("Dense", VECTOR, lambda x: L.Dense(6, activation="relu")(x)),
    Row("EinsumDense", SEQUENCE, lambda x: L.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de")(x)),
    Row("Embedding", INDICES, lambda x: L.Dense(4)(L.Embedding(8, 6)(x))),
    Row("SpectralNormalization", IMAGE, lambda x: L.SpectralNormalization(L.Conv2D(4, 3))(x)),
    Row("TimeDistributed", SEQUENCE, lambda x: L.TimeDistributed(L.Dense(3))(x)),
)

ACTIVATIONS = (
    Row("Activation", VECTOR, lambda x: L.Activation("gelu")(x), note="any of Keras's, by name"),
    Row("ReLU", VECTOR, lambda x: L.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.3)(x), 20),
    Row("LeakyReLU", VECTOR, lambda x: L.LeakyReLU(0.2)(x)),
    Row("ELU", VECTOR, lambda x: L.ELU(0.7)(x)),
    Row("PReLU", IMAGE, lambda x: L.PReLU(shared_axes=[1, 2], alpha_initializer="random_uniform")(x)),
    Row("Softmax", SEQUENCE, lambda x: L.Softmax()(x)),
)

MERGES = (
    Row("Add", PAIR, lambda a, b: L.Add()([a, b])),
    Row("Subtract", PAIR, lambda a, b: L.Subtract()([a, b])),
    Row("Multiply", PAIR, lambda a, b: L.Multiply()([a, b])),
    Row("Average", PAIR, lambda a, b: L.Average()([a, b, L.Conv2D(3, 1)(a)])),
    Row("Maximum", PAIR, lambda a, b: L.Maximum()([a, b])),
    Row("Minimum", PAIR, lambda a, b: L.Minimum()([a, b])),
    Row("Concatenate", PAIR, lambda a, b: L.Concatenate(axis=1)([a, b])),
    Row("Dot", QUERIES, lambda a, b: L.Dot(axes=2, normalize=True)([a, b])),
)

SHAPES = (
    Row("Flatten", IMAGE, lambda x: L.Flatten()(x)),
    Row("Reshape", IMAGE, lambda x: L.Reshape((3, -1, 4))(x)),
    Row("Permute", IMAGE, lambda x: L.Permute((3, 1, 2))(x)),
    Row("RepeatVector", VECTOR, lambda x: L.RepeatVector(3)(x)),
    Row("ZeroPadding1D", SEQUENCE, lambda x: L.ZeroPadding1D((2, 1))(x)),
    Row("ZeroPadding2D", IMAGE, lambda x: L.ZeroPadding2D(((0, 1), (2, 0)))(x)),
    Row("ZeroPadding3D", VOLUME, lambda x: L.ZeroPadding3D(1)(x)),
    Row("Cropping1D", SEQUENCE, lambda x: L.Cropping1D((2, 1))(x)),
    Row("Cropping2D", IMAGE, lambda x: L.Cropping2D(((1, 0), (2, 1)))(x)),
    Row("Cropping3D", VOLUME, lambda x: L.Cropping3D(1)(x)),
    Row("UpSampling1D", SEQUENCE, lambda x: L.UpSampling1D(3)(x)),
    Row("UpSampling2D", IMAGE, lambda x: L.UpSampling2D((2, 3))(x)),
    Row("UpSampling2D, bilinear", IMAGE, lambda x: L.UpSampling2D(2, interpolation="bilinear")(x)),
    Row("UpSampling3D", VOLUME, lambda x: L.UpSampling3D(2)(x)),
    Row("Resizing", PICTURE, lambda x: L.Resizing(5, 7)(x)),
    Row("CenterCrop", PICTURE, lambda x: L.CenterCrop(4, 6)(x)),
)

_POOLED = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}
POOLING = (
    *(Row(f"MaxPooling{n}D", i, lambda x, n=n: getattr(L, f"MaxPooling{n}D")(2)(x)) for n, i in _POOLED.items()),
    *(
        Row(f"AveragePooling{n}D", i, lambda x, n=n: getattr(L, f"AveragePooling{n}D")(3, 2, padding="same")(x))
        for n, i in _POOLED.items()
    ),
    *(
        Row(f"Global{kind}Pooling{n}D", i, lambda x, n=n, kind=kind: getattr(L, f"Global{kind}Pooling{n}D")()(x), 20)
        for kind in ("Average", "Max")
        for n, i in _POOLED.items()
    ),
    *(
        Row(f"Adaptive{kind}Pooling{n}D", i, lambda x, n=n, kind=kind: getattr(L, f"Adaptive{kind}Pooling{n}D")(2)(x))
        for kind in ("Average", "Max")
        for n, i in _POOLED.items()
    ),
)

NORMALIZATION = (
    Row("BatchNormalization", IMAGE, lambda x: L.BatchNormalization()(x), note="into the layer before it, or a scale"),
    Row("Rescaling", PICTURE, lambda x: L.Conv2D(3, 3)(L.Rescaling(1 / 127.5, offset=-1.0)(x))),
    Row(
        "Normalization",
        PICTURE,
        lambda x: L.Conv2D(3, 3)(L.Normalization(mean=[120.0, 115.0, 130.0], variance=[5e3, 4e3, 6e3])(x)),
    ),
    Row("LayerNormalization", SEQUENCE, lambda x: L.LayerNormalization()(x), note="16-bit inside"),
    Row("RMSNormalization", SEQUENCE, lambda x: L.RMSNormalization()(x), note="16-bit inside"),
    Row("GroupNormalization", SEQUENCE, lambda x: L.GroupNormalization(2)(x), note="16-bit inside"),
    Row("UnitNormalization", SEQUENCE, lambda x: L.UnitNormalization()(x), note="16-bit inside"),
)

ATTENTION = (
    Row("MultiHeadAttention", QUERIES, lambda a, b: L.MultiHeadAttention(2, 3)(a, b)),
    Row("GroupQueryAttention", QUERIES, lambda a, b: L.GroupQueryAttention(3, 2, 1)(a, b)),
    Row("Attention", QUERIES, lambda a, b: L.Attention(use_scale=True)([a, b])),
    Row("AdditiveAttention", QUERIES, lambda a, b: L.AdditiveAttention()([a, b])),
)

RECURRENT = (
    Row("LSTM", STEPS, lambda x: L.LSTM(3)(x), 15, "unrolled over time"),
    Row("GRU", STEPS, lambda x: L.GRU(3, return_sequences=True)(x), 15, "unrolled over time"),
    Row("SimpleRNN", STEPS, lambda x: L.SimpleRNN(3)(x), 15, "unrolled over time"),
    Row("RNN", STEPS, lambda x: L.RNN([L.GRUCell(2), L.LSTMCell(2)])(x), 15, "unrolled over time"),
    Row("Bidirectional", STEPS, lambda x: L.Bidirectional(L.SimpleRNN(3))(x), 15, "unrolled over time"),
    Row("ConvLSTM1D", Inputs("short frames", ((2, 4, 2),)), lambda x: L.ConvLSTM1D(2, 2)(x), 15, "unrolled over time"),
    Row("ConvLSTM2D", FRAMES, lambda x: L.ConvLSTM2D(2, 2)(x), 15, "unrolled over time"),
    Row(
        "ConvLSTM3D",
        Inputs("volumes in time", ((2, 3, 3, 3, 2),)),
        lambda x: L.ConvLSTM3D(2, 2)(x),
        refused="its states are volumes",
    ),
)


def _vanishing(x, *layers):
    for layer in layers:
        x = layer(x)
    return x


_GONE = "nothing in the file; in training as in Keras"
_AUGMENTING = {
    "RandomBrightness": {"factor": 0.1}, "RandomContrast": {"factor": 0.1}, "RandomFlip": {},
    "RandomRotation": {"factor": 0.1}, "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1}, "RandomCrop": {"height": 8, "width": 8},
    "RandomColorDegeneration": {"factor": 0.1}, "RandomColorJitter": {"brightness_factor": 0.1},
    "RandomErasing": {"factor": 0.1}, "RandomGaussianBlur": {"kernel_size": 3}, "RandomGrayscale": {"factor": 0.1},
    "RandomHue": {"factor": 0.1}, "RandomInvert": {"factor": 0.1}, "RandomPerspective": {"factor": 0.1},
    "RandomPosterization": {"factor": 4}, "RandomSaturation": {"factor": 0.6}, "RandomSharpness": {"factor": 0.1},
    "RandomShear": {"x_factor": (0.0, 0.1), "y_factor": (0.0, 0.1)}, "RandomElasticTransform": {}, "Solarization": {},
    "CutMix": {}, "MixUp": {},
}  # fmt: skip
_AUGMENTING = {name: options for name, options in _AUGMENTING.items() if hasattr(L, name)}


def augmented(x):
    """Every augmentation, one after the other."""
    return small(_vanishing(x, *(getattr(L, name)(**options) for name, options in _AUGMENTING.items())))


def small(x):
    return L.Conv2D(3, 3)(L.Rescaling(1 / 255.0)(x))


VANISHING = (
    Row("Identity", VECTOR, lambda x: L.Dense(3)(L.Identity()(x)), note=_GONE),
    Row("Masking", SEQUENCE, lambda x: L.Dense(3)(L.Masking()(x)), refused="masks have no int8 form"),
    Row(
        "Dropout",
        VECTOR,
        lambda x: L.Dense(3)(
            _vanishing(x, L.Dropout(0.2), L.GaussianDropout(0.2), L.AlphaDropout(0.2), L.ActivityRegularization(l2=0.1))
        ),
        note=_GONE,
        others=("GaussianDropout", "AlphaDropout", "ActivityRegularization"),
    ),
    Row("GaussianNoise", VECTOR, lambda x: L.Dense(3)(L.GaussianNoise(0.2)(x)), note=_GONE),
    *(
        Row(f"SpatialDropout{n}D", i, lambda x, n=n: L.Dense(2)(getattr(L, f"SpatialDropout{n}D")(0.2)(x)), note=_GONE)
        for n, i in _POOLED.items()
    ),
    Row("augmentation", PICTURE, augmented, note=_GONE, others=tuple(_AUGMENTING), alone=True),
    # Keras takes these for cycles when they follow others.
    Row("AugMix", PICTURE, lambda x: small(L.AugMix()(x)), note=_GONE, alone=True),
    Row("RandAugment", PICTURE, lambda x: small(L.RandAugment()(x)), note=_GONE, alone=True),
)

FAMILIES: dict[str, tuple[Row, ...]] = {
    "Convolutions": CONVOLUTIONS,
    "Dense layers, embeddings, wrappers": DENSE,
    "Activations": ACTIVATIONS,
    "Merges": MERGES,
    "Shapes": SHAPES,
    "Pooling": POOLING,
    "Normalization and preprocessing": NORMALIZATION,
    "Attention": ATTENTION,
    "Recurrent layers": RECURRENT,
    "Layers of training": VANISHING,
}
