"""A run's saved states in the released code's format: keys, types, and what cannot be written."""

import json
from pathlib import Path

import pytest
import torch

from tests.conformance.described import kinds_described, kinds_of
from tests.engine.checkpoints import write_both
from tests.engine.tiny_runs import make_pictures, run, tiny_config
from vpns_engine.errors import EngineError
from vpns_engine.nn.models import plain_network
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.official.content import Outgoing, content_of
from vpns_engine.official.read import read_checkpoint
from vpns_engine.official.rebuild import apply
from vpns_engine.official.write import write_checkpoint
from vpns_engine.specs.optim import OptimGroups, OptimSpec

_DESCRIPTION = Path(__file__).parent.parent / "conformance/cases/ckpt/resnet18_torchseed_pad_d10.description.json"
_MEASURED = {"val_best_acc": 1.0, "ckpt_test_acc": 1.0, "epoch": 1, "state": 0}
_RESULTS = {"train_acc": [0.5, 1.0], "val_acc": [0.5, 1.0]}


@pytest.mark.parametrize("stage", ["search", "finetune"])
def test_that_a_resnet18_has_the_keys_and_types_that_were_recorded(stage):
    network = SparseNetwork(plain_network("resnet18", 1000))
    scores = {item.name: item.score for item in network.scored}
    weights = network.plain_state(masked=False)
    sgd = OptimSpec(kind="sgd", lr=0.01)
    own = {"ckpt_test_acc": 1.0, "ckpt_epoch": 1} if stage == "search" else {"no_train_acc": 0.5}
    written = content_of(
        Outgoing(
            stage=stage,
            weights=weights,
            scores=scores,
            initial=weights,
            initial_scores=scores,
            program=torch.zeros(3, 64, 64),
            region=torch.zeros(64, 64),
            mapping=range(5),
            optim=OptimGroups(weights=sgd, finetune_prompt=sgd),
            search_epochs=2,
            finetune_epochs=2,
            done=2,
            measured=_MEASURED | {"all_results": _RESULTS | own},
        )
    )
    name = "1prune.pth" if stage == "search" else "1best.pth"
    recorded = json.loads(_DESCRIPTION.read_text(encoding="utf-8"))["files"][name]["content"]
    assert kinds_of(written) == kinds_described(recorded)
    assert list(written["state_dict"]) == list(recorded["state_dict"])


def test_that_what_a_run_saved_stands_in_the_checkpoint(tmp_path):
    written = write_both(tmp_path)
    content = torch.load(written.best, weights_only=True)
    history = written.store.read().history
    tested = {result.stage: result.accuracy for result in history.levels[0].tested}
    assert content["ckpt_test_acc"] == tested["finetune"] and content["all_results"]["no_train_acc"] == tested["search"]
    assert content["all_results"]["train_acc"] == [epoch.train_accuracy for epoch in history.phases[-1].epochs]
    assert (content["epoch"], content["state"], content["mapping_sequence"].tolist()) == (0, 0, list(history.levels[0].sources))
    assert content["weight_scheduler"]["last_epoch"] == 1 and content["score_scheduler"]["last_epoch"] == 0
    assert (written.best.parent / "DENSITY.txt").read_text(encoding="utf-8") == "1best.pth: density 0.5\n"


def test_that_the_checkpoint_gives_the_mask_of_the_run_again(tmp_path):
    written = write_both(tmp_path, mask={"sparsities": [0.7]})
    network = SparseNetwork(plain_network("resnet20", 37))
    apply(read_checkpoint(written.prune), network, 0.3)
    kept = [epoch.kept for epoch in written.store.read().history.phases[2].epochs][-1]
    assert network.kept() == kept


def test_that_a_schedule_of_two_steps_can_be_written_and_read(tmp_path):
    steps = {"kind": "sgd", "lr": 0.01, "momentum": 0.0, "schedule": "multistep"}
    written = write_both(tmp_path, optim={"weights": steps, "scores": {"schedule": "multistep", "lr": 0.002}})
    for path in (written.prune, written.best):
        optim = read_checkpoint(path).settings.optim()
        assert (optim.weights, optim.scores) == (written.store.config.optim.weights, written.store.config.optim.scores)


@pytest.mark.parametrize("method", ["omp", "random"])
def test_that_a_mask_by_a_criterion_can_be_written(tmp_path, method):
    store, _ = run(tiny_config(make_pictures(tmp_path / "pictures"), method=method), tmp_path / "runs")
    path = write_checkpoint(store, tmp_path / "out").path
    checkpoint = read_checkpoint(path)
    assert checkpoint.region is not None and not checkpoint.region.any()


def test_that_a_prompt_the_released_code_does_not_have_is_refused(tmp_path):
    config = tiny_config(make_pictures(tmp_path / "pictures"), prompt={"kind": "low_rank", "canvas": 8, "rank": 2})
    store, _ = run(config, tmp_path / "runs")
    with pytest.raises(EngineError, match="no prompt of kind 'low_rank'"):
        write_checkpoint(store, tmp_path / "out")
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".out*"))


def test_that_a_folder_in_use_is_refused(tmp_path):
    written = write_both(tmp_path)
    with pytest.raises(EngineError, match="is not empty"):
        write_checkpoint(written.store, tmp_path / "best")


def test_that_initial_weights_that_have_changed_are_noticed(tmp_path):
    weights = tmp_path / "own.pt"
    torch.save(plain_network("resnet20", 37).state_dict(), weights)
    model = {"architecture": "resnet20", "weights": "file", "weights_file": str(weights)}
    store, _ = run(tiny_config(make_pictures(tmp_path / "pictures"), model=model), tmp_path / "runs")
    assert write_checkpoint(store, tmp_path / "out").path.is_file()
    torch.manual_seed(99)
    torch.save(plain_network("resnet20", 37).state_dict(), weights)
    with pytest.raises(EngineError, match="have changed meanwhile"):
        write_checkpoint(store, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_that_a_checkpoint_that_reads_back_otherwise_is_not_kept(tmp_path, monkeypatch):
    written = write_both(tmp_path)
    monkeypatch.setattr("vpns_engine.official.write.content_of", lambda outgoing: _nudged(content_of(outgoing)))
    with pytest.raises(EngineError, match="the checkpoint gives another mask than the run"):
        write_checkpoint(written.store, tmp_path / "third")
    assert not (tmp_path / "third").exists()


def _nudged(content):
    content["state_dict"]["fc.popup_scores"] = content["state_dict"]["fc.popup_scores"].flip(0)
    return content
