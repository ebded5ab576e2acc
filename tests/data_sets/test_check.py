"""Going through a whole set."""

from pathlib import Path

import numpy as np
import pytest

from tests.data_sets.writers import write
from vpns_engine.data_sets.check import check
from vpns_engine.data_sets.facts import facts_of
from vpns_engine.data_sets.tables import read_table
from vpns_engine.errors import EngineError
from vpns_engine.specs.data import NAMED


def quiet(_text, _done):
    """Take a report and do nothing."""


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Write a miniature set and let the facts be as if it had been published like this; gives the root."""

    def publish(key):
        write(key, tmp_path)
        table = read_table(key, tmp_path)
        counts = [int(number) for number in np.bincount(table.parts, minlength=3)]
        names = ("num_train", "num_validation", "num_test")
        changes = {**dict(zip(names, counts, strict=True)), "num_classes": len(table.classes), "files": {}, "downloads": ()}
        facts = facts_of(key).model_copy(update=changes)
        monkeypatch.setattr("vpns_engine.data_sets.check.facts_of", lambda _key: facts)
        return tmp_path

    return publish


@pytest.mark.parametrize("key", NAMED)
def test_that_a_set_as_it_was_published_has_no_problem(published, key):
    told = []
    result = check(key, published(key), lambda _text, done: told.append(done))
    assert result.problems == ()
    assert result.num_train > 0
    assert told == sorted(told)


@pytest.mark.parametrize("key", NAMED)
def test_that_a_set_of_another_size_is_told_from_the_published_one(tmp_path, key):
    write(key, tmp_path)
    problems = check(key, tmp_path, quiet).problems
    published = f"training images where {facts_of(key).num_train:,} were published"
    assert any(published in problem for problem in problems)


def test_that_each_picture_that_cannot_be_read_is_named_with_its_reason(published):
    root = published("food101")
    pictures = sorted((root / "food-101" / "images").rglob("*.jpg"))
    whole = pictures[2].read_bytes()
    for path, content in zip(pictures, (b"", b"no picture", whole[: len(whole) // 2]), strict=False):
        path.write_bytes(content)
    problems = check("food101", root, quiet).problems
    assert len(problems) == 3
    for path, reason in zip(pictures, ("empty", "no picture in a known format", "Truncated"), strict=False):
        assert any(problem.startswith(f"{path} cannot be read (") and reason in problem for problem in problems), path


@pytest.mark.parametrize("base", [".", "cifar10"])
def test_that_a_file_that_is_not_the_published_one_is_named(tmp_path, base):
    write("cifar10", tmp_path / base)
    wrong = [problem for problem in check("cifar10", tmp_path, quiet).problems if "its checksum differs" in problem]
    names = sorted(Path(problem.split(" is not the published file")[0]).name for problem in wrong)
    assert names == ["batches.meta", *(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


def test_that_a_check_can_be_cancelled(published):
    class Cancelled(Exception):  # noqa: N818
        pass

    def report(_text, _done):
        raise Cancelled

    with pytest.raises(Cancelled):
        check("dtd", published("dtd"), report)


def test_that_a_set_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(EngineError, match=r"CIFAR-100 is not there: .* was looked for below the data root"):
        check("cifar100", tmp_path, quiet)
