"""Finding what was said and who said it: one index over several tables, and an engine for either database.

`sources` says which rows can be found, `index` keeps them findable, `engines` asks the index, `query` reads what a
person typed, and `finding` brings it together.
"""
