"""Measures one saved state in a fresh process: `python -m vpns_engine.gains.child REQUEST`.

Each line of its output is a JSON object: `{"text": ..., "done": ...}` says what goes on, `{"part": ..., "value": ...}` is what
a part found, `{"part": ..., "missing": ...}` why it found nothing. What libraries print goes to the errors' stream.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import torch
from pydantic import BaseModel, ConfigDict
from safetensors.torch import save_file

from vpns_engine.errors import EngineError
from vpns_engine.export.child import end_with_parent
from vpns_engine.export.onnx_file import onnx_missing
from vpns_engine.export.source import Stage, read_source
from vpns_engine.files import explain
from vpns_engine.gains.memory import BATCH
from vpns_engine.gains.model import Part
from vpns_engine.gains.runners import time_cuda, time_onnx, time_torch
from vpns_engine.gains.sizes import sizes_of
from vpns_engine.gains.subject import Subject, subject_of, weights_of
from vpns_engine.gains.timing import FULL, QUICK
from vpns_engine.gains.work import work_of
from vpns_engine.store import RunStore

_SECONDS_BETWEEN = 0.1


class Request(BaseModel):
    """What to measure. `folder` is an empty one for files; those of the networks and a batch stay there."""

    model_config = ConfigDict(frozen=True)

    run: Path
    level: int
    stage: Stage
    folder: Path
    quick: bool
    threads: int


class Teller:
    """Writes lines for whoever asked."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._said, self._next = "", 0.0

    def say(self, text: str, done: float = 0.0) -> None:
        """Say what goes on, and the share of the part that is done; ten times a second at most."""
        if text != self._said or time.monotonic() >= self._next:
            self._said, self._next = text, time.monotonic() + _SECONDS_BETWEEN
            self.tell({"text": text, "done": done})

    def tell(self, line: dict[str, Any]) -> None:
        """Write one line."""
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()


def main() -> None:
    """Do what the request says."""
    teller = Teller(_own_output())
    end_with_parent()
    request = Request.model_validate_json(Path(sys.argv[1]).read_bytes())
    torch.set_num_threads(request.threads)
    try:
        teller.say("Reading the saved state")
        source = read_source(RunStore.open(request.run), level=request.level, stage=request.stage)
        subject = subject_of(source)
    except EngineError as error:
        teller.tell({"refused": str(error)})
        return
    teller.tell({"part": "weights", "value": weights_of(subject).model_dump()})
    teller.tell({"about": {"gpu": _gpu(), "noise_pictures": source.pictures_are_noise}})
    for part, measure in _parts(subject, request, teller):
        _measure(part, measure, teller)
    teller.tell({"begins": "memory"})  # what fails from here on is its reason
    _leave_files(subject, request.folder)
    teller.tell({"over": True})


def _own_output() -> TextIO:
    """Keep the output to ourselves: what libraries print goes to the errors."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "w", encoding="utf-8")


def _parts(subject: Subject, request: Request, teller: Teller) -> Iterator[tuple[Part, Callable[[], Any]]]:
    effort = QUICK if request.quick else FULL
    yield "sizes", partial(sizes_of, subject, request.folder, teller.say)
    yield "work", partial(work_of, subject)
    yield "torch", partial(time_torch, subject, request.threads, effort, teller.say)
    yield "onnx", partial(_onnx, subject, request, teller)
    yield "cuda", partial(_cuda, subject, request, teller)


def _onnx(subject: Subject, request: Request, teller: Teller) -> Any:  # noqa: ANN401
    if missing := onnx_missing():
        raise EngineError(missing)
    return time_onnx(subject, request.threads, QUICK if request.quick else FULL, request.folder, teller.say)


def _cuda(subject: Subject, request: Request, teller: Teller) -> Any:  # noqa: ANN401
    if not torch.cuda.is_available():
        raise EngineError("PyTorch finds no CUDA GPU here")
    return time_cuda(subject, QUICK if request.quick else FULL, teller.say)


def _measure(part: Part, measure: Callable[[], Any], teller: Teller) -> None:
    """Measure a part; one that cannot be measured leaves the others."""
    teller.tell({"begins": part})
    try:
        teller.tell({"part": part, "value": [found.model_dump() for found in measure()]})
    except EngineError as error:
        teller.tell({"part": part, "missing": str(error)})
    except OSError as error:
        teller.tell({"part": part, "missing": explain(error, Path(error.filename or "the temporary folder"))})
    except (RuntimeError, MemoryError) as error:  # out of memory, a GPU that fails
        lines = str(error).strip().splitlines()
        teller.tell({"part": part, "missing": lines[0][:300] if lines else type(error).__name__})


def _leave_files(subject: Subject, folder: Path) -> None:
    """Write what the processes whose memory is measured read."""
    pruned = subject.variants["pruned"]
    for name in ("dense", "pruned"):
        state = subject.variants[name].network.state_dict()
        save_file({entry: tensor.contiguous() for entry, tensor in state.items()}, folder / f"{name}.safetensors")
    save_file({"x": pruned.seen(subject.batch(BATCH)).contiguous()}, folder / "batch.safetensors")


def _gpu() -> str:
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""


if __name__ == "__main__":
    main()
