"""`vpns weights`: the networks, and their pre-trained weights."""

import hashlib

import pytest
import torch

from tests.data_sets.web import serving
from vpns_engine.catalogue import catalogue
from vpns_engine.cli import main
from vpns_engine.exit_codes import FAILED, FINISHED, USAGE
from vpns_engine.nn.models import load_pretrained, plain_network
from vpns_engine.specs.model import ModelSpec


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Look for weights in one folder only, and download to another one."""
    monkeypatch.setenv("VPNS_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("VPNS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def test_that_the_list_names_every_network_and_where_its_weights_are(folder, capsys):
    path = folder / catalogue()["resnet50"].file_name
    path.write_bytes(b"")
    assert main(["weights", "list"]) == FINISHED
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert set(catalogue()) <= set(rows)
    assert str(path) in rows["resnet50"]
    assert rows["resnet20"].endswith("bundled")
    assert rows["vit_b_16"].endswith("to download (346 MB)") and "224 px only" in rows["vit_b_16"]
    assert str(folder) in rows["looked"]


def test_that_weights_that_are_there_are_not_fetched_again(folder, capsys):
    path = folder / catalogue()["resnet50"].file_name
    path.write_bytes(b"")
    assert main(["weights", "fetch", "resnet50", "resnet20"]) == FINISHED
    assert capsys.readouterr().out.splitlines() == [f"resnet50: {path}", "resnet20: its weights are bundled"]


@pytest.mark.usefixtures("folder")
def test_that_a_network_that_is_not_known_is_told_before_anything_is_fetched(capsys):
    assert main(["weights", "fetch", "resnet50", "resnet19"]) == FAILED
    printed = capsys.readouterr()
    assert printed.err.startswith("vpns: architecture 'resnet19' is not known: is it ")
    assert printed.err.count("\n") == 1 and printed.out == ""


@pytest.mark.usefixtures("folder")
def test_that_no_network_is_one_line_that_says_what_to_save_where(capsys, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    assert main(["weights", "fetch", "resnet18"]) == FAILED
    announced, problem = capsys.readouterr().err.splitlines()
    assert announced.startswith("Downloading weights of ResNet-18 (47 MB) to ")
    assert problem.startswith("vpns: weights of ResNet-18 cannot be downloaded (")
    assert problem.endswith("resnet18-f37072fd.pth")


def test_that_fetch_asks_for_a_name():
    with pytest.raises(SystemExit) as ended:
        main(["weights", "fetch"])
    assert ended.value.code == USAGE


def _offered(tmp_path, spoil=False):
    """Put a real file of SqueezeNet's weights on a server of this machine; give its content, server and state dict."""
    state = plain_network("squeezenet1_1", 1000).state_dict()
    torch.save(state, tmp_path / "made.pth")
    content = (tmp_path / "made.pth").read_bytes()
    name = f"squeezenet1_1-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    served = serving({name: content[:-1] + b"?" if spoil else content})
    return served, name, state


def _point_at(monkeypatch, url):
    monkeypatch.setitem(catalogue(), "squeezenet1_1", catalogue()["squeezenet1_1"].model_copy(update={"url": url}))


@pytest.fixture
def _direct(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.usefixtures("folder", "_direct")
def test_that_fetched_weights_are_the_ones_a_run_loads(monkeypatch, tmp_path, capsys):
    served, name, state = _offered(tmp_path)
    with served as web:
        _point_at(monkeypatch, web.url(name))
        assert main(["weights", "fetch", "squeezenet1_1"]) == FINISHED
    path = tmp_path / "cache" / "weights" / name
    assert capsys.readouterr().out == f"squeezenet1_1: {path}\n"
    # the server is gone: what was fetched is used
    loaded = load_pretrained(ModelSpec(architecture="squeezenet1_1"), 1, lambda _text, _done: None)
    assert all(torch.equal(value, state[entry]) for entry, value in loaded.module.state_dict().items())


@pytest.mark.usefixtures("folder", "_direct")
def test_that_damaged_weights_are_refused_and_not_kept(monkeypatch, tmp_path, capsys):
    served, name, _ = _offered(tmp_path, spoil=True)
    with served as web:
        _point_at(monkeypatch, web.url(name))
        assert main(["weights", "fetch", "squeezenet1_1"]) == FAILED
    assert "is damaged (its checksum differs)" in capsys.readouterr().err
    assert not (tmp_path / "cache" / "weights" / name).exists()
