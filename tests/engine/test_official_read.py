"""Reading checkpoints of the released code: what is refused, in which words (the recorded ones: tests/conformance)."""

import pickle
import re

import pytest
import torch

from tests.engine.checkpoints import Written, changed, write_both
from vpns_engine.errors import EngineError
from vpns_engine.official.read import read_checkpoint


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Written:
    return write_both(tmp_path_factory.mktemp("official"))


def test_that_the_stage_is_told_from_the_file(written, tmp_path):
    renamed = written.prune.rename(tmp_path / "something.pth")
    assert read_checkpoint(renamed).stage == "search"
    renamed.rename(written.prune)
    assert read_checkpoint(written.best).stage == "finetune"


def test_that_settings_of_the_optimizers_are_read(written):
    assert read_checkpoint(written.best).settings.groups.keys() == {"weights", "finetune_prompt", "scores"}
    assert read_checkpoint(written.best).settings.optim().weights == written.store.config.optim.weights


def test_that_a_missing_file_is_named(tmp_path):
    with pytest.raises(EngineError, match=re.escape(str(tmp_path / "none.pth"))):
        read_checkpoint(tmp_path / "none.pth")


def test_that_nothing_in_a_hostile_file_is_run(tmp_path):
    trace, path = tmp_path / "trace", tmp_path / "1best.pth"

    class Hostile:
        def __reduce__(self):
            return trace.touch, ()

    path.write_bytes(pickle.dumps({"state_dict": Hostile()}))
    with pytest.raises(EngineError, match="more than tensors and plain values"):
        read_checkpoint(path)
    torch.save({"state_dict": Hostile()}, path)
    with pytest.raises(EngineError, match="more than tensors and plain values"):
        read_checkpoint(path)
    assert not trace.exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_that_a_cut_file_is_refused(written, tmp_path, share):
    whole = written.best.read_bytes()
    path = tmp_path / "cut.pth"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(EngineError, match=r"cut\.pth is damaged, or no PyTorch checkpoint \(\S|more than tensors"):
        read_checkpoint(path)


def test_that_a_plain_state_dict_is_told_from_a_checkpoint(tmp_path):
    torch.save({"fc.weight": torch.zeros(2, 3)}, tmp_path / "plain.pth")
    with pytest.raises(EngineError, match="plain state dict; take it as a weights file"):
        read_checkpoint(tmp_path / "plain.pth")


def test_that_a_file_with_another_value_is_refused(tmp_path):
    torch.save(torch.zeros(2), tmp_path / "tensor.pth")
    with pytest.raises(EngineError, match="it holds a tensor, not a table"):
        read_checkpoint(tmp_path / "tensor.pth")


def _first_scores(content):
    name = next(name for name in content["state_dict"] if name.endswith(".popup_scores"))
    return content["state_dict"], name


def _misshape(content):
    state, name = _first_scores(content)
    state[name] = state[name][:1]


def _diverge(content):
    state, name = _first_scores(content)
    state[name][0] = float("nan")


def _lose_weight(content):
    state, name = _first_scores(content)
    del state[name.replace("popup_scores", "weight")]


_FAULTS = {
    "no state_dict": (lambda c: c.pop("state_dict"), "it has no state_dict"),
    "no scores": (lambda c: c.update(state_dict={"a": torch.zeros(1)}), "no layer has popup_scores"),
    "more than tensors": (lambda c: c["state_dict"].update(a=3), "more than tensors"),
    "scores of another shape": (_misshape, "they belong together"),
    "scores without a weight": (_lose_weight, "has scores but no weight"),
    "not finite": (_diverge, "not finite"),
    "no program": (lambda c: c.update(visual_prompt={"mask": torch.zeros(3, 8, 8)}), "has no program"),
    "no square": (lambda c: c["visual_prompt"].update(program=torch.zeros(3, 8, 9)), r"\(3, 8, 9\); 3 x C x C"),
    "another region": (lambda c: c["visual_prompt"].update(mask=torch.zeros(3, 9, 9)), r"\(3, 9, 9\), the prompt \(3, 8, 8\)"),
    "shares": (lambda c: c["visual_prompt"].update(mask=torch.full((3, 8, 8), 0.5)), "not one region of 0 and 1"),
    "no mapping": (lambda c: c.pop("mapping_sequence"), "no mapping_sequence"),
    "mapping twice": (lambda c: c.update(mapping_sequence=torch.tensor([1, 1])), "to two target classes"),
}


@pytest.mark.parametrize("fault", _FAULTS)
def test_that_a_fault_is_told_in_one_line(written, tmp_path, fault):
    change, words = _FAULTS[fault]
    path = changed(written.best, tmp_path / "1best.pth", change)
    with pytest.raises(EngineError, match=words) as caught:
        read_checkpoint(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_that_a_checkpoint_without_a_prompt_or_optimizers_can_be_read(written, tmp_path):
    def strip(content):
        for name in [name for name in content if name not in ("state_dict", "mapping_sequence")]:
            del content[name]

    found = read_checkpoint(changed(written.best, tmp_path / "2prune.pth", strip))
    assert found.stage == "search"
    assert (found.program, found.initial, found.said.accuracy, found.said.epoch) == (None, None, None, 1)
