"""What can go wrong that is not a violation."""


class CannotJudge(Exception):
    """No verdict can be given; entry points exit with status 2.

    The message says what was wrong and how to mend it. It is ready to be printed: whoever raises this has
    already made names from the repository safe (`lanes.text`). Lines after the first one are details.
    """
