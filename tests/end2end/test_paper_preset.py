"""A preset of the paper on a miniature CIFAR-100, through the command line, from the data set's files to six exports."""

import json
import shutil

import torch
import torchvision

from tests.data_sets.writers import write
from vpns_engine.cli import main
from vpns_engine.store import RunLibrary

_SMALL = {
    "epochs": 1,
    "weights": "none",
    "image-size": 32,
    "canvas": 32,
    "pad": 2,
    "batch-size": 32,
    "dense": "mapped",
    "device": "cpu",
    "threads": 1,
}
_SPARSITIES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def test_that_a_paper_preset_goes_through_all_six_sparsities_to_exports(tmp_path, capsys):
    root, runs = tmp_path / "data", tmp_path / "runs"
    write("cifar100", root, per_class=2, classes=20)
    places = ["--data-root", str(root), "--runs", str(runs)]
    small = [word for name, value in _SMALL.items() for word in (f"--{name}", str(value))]
    assert main(["run", "--preset", "paper-resnet18-cifar100", *places, *small]) == 0
    (run,) = RunLibrary(runs).runs()
    for level, sparsity in enumerate(_SPARSITIES, 1):
        export = tmp_path / "export"
        assert main(["export", str(run), str(export), "--level", str(level)]) == 0
        _check_export(export, sparsity)
        shutil.rmtree(export)
    shutil.rmtree(run)  # a gigabyte
    told = capsys.readouterr().out
    assert told.count("re-read in a fresh process") == len(_SPARSITIES)


def _check_export(export, sparsity):
    state = torch.load(export / "model.pt", weights_only=True)
    network = torchvision.models.resnet18(weights=None)
    network.load_state_dict(state)
    scored = [module.weight for module in network.modules() if isinstance(module, torch.nn.Conv2d | torch.nn.Linear)]
    total = sum(weight.numel() for weight in scored)
    kept = sum(int(torch.count_nonzero(weight)) for weight in scored)
    # k = int((1 - d) N) weights fall, ties at the threshold fall too
    assert 0 <= total - int(sparsity * total + 1e-6) - kept <= 2
    metrics = json.loads((export / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["test"] is not None
