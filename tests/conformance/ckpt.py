"""Replays checkpoints that the released code wrote: what is read, and the masks and logits that follow from it."""

import tempfile
from pathlib import Path

import numpy as np
import torch

from tests.conformance.cases import Array, Case, Precision
from tests.conformance.described import kinds_described, kinds_of
from tests.conformance.feeds import pictures
from tests.conformance.limits import limits_of
from tests.conformance.networks import network_of_spec
from tests.conformance.report import Report, worst_difference
from vpns_engine.artifacts import pack
from vpns_engine.nn.normalization import normalize
from vpns_engine.nn.sparse import SparseNetwork, initial_score
from vpns_engine.official.content import Outgoing, content_of
from vpns_engine.official.read import SCORES, Checkpoint, read_checkpoint
from vpns_engine.official.rebuild import apply


def is_checkpoint_case(case: Case) -> bool:
    """Tell a case whose checkpoints are recorded with it."""
    return "folder_layout" in case.settings and bool(list(case.folder.glob("*.pth")))


def replay_checkpoints(case: Case, _precision: Precision, report: Report) -> None:
    """Read every checkpoint of a case and tell how it compares."""
    expected = case.arrays("expected")
    for name in case.settings["files"]:
        stem = name.removesuffix(".pth")
        mine = {key.removeprefix(f"{stem}."): array for key, array in expected.items() if key.startswith(f"{stem}.")}
        checkpoint = read_checkpoint(case.folder / name)
        _compare_content(stem, checkpoint, mine, report)
        _compare_network(case, stem, checkpoint, mine, report)
        _compare_written(case, name, checkpoint, report)


def _compare_content(stem: str, checkpoint: Checkpoint, expected: dict[str, Array], report: Report) -> None:
    state = dict(checkpoint.weights) | {f"{layer}{SCORES}": score for layer, score in checkpoint.scores.items()}
    recorded = {key.removeprefix("state."): array for key, array in expected.items() if key.startswith("state.")}
    report.equal(f"{stem}: names", sorted(state), sorted(recorded))
    report.add(f"{stem}: weights and scores", max(worst_difference(state[key].numpy(), recorded[key]) for key in recorded), 0)
    assert checkpoint.program is not None and checkpoint.region is not None
    report.equal(f"{stem}: prompt", checkpoint.program.numpy(), expected["prompt.program"])
    region = checkpoint.region.expand_as(checkpoint.program).numpy()
    report.equal(f"{stem}: prompt's region", region, expected["prompt.mask"])
    report.equal(f"{stem}: mapping", checkpoint.mapping, expected["mapping_sequence"])
    report.equal(f"{stem}: accuracy it says", checkpoint.said.accuracy, expected["ckpt_test_acc"])
    report.equal(f"{stem}: stage", checkpoint.stage == "search", stem.endswith("prune"))


def _compare_network(case: Case, stem: str, checkpoint: Checkpoint, expected: dict[str, Array], report: Report) -> None:
    config = case.settings["config"]
    # the full network: what a plain VGG of the released code has lost is 0 in it
    network = SparseNetwork(network_of_spec(config["spec"]))
    apply(checkpoint, network, config["densities"][int(stem[0]) - 1])
    report.equal(f"{stem}: threshold", np.float32(network.threshold), expected["threshold"])
    masks = np.concatenate([mask.reshape(-1).numpy() for mask in network.masks()])
    report.equal(f"{stem}: masks", pack(masks), expected["mask_packed"])
    logits = _logits(case, network, checkpoint)
    report.add(f"{stem}: test logits", worst_difference(logits, expected["test_logits"]), limits_of("f32").evaluation_logits)
    found = float(np.mean(logits.argmax(1) == case.inputs["test_y"]))
    report.add(f"{stem}: test accuracy", abs(found - float(expected["test_acc"])), 1e-12)


def _compare_written(case: Case, name: str, checkpoint: Checkpoint, report: Report) -> None:
    """Write what was read, hold keys and types against the recorded description, and read it again."""
    written = content_of(outgoing_of_checkpoint(checkpoint))
    described = kinds_described(case.settings["files"][name]["content"])
    stem, found = name.removesuffix(".pth"), kinds_of(written)
    report.add(f"{stem}: keys and types written", len(found.items() ^ described.items()), 0)
    report.equal(f"{stem}: order written", list(written), list(case.settings["files"][name]["content"]))
    with tempfile.TemporaryDirectory() as folder:
        torch.save(written, path := Path(folder) / name)
        again = read_checkpoint(path)
    report.add(f"{stem}: differences read back", num_changes(checkpoint, again), 0)


def outgoing_of_checkpoint(checkpoint: Checkpoint) -> Outgoing:
    """Say again what a checkpoint says."""
    said = checkpoint.said
    assert checkpoint.initial is not None and checkpoint.program is not None
    own = {"no_train_acc": 0.5} if checkpoint.stage == "finetune" else {"ckpt_test_acc": 0.5, "ckpt_epoch": said.epoch - 1}
    return Outgoing(
        stage=checkpoint.stage,
        weights=checkpoint.weights,
        scores=checkpoint.scores,
        initial=checkpoint.initial,
        initial_scores={layer: initial_score(checkpoint.initial[f"{layer}.weight"]) for layer in checkpoint.scores},
        program=checkpoint.program,
        region=checkpoint.region,
        mapping=checkpoint.mapping,
        optim=checkpoint.settings.optim(),
        search_epochs=said.search_epochs,
        finetune_epochs=said.finetune_epochs,
        done=said.epoch,
        measured={
            "val_best_acc": max(said.test),
            "ckpt_test_acc": said.accuracy,
            "all_results": {"train_acc": list(said.train), "val_acc": list(said.test), **own},
            "epoch": said.epoch - 1,
            "state": said.level,
        },
    )


def num_changes(before: Checkpoint, after: Checkpoint) -> int:
    """Count what differs between two checkpoints; where they lie does not count."""
    pairs = [(before.weights, after.weights), (before.scores, after.scores), (before.initial or {}, after.initial or {})]
    arrays = sum(list(old) != list(new) or any(not torch.equal(old[k], new[k]) for k in old) for old, new in pairs)
    prompts = [(before.program, after.program), (before.region, after.region)]
    prompt = sum(old is None or new is None or not torch.equal(old, new) for old, new in prompts)
    plain = [getattr(before, name) != getattr(after, name) for name in ("stage", "mapping", "said", "settings")]
    return arrays + prompt + sum(plain)


@torch.no_grad()
def _logits(case: Case, network: SparseNetwork, checkpoint: Checkpoint) -> Array:
    x = normalize(pictures(case.inputs["test_x"], torch.float32))
    logits: Array = network.eval()(x)[:, list(checkpoint.mapping)].numpy()
    return logits
