"""Layers that do nothing at inference. While training they do what Keras does: drop, add noise, augment, add a loss."""

from __future__ import annotations

import keras

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.families import Rule, operation, tensor


def _in_training(net: Net, call: Call) -> Value:
    x = tensor(call)
    if call.output.shape != x.shape:
        raise net.refuse(
            f"it turns {x.shape} into {call.output.shape} without training too", "crop or resize before the model"
        )
    return net.part("dropout", [x], x.shape, layer=call.layer)


def _identity(net: Net, call: Call) -> Value:
    return net.identity(tensor(call))


def _stop_gradient(net: Net, call: Call) -> Value:
    return net.move("stop_gradient", tensor(call))


def _masking(net: Net, call: Call) -> Value:
    raise net.refuse("masks have no int8 form", "leave it out, and pad sequences to one length")


_L = keras.layers
_AUGMENTING = (
    "AugMix", "CutMix", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter",
    "RandomContrast", "RandomCrop", "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur",
    "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation",
    "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom", "Solarization",
    "Equalization",
)  # fmt: skip
_DROPPING = (
    "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D",
)  # fmt: skip
RULES: dict[type, Rule] = {
    _L.Identity: _identity,
    _L.Masking: _masking,
    operation("core", "StopGradient"): _stop_gradient,
    # Some of these came with later releases of Keras 3.
    **{getattr(_L, name): _in_training for name in (*_DROPPING, *_AUGMENTING) if hasattr(_L, name)},
}
