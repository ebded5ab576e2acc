"""Whether a draft can be started, and if not, why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vpns_engine.forecast import forecast, lines, numbered
from vpns_engine.specs.problems import Problem, validate
from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import seed_texts
from vpns_gui.forms.choices import Choices, Found
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.fields import form_fields
from vpns_gui.forms.lists import SEED, first_of, lists_in
from vpns_gui.forms.relevance import presence


@dataclass(frozen=True)
class Verdict:
    """What a draft amounts to. `config` is None where the specs refuse it."""

    config: RunConfig | None
    problems: tuple[Problem, ...]
    looked: bool
    """The data set that it names has been looked at."""
    summary: str
    """What the run would do, in a few lines; empty where that cannot be said."""
    seeds: tuple[int, ...] = ()
    """One run for each; `config` has the first."""
    lists: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    """Several values, by location: Start does not do those; `config` has the first of each."""

    @property
    def reason(self) -> str:
        """Why it cannot be started; empty where it can."""
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            return self.problems[0].message + more
        if self.lists:
            names = " and ".join(form_fields()[location].label for location in self.lists)
            return f"Several values of {names}: Sweep … shows the runs"
        return "" if self.looked else "Looking at the data set …"


def judge(draft: Draft, choices: Choices) -> Verdict:
    """Check a draft against the specs, and where they accept it against what is offered."""
    lists = lists_in(draft)
    verdict = _judge(first_of(draft, lists), choices)
    return replace(verdict, lists=lists) if lists else verdict


def config_of(draft: Draft) -> RunConfig | tuple[Problem, ...]:
    """Give the configuration of a draft of single values, or every reason why there is none."""
    return _validated(draft)


def _judge(draft: Draft, choices: Choices) -> Verdict:
    seeded = _seeded(draft)
    if not isinstance(seeded[0], RunConfig):
        return Verdict(None, _in_order(tuple(found for found in seeded if isinstance(found, Problem))), False, "")
    configs = tuple(found for found in seeded if isinstance(found, RunConfig))
    result = configs[0]
    found = choices.at(result)
    num_train = found.info.num_train if found and found.info else None
    numbers = forecast(result, num_train, num_in_file=found.num_in_file if found else None)
    summary = "\n".join(line[:1].upper() + line[1:] for line in (*_data_lines(result, found), *lines(numbers)))
    seeds = tuple(dict.fromkeys(config.seed for config in configs))
    return Verdict(result, _in_order(choices.problems(result)), found is not None, summary, seeds)


def _seeded(draft: Draft) -> tuple[RunConfig, ...] | tuple[Problem, ...]:
    """Give the configuration of each seed in the list, or every reason why one cannot work."""
    given = draft.values[SEED]
    try:
        seeds = (seed_texts(given) if isinstance(given, str) else ()) or (given,)
    except ValueError as error:
        return (Problem(SEED, str(error)),)
    found: list[RunConfig] = []
    for seed in seeds:
        result = _validated(replace(draft, values={**draft.values, SEED: seed}))
        if not isinstance(result, RunConfig):
            return result
        found.append(result)
    return tuple(found)


def _data_lines(config: RunConfig, found: Found | None) -> tuple[str, ...]:
    """Count the images; what the form's first preset has is known to everybody."""
    if config.data.dataset == "digits" or found is None or found.info is None:
        return ()
    info = found.info
    about = "about " if found.expected and config.data.protocol != "paper" else ""  # a drawn part is rounded in each class
    counts = ((info.num_train, "training"), (info.num_validation, "validation"), (info.num_test, "test"))
    parts = ", ".join(f"{count:,} {name}" for count, name in counts if count)
    skipped = f"; {numbered(len(info.skipped), 'file')} skipped" if info.skipped else ""
    return (f"{len(info.classes):,} classes; {about}{parts} images{skipped}",)


def _in_order(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Sort problems as their fields stand in the form, those of the whole last."""
    order = list(form_fields())
    return tuple(
        sorted(problems, key=lambda problem: order.index(problem.location) if problem.location in order else len(order))
    )


def _validated(draft: Draft) -> RunConfig | tuple[Problem, ...]:
    """Validate; a value that does not matter and cannot work gives way to its default."""
    idle = frozenset(place for place, field in form_fields().items() if not presence(field, draft.values).matters)
    result = validate(draft.nested())
    if isinstance(result, RunConfig):
        return result
    return validate(draft.nested(leave_out=idle & {problem.location for problem in result}))
