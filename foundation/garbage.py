"""When Python looks for garbage, in a process that stays."""

import gc


def look_only_at_what_comes() -> None:
    """What is here by now stays: no collection looks at it again."""
    gc.collect()
    gc.freeze()
    # Python looks at all of the old only once a fourth as much has been added. This lets it count anew: else it were a
    # fourth of what is frozen, and until then what refers to itself would add up for half an hour and more.
    gc.collect()
