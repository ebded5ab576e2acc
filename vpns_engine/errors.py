"""The one error a person sees."""


class EngineError(Exception):
    """A problem a person can act on.

    Its message is shown as it stands: one line saying what is wrong, the value, and the limit.
    """
