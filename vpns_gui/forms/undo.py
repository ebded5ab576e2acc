"""What was in a form before: one step an edit, there and back."""

from dataclasses import dataclass

from vpns_gui.forms.memory import FormState

MOST = 200
"""Steps that are kept."""


@dataclass(frozen=True)
class _Step:
    state: FormState
    """What stood in the form before it."""
    words: str
    """What was changed."""


class Steps:
    """Takes in every state a form goes through, and gives them back.

    Typing in one field is one step, however many letters it takes, until the field is left (`part`).
    """

    def __init__(self) -> None:
        self._past: list[_Step] = []
        self._future: list[_Step] = []
        self._now: FormState | None = None
        self._joined = ""

    @property
    def back(self) -> str:
        """What an undo takes back; empty where there is nothing."""
        return self._past[-1].words if self._past else ""

    @property
    def forth(self) -> str:
        """What a redo does again; empty where there is nothing."""
        return self._future[-1].words if self._future else ""

    def begin(self, state: FormState) -> None:
        """Forget all steps: this is where a person begins."""
        self._past, self._future, self._now, self._joined = [], [], state, ""

    def part(self) -> None:
        """What comes is a step of its own."""
        self._joined = ""

    def note(self, state: FormState, words: str, *, joined: str = "") -> None:
        """Take in what stands in the form now.

        Args:
            words: what was changed.
            joined: changes of the same non-empty name, one after the other, are one step.
        """
        before = self._now
        if before is None or _looks_like(state, before):
            self._now = state
            return
        self._now, self._future = state, []
        if not (joined and joined == self._joined and self._past):
            self._past = [*self._past[-MOST + 1 :], _Step(before, words)]
        elif _looks_like(self._past[-1].state, state):  # typed back to what it was
            self._past.pop()
            joined = ""
        self._joined = joined

    def undo(self) -> FormState | None:
        """Give what stood there before the last step; None where there is none."""
        return self._turn(self._past, self._future)

    def redo(self) -> FormState | None:
        """Give what the last undo took away; None where there is none."""
        return self._turn(self._future, self._past)

    def _turn(self, source: list[_Step], target: list[_Step]) -> FormState | None:
        if not source or self._now is None:
            return None
        step = source.pop()
        target.append(_Step(self._now, step.words))
        self._now, self._joined = step.state, ""
        return step.state


def _looks_like(one: FormState, other: FormState) -> bool:
    """Tell whether a person sees no difference: a field typed back to what it was counts as edited, and looks the same."""
    return (one.draft.values, one.preset, one.control) == (other.draft.values, other.preset, other.control)
