"""Chosen runs side by side."""

from statistics import mean, stdev

import pytest

from tests.engine.done_runs import config_of, done_run
from vpns_engine import events as told
from vpns_engine.cli import main
from vpns_engine.compare import HEADER, cells_of, compare, published_beside, read_run, read_runs, rows_of
from vpns_engine.errors import EngineError
from vpns_engine.levels import done_levels
from vpns_engine.presets import preset_called
from vpns_engine.published import published
from vpns_engine.specs.phase import DENSE
from vpns_engine.specs.sweep import control_of
from vpns_engine.summary import collect, families

MEASURED = {7: 0.80, 9: 0.84, 17: 0.79}


def _constant(value):
    return lambda _density, _stage: value


def _dense(value):
    return lambda _density, stage: value if "dense" in stage else 0.7


def _compared(runs):
    found, refused = read_runs(sorted(runs.iterdir(), reverse=True))
    assert refused == []
    return compare(found)


def _arm(comparison, label, stage="finetune"):
    (arm,) = [arm for arm in comparison.arms if arm.label.startswith(label) and arm.stage == stage]
    return arm


def test_that_seeds_are_one_point_with_its_spread_and_every_run_by_name(tmp_path):
    stores = [done_run(tmp_path, config_of(0.9, seed=seed), _constant(value)) for seed, value in MEASURED.items()]
    (point,) = _arm(_compared(tmp_path), "VPNs").points
    assert (point.plain.mean, point.plain.deviation) == pytest.approx((mean(MEASURED.values()), stdev(MEASURED.values())))
    assert point.prompted.mean == pytest.approx(mean(MEASURED.values()) + 0.1)
    assert [(one.seed, one.run) for one in point.measured] == [
        (store.config.seed, store.folder.name) for store in sorted(stores, key=lambda store: store.config.seed)
    ]


def test_that_levels_of_several_runs_are_one_line_by_falling_density(tmp_path):
    done_run(tmp_path, config_of(0.8, seed=7))
    done_run(tmp_path, config_of(0.9, 0.5, seed=7))
    assert [point.density for point in _arm(_compared(tmp_path), "VPNs").points] == pytest.approx([0.5, 0.2, 0.1])


def test_that_methods_stand_in_one_order_whatever_was_chosen_first(tmp_path):
    for config in (config_of(method="random"), control_of(config_of()), config_of(method="omp"), config_of()):
        done_run(tmp_path, config)
    for order in (False, True):
        comparison = compare(read_runs(sorted(tmp_path.iterdir(), reverse=order))[0])
        assert [arm.label.split()[0].rstrip(",") for arm in comparison.arms if arm.stage == "finetune"] == [
            "VPNs", "Control", "OMP", "Random",
        ]  # fmt: skip


def test_that_the_dense_reference_is_one_for_all_methods(tmp_path):
    done_run(tmp_path, config_of(0.9, seed=7, dense="tuned"), _dense(0.8))
    done_run(tmp_path, config_of(0.9, seed=9, method="omp", dense="tuned"), _dense(0.9))
    comparison = _compared(tmp_path)
    (tuned,) = [arm for arm in comparison.dense if arm.stage == "finetune"]
    assert tuned.label == "" and tuned.state == "Dense, tuned" and tuned.points[0].density == 1
    assert tuned.points[0].plain.mean == pytest.approx(0.85) and tuned.points[0].plain.count == 2


def test_that_a_dense_reference_taken_from_another_run_counts_for_that_run(tmp_path):
    store = done_run(tmp_path, config_of(0.9, dense="none"))
    taken = told.Tested(level=DENSE, stage="map", accuracy=0.6, accuracy_prompted=None, taken_from="the-other-run")
    store.append(taken.model_copy(update={"seq": 99, "time": 2e9}))
    store.close()
    (mapped,) = _compared(tmp_path).dense
    assert [(one.run, one.plain) for one in mapped.points[0].measured] == [("the-other-run", 0.6)]


