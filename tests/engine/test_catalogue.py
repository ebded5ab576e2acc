"""The catalogue by itself; tests/engine/test_architectures.py compares each entry with its network."""

import json
import re
import subprocess
import sys
from itertools import pairwise

import pytest
from pydantic import ValidationError

from tests.catalogue_words import FAMILIES
from tests.make_catalogue import PAPER_WEIGHTS, PATH, names
from vpns_engine.catalogue import CatalogueEntry, catalogue, labels, why_not
from vpns_engine.nn.models import blank_network
from vpns_engine.nn.sparse import scored_weights
from vpns_engine.specs.fields import words_of
from vpns_engine.specs.model import ModelSpec
from vpns_engine.specs.problems import Problem, config_from, validate


def test_that_the_published_totals_stand():
    published = {"resnet18": 11_678_912, "resnet50": 25_502_912, "vgg16": 138_344_128}
    assert {name: catalogue()[name].num_scored for name in published} == published


def test_that_the_published_networks_start_from_the_papers_weights():
    for name, weights in PAPER_WEIGHTS.items():
        assert catalogue()[name].weights.endswith(f"_Weights.{weights}")


@pytest.mark.parametrize("name", ["resnet20", "squeezenet1_1", "maxvit_t", "vgg16", "vit_b_16"])
def test_that_the_catalogue_counts_a_network_with_other_classes(name):
    for count in (12, 300):
        network = blank_network(name, count)
        assert sum(weight.numel() for _, _, weight in scored_weights(network)) == catalogue()[name].scored_with(count)


def test_that_networks_of_a_family_stand_together_under_labels_of_their_own():
    families = [entry.family for entry in catalogue().values()]
    assert sorted(set(families), key=families.index) == list(FAMILIES)
    assert sum(left != right for left, right in pairwise(families)) == len(FAMILIES) - 1
    assert len(set(labels().values())) == len(catalogue()) == len(names())
    assert labels()["vit_b_16"] == "ViT-B/16"


def test_that_the_settings_say_the_labels():
    assert words_of(ModelSpec.model_fields["architecture"]) == labels()


def test_that_weights_are_named_with_the_start_of_their_checksum():
    for name, entry in catalogue().items():
        assert (name == "resnet20") == (entry.url == "")
        assert not entry.url or re.fullmatch(r"[\w.]+-[\w-]*[0-9a-f]{8,}\.pth", entry.file_name)
        assert not entry.url or entry.url.startswith("https://")


def test_that_weights_files_are_as_large_as_their_weights():
    for entry in catalogue().values():
        # GoogLeNet's and Inception's files hold a second classifier too
        assert not entry.url or 0.99 < entry.num_bytes / (4 * entry.num_weights) < (1.05 if not entry.arguments else 2)


def test_that_an_unknown_network_is_refused_in_one_line_with_the_nearest_names():
    (problem,) = validate({"model": {"architecture": "resnet19"}})
    assert problem.location == "model.architecture"
    assert re.fullmatch(r"architecture 'resnet19' is not known: is it resnet1\w+( or \w+)*\?", problem.message)
    (problem,) = validate({"model": {"architecture": "???"}})
    assert problem == Problem("model.architecture", "architecture '???' is not known: `vpns weights list` lists all")


@pytest.mark.parametrize("value", [7, None, ["resnet18"]])
def test_that_something_else_than_a_name_is_refused(value):
    (problem,) = validate({"model": {"architecture": value}})
    assert problem.location == "model.architecture"
    assert "\n" not in problem.message


def test_that_a_network_that_cannot_be_pruned_is_refused_with_its_reason(monkeypatch):
    entry = catalogue()["alexnet"].model_copy(update={"unsupported": "for a test"})
    monkeypatch.setitem(catalogue(), "alexnet", entry)
    assert why_not("alexnet") == "AlexNet cannot be pruned here: for a test"
    (problem,) = validate({"model": {"architecture": "alexnet"}})
    assert problem.message == "AlexNet cannot be pruned here: for a test"


def test_that_every_network_can_be_chosen():
    for name in catalogue():
        assert config_from({"model": {"architecture": name}}).model.architecture == name


def test_that_the_catalogue_is_written_one_line_a_network():
    lines = PATH.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(catalogue()) + 2
    assert list(json.loads(PATH.read_text(encoding="utf-8"))) == list(catalogue())


def test_that_an_entry_takes_nothing_it_does_not_know():
    with pytest.raises(ValidationError):
        CatalogueEntry.model_validate(catalogue()["alexnet"].model_dump() | {"depth": 8})


def test_that_the_catalogue_leaves_torch_alone():
    code = "import sys; from vpns_engine.catalogue import catalogue; catalogue(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
