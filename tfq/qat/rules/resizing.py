"""Images of another size: upsampling, resizing, center crops, blocks of depth."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tfq.qat.capture import Call, Value
from tfq.qat.net import Net
from tfq.qat.rules.along import mapped
from tfq.qat.rules.families import Rule, operation, tensor
from tfq.qat.rules.shapes import require_channels_last, require_whole, sliced

# The edge of an image from which LiteRT's optimized RESIZE_NEAREST_NEIGHBOR, in 16-bit fixed point, may pick the wrong
# pixel (see tfq/ops/resize_nearest_neighbor.py): above it, gathers.
_LONGEST_EDGE = 4096


def resize(net: Net, x: Value, size: tuple[int, int], interpolation: str, antialias: bool = False) -> Value:
    """What keras.ops.image.resize computes, x: [N, H, W, C].

    bilinear: RESIZE_BILINEAR with half_pixel_centers. nearest: Keras's pixels by gathers. The others, and antialias:
    one constant matrix an axis.
    """
    old = _edges(x)
    if size == old:
        return x
    if interpolation == "nearest":
        for axis in (1, 2):
            if size[axis - 1] != old[axis - 1]:
                x = net.gather(x, _nearest(old[axis - 1], size[axis - 1]), axis)
        return x
    if interpolation == "bilinear" and (not antialias or (size[0] >= old[0] and size[1] >= old[1])):
        return net.part("resize_bilinear", [x], (x.shape[0], *size, x.shape[3]), settings={"size": list(size)})
    for axis in (2, 1):
        if size[axis - 1] != old[axis - 1]:
            x = mapped(net, x, axis, _weights(old[axis - 1], size[axis - 1], interpolation, antialias), f"axis_{axis}")
    return x


def _edges(x: Value) -> tuple[int, int]:
    """Height and width."""
    return int(x.shape[1] or 0), int(x.shape[2] or 0)


def _scaled(x: Value, factors: list[int]) -> tuple[int, int]:
    height, width = _edges(x)
    return height * factors[0], width * factors[1]


def _nearest(size: int, out: int) -> np.ndarray:
    """Of each output pixel, the input's whose center is nearest, in float32 as TensorFlow computes it."""
    scale = np.float32(size) / np.float32(out)
    places = np.floor((np.arange(out, dtype=np.float32) + np.float32(0.5)) * scale)
    return np.minimum(places.astype(np.int64), size - 1)


def _weights(size: int, out: int, interpolation: str, antialias: bool) -> np.ndarray:
    """[size, out]: what each input pixel adds to each output pixel, asked of Keras itself."""
    rows = np.eye(size, dtype=np.float32)[:, None, :, None]
    made = keras.ops.image.resize(
        rows, (1, out), interpolation=interpolation, antialias=antialias, data_format="channels_last"
    )
    return np.asarray(keras.ops.convert_to_numpy(made))[:, 0, :, 0]


def _up_sampling(net: Net, call: Call) -> Value:
    require_channels_last(net, call)
    require_whole(net, call)
    x, layer = tensor(call), call.layer
    factors = [layer.size] if isinstance(layer.size, int) else list(layer.size)
    interpolation = getattr(layer, "interpolation", "nearest")
    if interpolation != "nearest":
        return resize(net, x, _scaled(x, factors), interpolation)
    if len(factors) == 2 and max(_edges(call.output)) <= _LONGEST_EDGE:
        return net.move("repeat_2d", x, factors=[int(n) for n in factors])
    for axis, factor in enumerate(factors, 1):
        if factor != 1:
            x = net.gather(x, np.repeat(np.arange(int(x.shape[axis] or 0)), factor), axis)
    return x


def _resize(net: Net, call: Call) -> Value:
    """The Resizing layer and keras.ops.image.resize."""
    require_channels_last(net, call)
    require_whole(net, call)
    x, layer = tensor(call), call.layer
    if len(x.shape) != 4:
        raise net.refuse(f"an input of shape {x.shape}", "give it images [batch, height, width, channels]")
    height, width = (layer.height, layer.width) if hasattr(layer, "height") else layer.size
    size = int(height), int(width)
    if layer.crop_to_aspect_ratio:
        x = _cropped_to_ratio(net, x, size)
    elif layer.pad_to_aspect_ratio:
        if layer.fill_value != 0:
            raise net.refuse(f"pad_to_aspect_ratio with {layer.fill_value}", "pad with 0")
        x = _padded_to_ratio(net, x, size)
    return resize(net, x, size, layer.interpolation.lower(), layer.antialias)


def _ratio(length: int, goal: int, other_goal: int) -> int:
    """length * goal / other_goal in float32, cut, as Keras's TensorFlow backend computes it."""
    return int(np.float32(length * goal) / np.float32(other_goal))


