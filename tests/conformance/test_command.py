"""The command that replays cases: what makes it fail."""

import json
import shutil
from pathlib import Path

from tests.conformance.__main__ import main

_CASES = Path(__file__).parent / "cases" / "unit"


def _cases(folder, **settings):
    shutil.copytree(_CASES / "mask_function", folder / "mask_function")
    if settings:
        (folder / "other").mkdir()
        (folder / "other" / "case.json").write_text(json.dumps(settings), encoding="utf-8")
    return [str(folder), "--quiet"]


def test_that_cases_that_hold_pass(tmp_path):
    assert main(_cases(tmp_path)) == 0


def test_that_checkpoints_of_the_released_code_are_replayed(tmp_path, capsys):
    shutil.copytree(_CASES.parent / "ckpt" / "tiny_pad_d50", tmp_path / "ckpt" / "tiny")
    assert main([str(tmp_path)]) == 0
    assert "1best: masks" in capsys.readouterr().out


def test_that_a_checkpoint_of_another_density_falls_short(tmp_path, capsys):
    shutil.copytree(_CASES.parent / "ckpt" / "tiny_pad_d50", tmp_path / "ckpt" / "tiny")
    case = tmp_path / "ckpt" / "tiny" / "case.json"
    settings = json.loads(case.read_text(encoding="utf-8"))
    settings["config"]["densities"] = [0.499]
    case.write_text(json.dumps(settings), encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    assert "1prune: masks" in capsys.readouterr().out


def test_that_a_case_of_unknown_kind_fails(tmp_path, capsys):
    assert main(_cases(tmp_path, surprise=1)) == 1
    assert "of no known kind" in capsys.readouterr().out


def test_that_a_folder_without_cases_fails(tmp_path):
    assert main([str(tmp_path)]) == 1
