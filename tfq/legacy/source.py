"""A legacy file before anything in it is opened: what kind it is, and the configuration of the model it holds."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tfq.errors import TfqError
from tfq.legacy import peers

MODELS = ("Functional", "Model", "Sequential")  # class names of graphs of layers, in all versions of Keras 2


@dataclass(frozen=True)
class Source:
    """A file: config: {"class_name", "config"} of its model; None for a file of Keras 3, which Keras reads itself."""

    path: str
    config: dict[str, Any] | None


def read_source(path: str | os.PathLike[str]) -> Source:
    """The kind and the configuration of a model file: `.h5`, `.keras` or a SavedModel's folder, told by its content.

    Raises TfqError: no such file, not a model, cut off, or weights alone.
    """
    name = os.fspath(path)
    if not os.path.exists(name):
        raise TfqError(f"{name}: no such file or folder")
    try:
        if os.path.isdir(name):
            return Source(name, _saved_model_config(name))
        with open(name, "rb") as file:
            start = file.read(8)
        if start.startswith(b"\x89HDF"):
            return Source(name, _h5_config(name))
        if start.startswith(b"PK"):
            return _archive(name)
    except TfqError:
        raise
    except Exception as error:  # h5py, zipfile and protobuf raise many kinds for broken files
        raise TfqError(f"{name}: cannot be read as a Keras model ({first_line(error)}); is it whole?") from error
    raise TfqError(f"{name}: not a Keras model; expected an .h5 or .keras file or the folder of a SavedModel")


def first_line(error: BaseException) -> str:
    """The first line of an error's message that says something."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def layers_of(config: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(class name, layer name, its configuration) of every layer, those in nested models and wrappers included."""
    entries = config.get("config", {})
    if isinstance(entries, list):  # the Sequential of early versions
        entries = {"layers": entries}
    children = [*entries.get("layers", ()), *entries.get("cells", ())]
    children += [entries[key] for key in ("layer", "backward_layer", "cell") if isinstance(entries.get(key), dict)]
    if config.get("class_name") not in MODELS:
        name = config.get("registered_name") or config.get("class_name") or "?"
        yield str(name).removeprefix("Custom>"), entries.get("name", "?"), entries
    for child in children:
        yield from layers_of(child)


def _h5_config(name: str) -> dict[str, Any]:
    import h5py  # type: ignore[import-untyped]

    with h5py.File(name, "r") as file:
        config = file.attrs.get("model_config")
    if config is None:
        raise TfqError(f"{name}: holds no model, perhaps weights alone; build the model and use its load_weights")
    return json.loads(config if isinstance(config, str) else config.decode())


def _archive(name: str) -> Source:
    with zipfile.ZipFile(name) as archive:
        files = archive.namelist()
        if "config.json" not in files or "metadata.json" not in files:
            raise TfqError(f"{name}: a zip archive, but not a .keras file; expected config.json in it")
        config, metadata = (json.loads(archive.read(file)) for file in ("config.json", "metadata.json"))
    if not str(metadata.get("keras_version", "")).startswith("2."):
        return Source(name, None)
    if not name.endswith(".keras"):
        raise TfqError(f"{name}: a .keras file under another name; rename it to end in .keras")
    return Source(name, config)


def _saved_model_config(name: str) -> dict[str, Any]:
    if not os.path.isfile(os.path.join(name, "saved_model.pb")):
        raise TfqError(f"{name}: a folder without saved_model.pb; expected an .h5 or .keras file or a SavedModel")
    text = _root_metadata(name)
    if text is None:
        raise TfqError(
            f"{name}: a SavedModel without Keras's configuration, so its layers cannot be told; save it with model.save"
        )
    metadata = json.loads(text)
    if "config" not in metadata:
        kind = metadata.get("class_name", "?")
        raise TfqError(
            f"{name}: a subclassed model ({kind}), of which a SavedModel keeps no layers; rebuild it in code"
        )
    return {"class_name": metadata["class_name"], "config": metadata["config"]}


def _root_metadata(name: str) -> str | None:
    """The JSON that Keras 2 keeps of the root object: beside saved_model.pb, or in it (before TensorFlow 2.5)."""
    peers.tf_keras()
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
    from tf_keras.protobuf.saved_metadata_pb2 import SavedMetadata

    beside = os.path.join(name, "keras_metadata.pb")
    if os.path.isfile(beside):
        with open(beside, "rb") as file:
            nodes = SavedMetadata.FromString(file.read()).nodes
        return next((node.metadata for node in nodes if node.node_id == 0), None)
    with open(os.path.join(name, "saved_model.pb"), "rb") as file:
        graphs = SavedModel.FromString(file.read()).meta_graphs
    if not graphs or not graphs[0].object_graph_def.nodes:
        return None
    root = graphs[0].object_graph_def.nodes[0]
    is_keras = root.WhichOneof("kind") == "user_object" and root.user_object.identifier.startswith("_tf_keras")
    return root.user_object.metadata if is_keras else None
