"""A prompt of one's own: one spec and one class, defined here, go through settings, form, run and export."""

import json
from typing import Literal

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from vpns_engine.cli_options import build_config
from vpns_engine.events import RunStarted
from vpns_engine.export import export_run
from vpns_engine.nn.prompts import VisualPrompt
from vpns_engine.specs.fields import option
from vpns_engine.specs.problems import validate
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_gui.forms.choices import Choices
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.fields import form_fields
from vpns_gui.forms.relevance import presence
from vpns_gui.forms.verdict import judge


@pytest.fixture
def own_kind():
    """A kind of one's own: stripes, with a width."""

    class StripesSpec(PromptSpec):
        """Every second band of rows."""

        label = "Stripes"
        about = "every second band of rows"
        kind: Literal["stripes"] = "stripes"
        band: int = option(2, "Band", unit="px", ge=1, le=64)
        """Rows of a band."""

        def num_values(self, image_size):  # noqa: ARG002
            return 3 * self.canvas * int(self.rows().sum())

        def where(self):
            return f"every second band of {self.band} rows"

        def rows(self):
            return np.arange(self.canvas) // self.band % 2

    class Stripes(VisualPrompt):
        spec_class = StripesSpec

        def make_region(self):
            return torch.from_numpy(self.spec.rows()).float()[:, None].expand(-1, self.spec.canvas).clone()

    yield StripesSpec
    StripesSpec.forget()


def test_that_a_kind_of_ones_own_runs_is_shown_and_is_exported(own_kind, tmp_path):
    pictures = make_pictures(tmp_path / "set")
    draft = Draft.of(tiny_config(pictures).model_dump()).put("prompt.kind", "stripes").put("prompt.band", 3)
    field = form_fields()["prompt.band"]
    assert presence(field, draft.values).shown and not presence(field, {**draft.values, "prompt.kind": "pad"}).shown
    assert form_fields()["prompt.kind"].words["stripes"] == "Stripes"
    config = judge(draft, Choices()).config
    assert judge(draft.put("prompt.band", 0), Choices()).reason == "Band 0 px: at least 1 px"
    assert config is not None and config.prompt == own_kind(canvas=8, band=3)
    store, events = run(config, tmp_path / "runs")
    (started,) = (event for event in events if isinstance(event, RunStarted))
    assert started.num_prompt_values == 3 * 8 * 3
    exported = export_run(RunStore.open(store.folder), tmp_path / "out")
    prompt = load_file(exported.folder / "prompt.safetensors")
    assert prompt["added"].any() and not prompt["added"][:, :3].any() and not prompt["added"][:, 6:].any()
    how = json.loads((exported.folder / "preprocessing.json").read_text())["prompt"]
    assert (how["kind"], how["band"]) == ("stripes", 3) and "every second band of 3 rows" in how["where"]


def test_that_a_kind_that_is_forgotten_is_known_no_more(own_kind):
    values = {"prompt": {"kind": "stripes"}}
    assert RunConfig.model_validate(values).prompt == own_kind()
    own_kind.forget()
    assert [problem.location for problem in validate(values)] == ["prompt.kind"]
    assert "prompt.band" not in form_fields()


def test_that_the_command_line_has_its_options(own_kind):
    assert build_config({"prompt.kind": "stripes", "prompt.band": "3"}).prompt == own_kind(band=3)
