"""Downloads."""

import hashlib
import io
import urllib.error
from http.client import IncompleteRead

import pytest

from vpns_engine.errors import EngineError
from vpns_engine.nn.download import fetch

CONTENT = b"weights" * 100_000
NAME = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


_SIZE = len(CONTENT)


class _Answer(io.BytesIO):
    def __init__(self, content, size):
        super().__init__(content)
        self.headers = {} if size is None else {"Content-Length": str(size)}


@pytest.fixture
def answer(monkeypatch):
    """Let the network answer with this content; gives the addresses asked for."""
    asked = []

    def give(content=CONTENT, size=_SIZE, error=None):
        def opened(url, timeout):
            asked.append((url, timeout))
            if error:
                raise error
            return _Answer(content, size)

        monkeypatch.setattr("urllib.request.urlopen", opened)
        return asked

    return give


def test_that_a_download_is_kept_and_not_asked_for_twice(tmp_path, answer):
    asked, told = answer(), []
    for _ in range(2):
        path = fetch(f"https://example.org/models/{NAME}", tmp_path, lambda text, done: told.append((text, done)))
        assert path.read_bytes() == CONTENT
    assert path == tmp_path / NAME
    assert len(asked) == 1
    assert told[-1][1] == 1.0
    assert [done for _, done in told] == sorted(done for _, done in told)


def test_that_progress_without_a_known_size_has_no_share(tmp_path, answer):
    answer(size=None)
    told = []
    fetch(f"https://example.org/{NAME}", tmp_path, lambda _text, done: told.append(done))
    assert set(told) == {None}


def test_that_a_damaged_download_is_refused_and_not_kept(tmp_path, answer):
    answer(content=CONTENT[:-1])
    with pytest.raises(EngineError, match=r"is damaged .*: try again"):
        fetch(f"https://example.org/{NAME}", tmp_path, lambda _text, _done: None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        urllib.error.URLError("no route to host"),
        urllib.error.HTTPError("https://example.org", 404, "Not Found", {}, None),
        TimeoutError("timed out"),
        ConnectionResetError(104, "Connection reset by peer"),
        IncompleteRead(b""),
    ],
)
def test_that_a_failing_network_gives_one_line_with_the_way_out(tmp_path, answer, error):
    answer(error=error)
    with pytest.raises(EngineError, match=r"weights cannot be downloaded .*: check the network, or save https") as caught:
        fetch(f"https://example.org/{NAME}", tmp_path, lambda _text, _done: None)
    assert "\n" not in str(caught.value)
    # the place to save it at is the final one, not the file beside it
    assert str(caught.value).endswith(str(tmp_path / NAME))
    assert list(tmp_path.iterdir()) == []
