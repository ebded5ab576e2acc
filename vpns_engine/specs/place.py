"""Where a prompt acts: its square's place, and the words for all kinds; for the engine, the window and the exports alike."""

from vpns_engine.specs.prompt import PromptSpec


def square_place(prompt: PromptSpec) -> tuple[int, int]:
    """Give row and column of the square's top-left corner on the canvas, px: for prompt 'random' that of a fixed view."""
    middle = (prompt.canvas - prompt.square) // 2 if prompt.kind == "random" else 0
    return middle, middle


def where(prompt: PromptSpec) -> str:
    """Say in words where a prompt acts; ready to stand within a sentence."""
    canvas = f"the {prompt.canvas} x {prompt.canvas} px canvas"
    match prompt.kind:
        case "pad":
            return f"a ring of {prompt.pad} px at the border of {canvas}"
        case "fix":
            return f"a square of {prompt.square} x {prompt.square} px at the top left of {canvas}"
        case "random":
            return f"a square of {prompt.square} x {prompt.square} px on {canvas}, at a new place in each pass"
        case "expand":
            return f"everything on {canvas} outside the centred image"
        case "none":
            return "nowhere: the method has no prompt"
