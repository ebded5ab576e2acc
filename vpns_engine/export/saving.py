"""What the sparse file saves against the dense state dict, as it is and zipped: counted bytes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import save

from vpns_engine.export.source import Source
from vpns_engine.export.sparse_file import zipped_size
from vpns_engine.export.weights import folded_state
from vpns_engine.words import size_text

_CHUNK = 4 << 20


@dataclass(frozen=True)
class Saving:
    """Bytes of the same state dict, in two ways and both of them zipped."""

    dense: int
    dense_zipped: int
    sparse: int
    sparse_zipped: int

    def words(self) -> str:
        """Say it in a sentence."""
        against = self.dense_zipped / self.sparse
        zipped = f"{against:.2f} times smaller" if against >= 1 else f"{1 / against:.2f} times larger"
        dense, sparse = size_text(self.dense), size_text(self.sparse)
        return (
            f"The state dict takes {dense} dense and {size_text(self.dense_zipped)} zipped; bits and kept values take {sparse} "
            f"({size_text(self.sparse_zipped)} zipped): {self.dense / self.sparse:.1f} times smaller than dense, "
            f"{zipped} than dense zipped."
        )


def saving_of(source: Source, sparse: Path, check: Callable[[], None]) -> Saving:
    """Count the bytes; what is zipped for that is thrown away.

    Args:
        source: what is exported.
        sparse: its sparse file.
        check: called now and then; may raise to end it.

    Raises:
        EngineError: what `check` raises.
    """
    dense = save(folded_state(source), metadata={"format": "pt"})
    dense_zipped = zipped_size([dense], check)
    return Saving(len(dense), dense_zipped, sparse.stat().st_size, zipped_size(_parts(sparse), check))


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            yield part