def _cropped_to_ratio(net: Net, x: Value, size: tuple[int, int]) -> Value:
    height, width = _edges(x)
    kept = (
        max(min(height, _ratio(width, size[0], size[1])), 1),
        max(min(width, _ratio(height, size[1], size[0])), 1),
    )
    return _center(net, x, kept)


def _center(net: Net, x: Value, kept: tuple[int, int]) -> Value:
    """The middle of an image, half a pixel towards the start."""
    first = [(int(n or 0) - k) // 2 for n, k in zip(x.shape[1:3], kept, strict=True)]
    slices = [(a, a + n, 1) for a, n in zip(first, kept, strict=True)]
    return sliced(net, x, [*slices, (0, int(x.shape[3] or 0), 1)])


def _padded_to_ratio(net: Net, x: Value, size: tuple[int, int]) -> Value:
    height, width = _edges(x)
    rows = (max(height, _ratio(width, size[0], size[1])) - height) // 2
    columns = (max(width, _ratio(height, size[1], size[0])) - width) // 2
    return net.pad(x, [(rows, rows), (columns, columns), (0, 0)]) if rows or columns else x


def _center_crop(net: Net, call: Call) -> Value:
    require_channels_last(net, call)
    require_whole(net, call)
    x, size = tensor(call), (call.layer.height, call.layer.width)
    if len(x.shape) != 4:
        raise net.refuse(f"an input of shape {x.shape}", "give it images [batch, height, width, channels]")
    height, width = _edges(x)
    if height >= size[0] and width >= size[1]:
        return _center(net, x, size)
    return resize(net, _cropped_to_ratio(net, x, size), size, "bilinear")


def _crop_images(net: Net, call: Call) -> Value:
    return _framed(net, call, "cropping", lambda x, sides: sliced(net, x, _inner(x, sides)))


def _pad_images(net: Net, call: Call) -> Value:
    return _framed(net, call, "padding", lambda x, sides: net.pad(x, [*sides, (0, 0)]))


def _framed(net: Net, call: Call, what: str, change: Any) -> Value:
    """Sides not given follow from the output's size."""
    require_channels_last(net, call)
    require_whole(net, call)
    x, layer = tensor(call), call.layer
    if len(x.shape) != 4:
        raise net.refuse(f"an input of shape {x.shape}", "give it images [batch, height, width, channels]")
    sides = []
    for axis, (first, last) in enumerate((("top", "bottom"), ("left", "right")), 1):
        difference = abs(int(call.output.shape[axis] or 0) - int(x.shape[axis] or 0))
        before, after = getattr(layer, f"{first}_{what}"), getattr(layer, f"{last}_{what}")
        before = difference - (after or 0) if before is None else before
        sides.append((before, difference - before))
    return change(x, sides)


def _inner(x: Value, sides: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    edges = [(a, int(n or 0) - b, 1) for (a, b), n in zip(sides, x.shape[1:3], strict=True)]
    return [*edges, (0, int(x.shape[3] or 0), 1)]


def _depth_to_space(net: Net, call: Call) -> Value:
    """Channels as block x block pixels: the two middle axes of [N * H, W, block, block * C] change places."""
    require_channels_last(net, call)
    require_whole(net, call)
    x, block = tensor(call), int(call.layer.block_size)
    width, depth = (int(size or 0) for size in x.shape[2:])
    apart = net.reshape(x, [-1, width, block, depth // block])
    return net.reshape(net.transpose(apart, (0, 2, 1, 3)), [-1, *call.output.shape[1:]])


def _space_to_depth(net: Net, call: Call) -> Value:
    require_channels_last(net, call)
    require_whole(net, call)
    x, block = tensor(call), int(call.layer.block_size)
    width, depth = (int(size or 0) for size in x.shape[2:])
    apart = net.reshape(x, [-1, block, width // block, block * depth])
    return net.reshape(net.transpose(apart, (0, 2, 1, 3)), [-1, *call.output.shape[1:]])


_L = keras.layers
RULES: dict[type, Rule] = {
    _L.UpSampling1D: _up_sampling,
    _L.UpSampling2D: _up_sampling,
    _L.UpSampling3D: _up_sampling,
    _L.Resizing: _resize,
    _L.CenterCrop: _center_crop,
    operation("image", "Resize"): _resize,
    operation("image", "CropImages"): _crop_images,
    operation("image", "PadImages"): _pad_images,
}
for _name, _rule in (("DepthToSpace", _depth_to_space), ("SpaceToDepth", _space_to_depth)):
    if hasattr(keras.ops, "depth_to_space"):  # Keras 3.13 and later
        RULES[operation("nn", _name)] = _rule
