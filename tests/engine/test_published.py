"""The published numbers that come with the program."""

import csv
import re
from collections import Counter

from tests.architecture.sources import ROOT
from vpns_engine.bundled import resource
from vpns_engine.catalogue import labels
from vpns_engine.presets import all_presets
from vpns_engine.published import DENSE_METHOD, MAIN_STUDIES, OUR_NAMES, STUDY_LABELS, published
from vpns_engine.specs.data import NAMED
from vpns_engine.specs.method import METHOD_LABELS


def _rows():
    with resource("published.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _places():
    return sorted({(row["architecture"], row["dataset"]) for row in _rows()})


def _line(architecture, dataset, study, method):
    (line,) = [line for line in published(architecture, dataset) if (line.study, line.method) == (study, method)]
    return line


def test_that_every_published_row_is_given_once():
    given = [point for place in _places() for line in published(*place) for point in line.points]
    assert len(given) == len(_rows()) > 900


def test_that_the_places_are_networks_and_data_sets_that_are_known_here():
    assert all(architecture in labels() and dataset in NAMED for architecture, dataset in _places())
    assert set(OUR_NAMES.values()) <= set(METHOD_LABELS)
    assert {row["study"] for row in _rows()} == set(STUDY_LABELS)


def test_that_accuracies_are_shares_and_sparsities_grow():
    for place in _places():
        for line in published(*place):
            sparsities = [point.sparsity for point in line.points]
            assert sparsities == sorted(sparsities) and all(0 <= sparsity < 1 for sparsity in sparsities), line
            assert all(0 < point.accuracy < 1 and point.seeds >= 1 for point in line.points), line


def test_that_a_figure_of_the_table_is_what_is_given():
    at_90 = _line("resnet18", "cifar100", "main", "VPNs").points[-1]
    wanted = {"study": "main", "dataset": "cifar100", "method": "VPNs", "sparsity": "90"}
    (row,) = [row for row in _rows() if wanted.items() <= row.items()]
    assert (at_90.sparsity, at_90.accuracy, at_90.seeds) == (0.9, float(row["accuracy"]) / 100, 3)
    assert at_90.deviation == float(row["std"]) / 100


def test_that_each_published_setting_that_is_a_preset_has_its_comparison_with_a_dense_network():
    papers = [preset.config for preset in all_presets() if preset.key.startswith("paper-")]
    assert papers
    for config in papers:
        lines = [line for line in published(config.model.architecture, config.data.dataset) if line.study in MAIN_STUDIES]
        methods = {line.method for line in lines}
        assert {"VPNs", "OMP", DENSE_METHOD} <= methods, config.data.dataset
        assert not any(line.prompted for line in lines)
        assert [len(line.points) for line in lines if line.is_dense] == [1]


def test_that_studies_measured_with_the_prompt_say_so():
    assert _line("resnet18", "cifar10", "post_prompt_tuned", "OMP").prompted
    assert not _line("resnet18", "cifar10", "main", "OMP").prompted


def test_that_nothing_is_published_of_the_demo():
    assert published("resnet20", "digits") == ()


def test_that_the_source_stands_beside_the_figures():
    text = resource("published.md").read_text(encoding="utf-8")
    assert "2312.01397" in text and "paper" in text


def test_that_the_readme_lists_every_study_with_its_figures():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \| (with|without) the prompt \| (\d+) \|$", text, re.MULTILINE)
    lines = [line for place in _places() for line in published(*place)]
    counts = Counter(row["study"] for row in _rows())
    prompted = {line.study for line in lines if line.prompted}
    assert {(study, "with" if study in prompted else "without", str(count)) for study, count in counts.items()} == set(told)
