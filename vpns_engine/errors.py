"""The errors a person sees."""


class EngineError(Exception):
    """A problem a person can act on.

    Its message is shown as it stands: one line saying what is wrong, the value, and the limit.
    """


class OutOfMemory(EngineError):  # noqa: N818 - what happened, as torch names it too
    """A pass did not fit into the device's memory.

    `micro_batch` is a number of images that may fit; 0 where a single one did not.
    """

    def __init__(self, message: str, micro_batch: int) -> None:
        super().__init__(message)
        self.micro_batch = micro_batch