def test_that_runs_of_other_settings_are_arms_and_dense_references_of_their_own(tmp_path):
    done_run(tmp_path, config_of(0.9))
    done_run(tmp_path, config_of(0.9, search_epochs=99))
    comparison = _compared(tmp_path)
    assert {arm.label for arm in comparison.arms} == {"VPNs, pad 2 px, search epochs 30", "VPNs, pad 2 px, search epochs 99"}
    assert {arm.label for arm in comparison.dense} == {"search epochs 30", "search epochs 99"}


def test_that_of_two_runs_that_are_the_same_the_first_that_is_listed_counts(tmp_path):
    one, other = (done_run(tmp_path, config_of(0.9, name=str(value)), _constant(value)) for value in (0.1, 0.2))
    for order in ((one, other), (other, one)):
        (point,) = _arm(compare(read_runs([store.folder for store in order])[0]), "VPNs").points
        assert [measured.run for measured in point.measured] == [order[0].folder.name]


def test_that_a_level_that_was_stopped_is_not_measured(tmp_path):
    done_run(tmp_path, config_of(0.8, 0.9), levels=1)
    assert [point.density for point in _arm(_compared(tmp_path), "VPNs").points] == pytest.approx([0.2])


def test_that_what_was_measured_holds_once_the_states_were_cleared_but_is_done_again_where_they_are_needed(tmp_path):
    store = done_run(tmp_path, config_of(0.9))
    for state in store.folder.rglob("state.safetensors"):
        state.unlink()
    assert [point.plain.mean for point in _arm(_compared(tmp_path), "VPNs").points] == [0.5]
    assert [line.plain.mean for line in families(collect(tmp_path))[0].lines if line.state == "Tuned"] == [0.5]
    assert done_levels(config_of(0.9), tmp_path).levels == {}


def test_that_a_run_that_cannot_be_read_is_told_and_the_others_are_compared(tmp_path):
    done_run(tmp_path, config_of(0.9))
    broken = done_run(tmp_path, config_of(0.5))
    (broken.folder / "config.json").write_text("{")
    found, refused = read_runs([*tmp_path.iterdir(), tmp_path / "gone"])
    assert len(found) == 1 and len(refused) == 2
    assert any(str(broken.folder) in line for line in refused) and any("gone" in line for line in refused)
    with pytest.raises(EngineError, match="gone"):
        read_run(tmp_path / "gone")


def test_that_runs_that_do_not_differ_are_told_apart_all_the_same(tmp_path):
    for _ in range(3):
        done_run(tmp_path, config_of(0.9))
    labels = _compared(tmp_path).labels
    assert len(set(labels)) == 3


def test_that_what_was_published_comes_with_the_network_and_the_data_set(tmp_path):
    paper = preset_called("paper-resnet18-cifar100").config
    done_run(tmp_path, paper, _constant(0.81))
    done_run(tmp_path, config_of(0.9))
    comparison = _compared(tmp_path)
    assert [line for _, line in comparison.published] == list(published("resnet18", "cifar100"))
    assert {place for place, _ in comparison.published} == {"ResNet-18 on CIFAR-100"}
    own = next(a for a in comparison.arms if a.config.data.dataset == "cifar100" and a.stage == "finetune")
    beside = published_beside(comparison, own, 0.1)
    assert (beside.sparsity, beside.seeds) == (0.9, 3)
    assert published_beside(comparison, own, 0.123) is None
    demo = next(a for a in comparison.arms if a.config.data.dataset == "digits" and a.stage == "finetune")
    assert published_beside(comparison, demo, 0.1) is None
    dense = next(a for a in comparison.dense if a.config.data.dataset == "cifar100" and a.stage == "finetune")
    assert published_beside(comparison, dense, 1.0).accuracy == pytest.approx(0.821)


