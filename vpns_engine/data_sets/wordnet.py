"""Names of classes that are called by a WordNet number, such as n01440764."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from vpns_engine.data_sets.class_names import class_names
from vpns_engine.data_sets.reading import lines_of

_FIRST, _LAST, _NUM_IMAGENET = "n01440764", "n15075141", 1000
_NUMBER = re.compile(r"n\d{8}")


def is_wordnet_number(name: str) -> bool:
    """Tell whether a folder's name is one."""
    return _NUMBER.fullmatch(name) is not None


def words_for(numbers: Sequence[str], files: Iterable[Path]) -> tuple[str, ...]:
    """Name classes by the first of the files that is there: lines of a number and its words.

    Where none is there, the thousand classes of ImageNet are known by their order; others keep their number.
    """
    if path := next((path for path in files if path.is_file()), None):
        words = dict(re.split(r"\s+", line, maxsplit=1) for line in lines_of(path) if re.search(r"\s", line))
        return _distinct([words.get(number, number).split(",")[0].strip() for number in numbers], numbers)
    if (len(numbers), numbers[0], numbers[-1]) == (_NUM_IMAGENET, _FIRST, _LAST):
        return class_names("imagenet")
    return tuple(numbers)


def _distinct(words: Sequence[str], numbers: Sequence[str]) -> tuple[str, ...]:
    """Add the number where two classes have the same word: a crane is a bird and a machine."""
    return tuple(f"{word} ({number})" if words.count(word) > 1 else word for word, number in zip(words, numbers, strict=True))
