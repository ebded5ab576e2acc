"""The code beside an export: the loader examples, and the network's source file where it is not torchvision's."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import vpns_engine.nn.networks as networks
from vpns_engine.catalogue import catalogue

_PROMPTED = """
def prompted(x):  # the network's input with the prompt: canvas, prompt, clamp, normalise
    place = HOW["image_on_canvas"]
    canvas = torch.nn.functional.pad(x, [place[side] for side in ("left", "right", "top", "bottom")])
    added = load_file(HERE / "prompt.safetensors")["added"]
    return plain((canvas + added).clamp(0, 1))

"""


_VERSIONED = """\
    own = network.state_dict()  # it has the version number that MNASNet asks a state dict for
    assert own.keys() == state.keys()
    own.update(state)
    state = own
"""

_UNPACK = """
def unpack(file):  # bits say which weights are kept, values what they are
    with safe_open(file, framework="pt") as opened:
        shapes = json.loads(opened.metadata()["vpns"])["shapes"]
    arrays = load_file(file)
    state = {name: value for name, value in arrays.items() if not name.startswith(("bits/", "values/"))}
    for name, shape in shapes.items():
        kept = np.unpackbits(arrays[f"bits/{name}"].numpy(), count=math.prod(shape)).astype(bool)
        whole = torch.zeros(kept.size, dtype=arrays[f"values/{name}"].dtype)
        whole[torch.from_numpy(kept)] = arrays[f"values/{name}"]
        state[name] = whole.reshape(shape)
    return state

"""
_STATES = {
    "model.pt": ('weights.endswith(".pt")', "torch.load(HERE / weights, weights_only=True)"),
    "model_sparse.safetensors": ('weights.endswith("_sparse.safetensors")', "unpack(HERE / weights)"),
    "model.safetensors": ("True", "load_file(HERE / weights)"),
}
"""How each file is known by its name, the special ones first, and read."""
_SEEN = """
def seen(x, view):  # what the network gets
    if view == "prompted":
        place = HOW["image_on_canvas"]
        sides = (place["top"], place["bottom"]), (place["left"], place["right"])
        x = (np.pad(x, ((0, 0), (0, 0), *sides)) + load_file(HERE / "prompt.safetensors")["added"]).clip(0, 1)
    mean, std = (np.array(HOW[name], dtype=np.float32).reshape(1, 3, 1, 1) for name in ("mean", "std"))
    return (x - mean) / std

"""
_SEEN_PLAIN = """
def seen(x, view):  # what the network gets
    mean, std = (np.array(HOW[name], dtype=np.float32).reshape(1, 3, 1, 1) for name in ("mean", "std"))
    return (x - mean) / std

"""


@dataclass(frozen=True)
class NetworkCode:
    """Where the unmodified architecture comes from: module, function, and our own source file if it is ours."""

    module: str
    builder: str
    own_file: Path | None = None


_OWN = {"resnet20": "resnet_cifar"}


def code_of(architecture: str) -> NetworkCode:
    """Say how to build an architecture from random weights, without this project."""
    module = _OWN.get(architecture)
    if module is None:
        return NetworkCode("torchvision.models", architecture)
    return NetworkCode(module, architecture, Path(networks.__path__[0]) / f"{module}.py")


def example_text(architecture: str, *, num_outputs: int, prompted: bool, states: Sequence[str] = ("model.safetensors",)) -> str:
    """Write the loader example for one export; `states` are the files that hold a state dict."""
    code, entry = code_of(architecture), catalogue()[architecture]
    first = next(name for name in ("model.safetensors", "model.pt", "model_sparse.safetensors") if name in states)
    sparse = "model_sparse.safetensors" in states
    return (
        _template("example.py.in")
        .substitute(
            stdlib="import math" if sparse else "",
            import_files=_file_imports(safe=prompted or set(states) != {"model.pt"}, sparse=sparse),
            import_line=f"from {code.module} import {code.builder}",
            builder=code.builder,
            arguments=", ".join(f"{name}={value}" for name, value in {"num_classes": num_outputs, **entry.arguments}.items()),
            weights=first,
            unpack=_UNPACK if sparse else "",
            state=_reading(states),
            versioned=_VERSIONED if entry.family == "MNASNet" else "",
            prompted=_PROMPTED if prompted else "",
            views='(("without prompt", plain), ("with prompt", prompted))' if prompted else '(("without prompt", plain),)',
        )
        .replace("import json\n\nimport sys", "import json\nimport sys")
    )


def onnx_example_text(*, prompted: bool, inside: bool) -> str:
    """Write the example that needs no PyTorch; `inside`: prompt and normalisation are in the files."""
    outside = _SEEN if prompted else _SEEN_PLAIN
    return _template("example_onnx.py.in").substitute(
        import_files="from safetensors.numpy import load_file\n" if prompted and not inside else "",
        seen="" if inside else outside,
        given="x" if inside else "seen(x, view)",
        views='(("without prompt", "plain"), ("with prompt", "prompted"))' if prompted else '(("without prompt", "plain"),)',
    )


def _template(name: str) -> Template:
    return Template((Path(__file__).parent / "templates" / name).read_text(encoding="utf-8"))


def _file_imports(*, safe: bool, sparse: bool) -> str:
    lines = ["from safetensors import safe_open"] * sparse + ["from safetensors.torch import load_file"] * safe
    return "\n".join(lines)


def _reading(states: Sequence[str]) -> str:
    """Write the expression that reads whichever of the files is asked for."""
    known = [(test, how) for name, (test, how) in _STATES.items() if name in states]
    *others, (_, last) = known
    return " ".join([*(f"{how} if {test} else" for test, how in others), last])
