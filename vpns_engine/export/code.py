"""The code beside an export: the loader example, and the network's source file where it is not torchvision's."""

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


def example_text(architecture: str, *, num_source: int, prompted: bool) -> str:
    """Write the loader example for one export."""
    code, entry = code_of(architecture), catalogue()[architecture]
    template = Template((Path(__file__).parent / "templates" / "example.py.in").read_text(encoding="utf-8"))
    views = '(("without prompt", plain), ("with prompt", prompted))' if prompted else '(("without prompt", plain),)'
    return template.substitute(
        import_line=f"from {code.module} import {code.builder}",
        builder=code.builder,
        arguments=", ".join(f"{name}={value}" for name, value in {"num_classes": num_source, **entry.arguments}.items()),
        versioned=_VERSIONED if entry.family == "MNASNet" else "",
        prompted=_PROMPTED if prompted else "",
        views=views,
    )
