"""Lists that people build themselves: a filter, a sort, a name; for themselves or for everybody.

`filters` says what can be asked of a conversation, `services` keeps views, `models` is how they are kept.
"""