def test_that_the_untuned_mask_and_the_control_arm_have_nothing_published_beside_them(tmp_path):
    paper = preset_called("paper-resnet18-cifar100").config
    done_run(tmp_path, paper)
    done_run(tmp_path, control_of(paper))
    comparison = _compared(tmp_path)
    for arm in comparison.arms:
        expected = arm.label.startswith("VPNs") and arm.stage == "finetune"
        assert (published_beside(comparison, arm, 0.1) is not None) == expected, (arm.label, arm.stage)


def test_that_all_numbers_are_rows_with_the_published_ones_last(tmp_path):
    paper = preset_called("paper-resnet18-cifar100").config
    done_run(tmp_path, paper, _constant(0.8125))
    rows = [dict(zip(HEADER, row, strict=True)) for row in rows_of(_compared(tmp_path))]
    own = [row for row in rows if not row["state"].startswith("published")]
    tuned = next(row for row in own if row["state"] == "Tuned" and row["sparsity %"] == 90)
    assert (tuned["accuracy % without prompt"], tuned["deviation"], tuned["seeds"]) == (81.25, None, "7")
    assert len(rows) - len(own) == sum(len(line.points) for line in published("resnet18", "cifar100"))
    assert rows[: len(own)] == own and all(row["protocol"] == "paper" for row in rows[len(own) :])
    prompted = next(row for row in rows if row["state"] == "published: method_combination")
    assert prompted["accuracy % without prompt"] is None and prompted["accuracy % with prompt"] is not None


def test_that_nothing_chosen_is_an_empty_comparison():
    comparison = compare([])
    assert (comparison.arms, comparison.dense, comparison.published, cells_of(comparison)) == ((), (), (), [])


def test_that_the_terminal_compares_runs_and_writes_their_numbers(tmp_path, capsys):
    runs = tmp_path / "runs"
    paper = preset_called("paper-resnet18-cifar100").config
    stores = [done_run(runs, paper, _constant(0.8)), done_run(runs, paper.model_copy(update={"seed": 9}), _constant(0.82))]
    csv = tmp_path / "numbers.csv"
    assert main(["compare", *(str(store.folder) for store in stores), "--runs", str(runs), "--csv", str(csv)]) == 0
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.lstrip().startswith("90 %") and "Tuned" in line]
    assert "81.00 ± 1.41" in line and "7, 9" in line and line.rstrip().endswith("80.58 ± 0.37")
    assert "Jin et al." in out and csv.read_text(encoding="utf-8").count("\n") > 200


def test_that_the_summary_is_written_as_a_file_of_the_runs_alike(tmp_path, capsys):
    runs = tmp_path / "runs"
    done_run(runs, config_of(0.9))
    done_run(runs, config_of(0.9, seed=9))
    other = done_run(runs, config_of(0.9, search_epochs=99))
    csv = tmp_path / "numbers.csv"
    assert main(["summary", other.folder.name, "--runs", str(runs), "--csv", str(csv)]) == 0
    alike = csv.read_text(encoding="utf-8").splitlines()
    assert main(["summary", "--runs", str(runs), "--csv", str(csv)]) == 0
    everything = csv.read_text(encoding="utf-8").splitlines()
    assert (len(alike), len(everything)) == (1 + 3, 1 + 6)
    assert str(csv) in capsys.readouterr().out


@pytest.mark.parametrize("names", [("nothing",), ("latest", "nothing")])
def test_that_a_run_that_is_not_there_is_said_in_one_line(tmp_path, capsys, names):
    done_run(tmp_path, config_of(0.9))
    assert main(["compare", *names, "--runs", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert "nothing" in error and error.count("\n") == 1


def test_that_a_comparison_of_nothing_measured_says_so(tmp_path, capsys):
    store = done_run(tmp_path, config_of(0.9, dense="none"), levels=0)
    assert main(["compare", "latest", "--runs", str(tmp_path)]) == 1
    assert store.folder.name in capsys.readouterr().err
