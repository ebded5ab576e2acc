"""How large the network's files are: each is written, and its bytes are counted."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from safetensors.torch import save_file

from vpns_engine.artifacts import system_errors
from vpns_engine.export.sparse_file import write_sparse
from vpns_engine.gains.model import FileKind, FileSize
from vpns_engine.gains.subject import Subject

_KINDS: tuple[FileKind, ...] = ("plain", "zipped", "sparse", "sparse_zipped")
Step = Callable[[str], object]
"""Is told what comes next."""


def sizes_of(subject: Subject, folder: Path, step: Step) -> tuple[FileSize, ...]:
    """Write the dense and the pruned network in every form, into `folder`, one at a time, and count.

    Raises:
        OSError: there is no room for them.
    """
    networks = {name: subject.variants[name].network for name in ("dense", "pruned")}
    masks = {"dense": {}, "pruned": subject.source.masks}
    found: dict[tuple[FileKind, str], int] = {}
    for name, network in networks.items():
        state = {entry: tensor.detach().contiguous() for entry, tensor in network.state_dict().items()}
        for kind in ("plain", "sparse"):
            step(f"Writing the {name} network, {kind}")
            path = folder / f"{name}_{kind}.safetensors"
            if kind == "plain":
                with system_errors():
                    save_file(state, path, metadata={"format": "pt"})
            else:
                write_sparse({entry: tensor.numpy() for entry, tensor in state.items()}, masks[name], path)
            found[kind, name] = path.stat().st_size
            step(f"Compressing the {name} network, {kind}")
            found["zipped" if kind == "plain" else "sparse_zipped", name] = _zipped(path)
            path.unlink()
    return tuple(FileSize(kind=kind, dense=found[kind, "dense"], pruned=found[kind, "pruned"]) for kind in _KINDS)


def _zipped(path: Path) -> int:
    """Compress a file as `zip` does, and give the size of the archive."""
    archive = path.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(path, path.name)
    size = archive.stat().st_size
    archive.unlink()
    return size
