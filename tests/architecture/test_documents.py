"""What README and CONTRIBUTING promise is there."""

import argparse
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from tests.architecture.sources import ROOT
from vpns_engine import cli, events, store
from vpns_engine.catalogue import catalogue
from vpns_engine.data_sets.facts import facts_of
from vpns_engine.specs.data import DATASET_LABELS, NAMED
from vpns_engine.specs.mapping import MAPPING_LABELS
from vpns_engine.specs.method import METHOD_LABELS
from vpns_engine.specs.prompt import PromptSpec

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
COMMON_FIELDS = {"seq", "time", "kind"}


@cache
def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _code(name: str) -> list[str]:
    """Give the lines of a document's code blocks, and its inline code."""
    blocks = re.findall(r"^```\n(.*?)^```$", _text(name), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", _text(name))


def _commands(program: str) -> list[str]:
    return [line for name in DOCUMENTS for line in _code(name) if line.startswith(f"{program} ")]


def test_that_every_make_command_is_a_target():
    asked = {word for line in _commands("make") for word in line.split()[1:] if "=" not in word}
    targets = set(re.findall(r"^([a-z-]+):", _text("Makefile"), re.MULTILINE))
    assert {"run", "test"} <= asked <= targets


def test_that_every_target_is_explained_by_make_help_and_declared_phony():
    text = _text("Makefile")
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())
    assert targets == phony == set(re.findall(r"echo 'make ([a-z-]+)", text)) | {"help"}


@pytest.mark.parametrize("line", _commands("vpns"))
def test_that_every_vpns_command_is_understood(line):
    words = line.split()[1:]
    if words[-1] == "--help":
        words.pop()
    elif len(words) == 1 and words[0] in ("run", "export"):
        return  # named in a sentence
    try:
        cli._parser().parse_args(words)
    except SystemExit:
        pytest.fail(f"not understood: {line}")


def test_that_every_subcommand_is_in_the_readme():
    (commands,) = [action for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction)]
    assert {line.split()[1] for line in _commands("vpns")} == set(commands.choices)


def test_that_every_module_to_run_is_there():
    lines = [line for name in (*DOCUMENTS, "Makefile") for line in _text(name).splitlines()]
    modules = {module for line in lines for module in re.findall(r"python -m ((?:vpns|tests)[\w.]*)", line)}
    places = {module: ROOT.joinpath(*module.split(".")) for module in modules}
    assert [name for name, place in places.items() if not _runs(place)] == []


def _runs(place: Path) -> bool:
    return place.with_suffix(".py").exists() or (place / "__main__.py").exists()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_that_every_linked_file_is_there(name):
    links = [link for link in re.findall(r"\]\(([^)]+)\)", _text(name)) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_that_every_place_named_in_the_readme_is_there():
    section = _text("README.md").split("## Where things are")[1].split("\n## ")[0]
    places = re.findall(r"^\| `([\w./]+)` \|", section, re.MULTILINE)
    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_that_the_readme_lists_every_event_with_its_fields():
    section = _text("README.md").split("### Events")[1].split("\n### ")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \|[^|]*\| (.*) \|$", section, re.MULTILINE)
    told = {kind: set(re.findall(r"`(\w+)`", fields)) for kind, fields in rows}
    union, _ = get_args(events.Event)
    real = {kind.model_fields["kind"].default: set(kind.model_fields) - COMMON_FIELDS for kind in get_args(union)}
    assert told == real


def _table(heading: str) -> list[list[str]]:
    """Give the cells of the rows below a heading of the README."""
    section = re.split(r"\n##+ ", _text("README.md").split(f"### {heading}\n")[1])[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return rows[1:]


def test_that_the_readme_lists_every_network():
    told = {family: names.split(", ") for family, names in _table("Networks")}
    real = {entry.family: [] for entry in catalogue().values()}
    for entry in catalogue().values():
        if not entry.unsupported:
            real[entry.family].append(entry.label)
    assert told == real


def test_that_the_readme_lists_every_data_set_with_its_size():
    told = {name.strip("`"): (label, classes, images) for label, name, classes, images, _ in _table("Data sets")}
    assert set(told) == set(DATASET_LABELS) - {"unknown"}
    for key in NAMED:
        facts = facts_of(key)
        counts = (facts.num_train, facts.num_validation, facts.num_test)
        images = " / ".join(f"{count:,}" if count else "-" for count in counts)
        assert told[key] == (facts.label, f"{facts.num_classes:,}", images)


def test_that_the_readme_lists_every_prompt_mapping_and_method():
    told = [(kind, name.strip("`")) for kind, name, _ in _table("Prompts, label mappings, methods")]
    kinds = {"prompt": PromptSpec.kinds(), "mapping": MAPPING_LABELS, "method": METHOD_LABELS}
    assert sorted(told) == sorted((kind, name) for kind, names in kinds.items() for name in names)


def test_that_the_tests_the_readme_names_are_there():
    named = set(re.findall(r"`(tests/[\w/.]+)`", _text("README.md")))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_that_the_readme_lists_what_run_json_holds():
    (row,) = re.findall(r"^\| `run.json` \| (.*) \|$", _text("README.md"), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == set(store.RunInfo.model_fields)


def test_that_every_measured_figure_is_filled_in():
    assert not re.search(r"to be measured|MEASURED", _text("README.md"))


def test_that_every_dependency_is_given_a_reason():
    project = tomllib.loads(_text("pyproject.toml"))["project"]
    asked = [*project["dependencies"], *(item for extra in project["optional-dependencies"].values() for item in extra)]
    names = {re.split(r"[^\w-]", requirement)[0] for requirement in asked}
    table = _text("CONTRIBUTING.md").split("## Dependencies, and why")[1].split("\n## ")[0]
    told = {name for row in re.findall(r"^\| ([\w, -]+) \|", table, re.MULTILINE) for name in row.split(", ")}
    assert names == told - {"package"}
