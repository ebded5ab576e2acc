"""How the data sets stand, in the words of the form: a few beside each in a list, a sentence below the chosen one."""

import os
from collections.abc import Collection, Mapping, Sequence

from vpns_engine.catalogue import catalogue
from vpns_engine.data_sets.facts import facts_of
from vpns_engine.data_sets.status import DataStatus
from vpns_engine.download import megabytes
from vpns_engine.presets import Preset
from vpns_engine.specs.data import NAMED
from vpns_gui.forms.data_note import DataSight

_TONES = {"ready": "good", "download": "text", "manual": "text", "incomplete": "danger"}


def hints(statuses: Mapping[str, DataStatus]) -> dict[str, str]:
    """Give the words that stand beside each data set in the list."""
    return {key: _hint(status) for key, status in statuses.items()}


def preset_hints(presets: Sequence[Preset], statuses: Mapping[str, DataStatus]) -> dict[str, str]:
    """Give the words beside each preset: how its data set stands."""
    of_sets = hints(statuses)
    return {preset.key: of_sets.get(preset.values.get("data", {}).get("dataset", ""), "") for preset in presets}


def sight_of(dataset: object, status: DataStatus | None, root: str, *, own_root: bool) -> DataSight | None:
    """Say how the chosen data set stands; None for one that does not stand below the data root.

    Args:
        dataset: its key, or whatever stands in the form.
        status: None while nobody has looked.
        root: the folder it is looked for in.
        own_root: the settings name a data root of their own, so the one for all runs does not count.
    """
    if dataset not in NAMED:
        return None
    shown = _with_tilde(root)
    if status is None:
        return DataSight("Looking for it …", root=shown, can_change_root=not own_root)
    text = "Ready" if status.state == "ready" else status.text[:1].upper() + status.text[1:]
    return DataSight(
        text.replace(root, shown) if root else text,
        status.text if status.state == "ready" else "",
        shown,
        _TONES[status.state],
        can_download=status.state != "ready" and bool(facts_of(status.key).downloads),
        can_look_again=status.state in ("manual", "incomplete"),
        can_change_root=not own_root,
    )


def weights_note(values: Mapping[str, object], absent: Collection[str]) -> str:
    """Say below the weights that they will be downloaded; empty where they need not be.

    Args:
        values: the draft's values by location.
        absent: architectures whose pre-trained weights are not on the disk.
    """
    architecture = str(values["model.architecture"])
    if values["model.weights"] != "pretrained" or architecture not in absent:
        return ""
    return f"Will be downloaded ({megabytes(catalogue()[architecture].num_bytes)})"


def _with_tilde(folder: str) -> str:
    """Write a folder below the user's own as a person does."""
    home = os.path.expanduser("~")  # noqa: PTH111 - answers where pathlib raises
    return f"~{folder.removeprefix(home)}" if home != "/" and folder.startswith(home + os.sep) else folder


def _hint(status: DataStatus) -> str:
    match status.state:
        case "ready":
            return "ready"
        case "download":
            return f"download, {megabytes(status.bytes)}"
        case "manual":
            return "by hand"
        case "incomplete":
            return "incomplete"
