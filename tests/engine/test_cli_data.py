"""`vpns data`."""

import pytest

from tests.data_sets.packing import serve_set
from tests.data_sets.web import serving
from tests.data_sets.writers import write
from vpns_engine.cli import main
from vpns_engine.data_sets.facts import facts_of
from vpns_engine.folders import data_folder
from vpns_engine.specs.data import DATASET_LABELS, NAMED


@pytest.fixture(autouse=True)
def _folders(tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("VPNS_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def said(capsys, *arguments):
    """Run `vpns data` and give its exit code, what it printed, and what it complained of."""
    code = main(["data", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_that_the_list_says_of_every_set_how_it_stands(tmp_path, capsys):
    write("cifar100", tmp_path / "root")
    (tmp_path / "root" / "SUN397").mkdir()
    (tmp_path / "root" / "SUN397" / "ClassName.txt").write_text("/a/abbey\n")
    code, out, _ = said(capsys, "list", "--data-root", tmp_path / "root")
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert code == 0
    assert all(DATASET_LABELS[key] in lines[key] for key in NAMED if key not in ("imagenet", "stanford_cars", "sun397"))
    assert lines["cifar100"].endswith("ready")
    assert lines["dtd"].endswith("will be downloaded (625 MB)")
    assert "by hand" in out and "https://image-net.org/download.php" in out
    assert f"sun397: incomplete: a/ missing in {tmp_path / 'root' / 'SUN397'}" in out
    assert f"data root: {tmp_path / 'root'}" in out


def test_that_fetch_brings_a_set_under_any_way_to_write_its_name(tmp_path, capsys, monkeypatch):
    with serving({}) as web:
        facts = serve_set("cifar100", tmp_path / "made", web)
        monkeypatch.setattr("vpns_engine.data_sets.fetch.facts_of", lambda _key: facts)
        for name in ("CIFAR-100", "cifar_100", "cifar100"):
            code, out, err = said(capsys, "fetch", name, "--data-root", tmp_path / "root")
            assert code == 0 and out == f"CIFAR-100: ready in {tmp_path / 'root' / 'cifar-100-python'}\n"
        assert len(web.asked) == 1
    assert err == ""


def test_that_fetch_without_a_terminal_says_each_thing_once(tmp_path, capsys, monkeypatch):
    with serving({}) as web:
        facts = serve_set("svhn", tmp_path / "made", web)
        monkeypatch.setattr("vpns_engine.data_sets.fetch.facts_of", lambda _key: facts)
        err = said(capsys, "fetch", "svhn", "--data-root", tmp_path / "root")[2]
    assert err.splitlines() == [
        "Downloading train_32x32.mat",
        "Downloading test_32x32.mat",
        "Unpacking train_32x32.mat",
        "Unpacking test_32x32.mat",
    ]


def test_that_a_fetch_that_fails_is_code_1_and_one_line(tmp_path, capsys):
    code, out, err = said(capsys, "fetch", "imagenet", "--data-root", tmp_path)
    assert (code, out) == (1, "")
    assert err.startswith("vpns: ImageNet must be fetched by hand: ") and err.count("\n") == 1


@pytest.mark.parametrize("action", ["fetch", "check"])
def test_that_an_unknown_name_is_wrong_usage_and_names_the_known_ones(tmp_path, capsys, action):
    code, _, err = said(capsys, action, "cifar", "--data-root", tmp_path)
    assert code == 2
    assert err == f"vpns: no data set 'cifar': one of {', '.join(NAMED)}\n"


def test_that_check_says_what_is_wrong_and_gives_code_1(tmp_path, capsys):
    write("mnist", tmp_path)
    code, out, _ = said(capsys, "check", "mnist", "--data-root", tmp_path)
    assert code == 1
    first, *problems = out.splitlines()
    assert first == "MNIST: 10 classes; 80 training, 0 validation, 40 test images; 2 problems"
    assert problems[0] == "  80 training images where 60,000 were published"


def test_that_check_of_a_right_set_gives_code_0(tmp_path, capsys, monkeypatch):
    write("mnist", tmp_path)
    facts = facts_of("mnist").model_copy(update={"num_train": 80, "num_test": 40})
    monkeypatch.setattr("vpns_engine.data_sets.check.facts_of", lambda _key: facts)
    code, out, _ = said(capsys, "check", "mnist", "--data-root", tmp_path)
    assert (code, out.endswith("all of them read, as published\n")) == (0, True)


def test_that_check_shows_few_of_many_problems(tmp_path, capsys):
    write("dtd", tmp_path)
    for path in (tmp_path / "dtd" / "dtd" / "images").rglob("*.jpg"):
        path.write_bytes(b"")
    out = said(capsys, "check", "dtd", "--data-root", tmp_path)[1]
    assert len(out.splitlines()) == 22 and out.splitlines()[-1].startswith("  and ")


def test_that_check_of_a_set_that_is_not_there_is_one_line(tmp_path, capsys):
    code, _, err = said(capsys, "check", "dtd", "--data-root", tmp_path)
    assert code == 1 and err.startswith("vpns: DTD is not there: ") and err.count("\n") == 1


def test_that_check_goes_on_to_the_next_set(tmp_path, capsys):
    write("mnist", tmp_path)
    code, out, err = said(capsys, "check", "dtd", "mnist", "--data-root", tmp_path)
    assert code == 1 and err.startswith("vpns: DTD is not there: ") and "MNIST" in out


def test_that_the_root_is_set_for_all_runs_and_reset(tmp_path, capsys):
    usual = data_folder()
    assert said(capsys, "root")[1] == f"{usual}\n"
    new = tmp_path / "new root"
    assert said(capsys, "root", new)[:2] == (0, f"{new}\n")
    assert new.is_dir() and data_folder() == new
    assert said(capsys, "root")[1] == f"{new}\n"
    assert said(capsys, "root", "--reset")[1] == f"{usual}\n"


def test_that_a_root_that_cannot_be_is_refused_and_the_old_one_stays(tmp_path, capsys):
    usual = data_folder()
    (tmp_path / "file").write_text("x")
    code, _, err = said(capsys, "root", tmp_path / "file")
    assert code == 1 and f"{tmp_path / 'file'} is a file, not a folder" in err and err.count("\n") == 1
    assert said(capsys, "root", " ")[0] == 2
    assert data_folder() == usual


def test_that_the_environment_goes_before_the_setting_and_that_is_said(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("VPNS_DATA", str(tmp_path / "from env"))
    _, out, err = said(capsys, "root", tmp_path / "set")
    assert out == f"{tmp_path / 'from env'}\n"
    assert err == f"vpns: VPNS_DATA={tmp_path / 'from env'} decides while it is set\n"
