"""What is known of each data set, against what torchvision knows."""

import inspect
import re
from pathlib import Path

import pytest
import torchvision

from vpns_engine.data_sets.facts import facts_of
from vpns_engine.data_sets.layout import LAYOUTS
from vpns_engine.specs.data import NAMED

_CLASSES = {
    "cifar10": torchvision.datasets.CIFAR10,
    "cifar100": torchvision.datasets.CIFAR100,
    "dtd": torchvision.datasets.DTD,
    "eurosat": torchvision.datasets.EuroSAT,
    "flowers102": torchvision.datasets.Flowers102,
    "food101": torchvision.datasets.Food101,
    "gtsrb": torchvision.datasets.GTSRB,
    "mnist": torchvision.datasets.MNIST,
    "oxford_pets": torchvision.datasets.OxfordIIITPet,
    "sun397": torchvision.datasets.SUN397,
    "svhn": torchvision.datasets.SVHN,
}


def _downloads(key):
    return {(one.url, one.digest.removeprefix("md5:")) for one in facts_of(key).downloads}


def test_that_every_named_set_has_its_facts():
    for key in NAMED:
        facts = facts_of(key)
        assert facts.key == key and facts.source.startswith("http") and facts.licence
        assert bool(facts.downloads) != bool(facts.manual)
    assert {key for key in NAMED if not facts_of(key).downloads} == {"imagenet", "stanford_cars"}


@pytest.mark.parametrize("key", ["cifar10", "cifar100"])
def test_that_cifar_is_fetched_and_compared_as_torchvision_does(key):
    known = _CLASSES[key]
    assert _downloads(key) == {(known.url, known.tgz_md5)}
    files = [*known.train_list, *known.test_list, (known.meta["filename"], known.meta["md5"])]
    assert facts_of(key).file_digests() == {f"{known.base_folder}/{name}": f"md5:{md5}" for name, md5 in files}


def test_that_the_other_addresses_and_checksums_are_torchvisions():
    known = torchvision.datasets
    flowers = {(known.Flowers102._download_url_prefix + name, md5) for name, md5 in known.Flowers102._file_dict.values()}
    assert _downloads("flowers102") == flowers
    assert _downloads("dtd") == {(known.DTD._URL, known.DTD._MD5)}
    assert _downloads("food101") == {(known.Food101._URL, known.Food101._MD5)}
    assert _downloads("oxford_pets") == set(known.OxfordIIITPet._RESOURCES)
    assert _downloads("sun397") == {(known.SUN397._DATASET_URL, known.SUN397._DATASET_MD5)}
    assert _downloads("svhn") == {tuple(known.SVHN.split_list[part][::2]) for part in ("train", "test")}
    assert _downloads("mnist") == {(known.MNIST.mirrors[0] + name, md5) for name, md5 in known.MNIST.resources}
    mirrors = {url for one in facts_of("mnist").downloads for url in one.mirrors}
    assert mirrors == {known.MNIST.mirrors[1] + name for name, _ in known.MNIST.resources}


@pytest.mark.parametrize("key", ["eurosat", "gtsrb"])
def test_that_addresses_that_torchvision_has_in_its_code_only_are_its(key):
    code = inspect.getsource(_CLASSES[key].download)
    prefix = "".join(re.findall(r'base_url = "(.+)"', code))
    urls = [url.replace("{base_url}", prefix) for url in re.findall(r'f?"((?:http|\{base_url\}).+\.zip)"', code)]
    assert _downloads(key) == set(zip(urls, re.findall(r'md5="(.+)"', code), strict=True))


@pytest.mark.parametrize("key", [key for key in NAMED if facts_of(key).downloads])
def test_that_what_the_downloads_bring_is_all_that_is_looked_for(key):
    layout = LAYOUTS[key][0]
    brought = [Path(name) for one in facts_of(key).downloads for name in one.gives]
    for need in layout.needs:
        wanted = Path(layout.folder) / need
        assert any(wanted.is_relative_to(one) for one in brought), need
    for one in facts_of(key).downloads:
        assert all(Path(name).is_relative_to(one.into) for name in one.gives)
        assert one.name == one.url.rsplit("/", 1)[-1] and one.bytes > 0


def test_that_what_is_got_by_hand_names_the_place(tmp_path):
    for key in ("imagenet", "stanford_cars"):
        text = facts_of(key).by_hand(tmp_path)
        assert "https://" in text and str(tmp_path) in text and "{" not in text
