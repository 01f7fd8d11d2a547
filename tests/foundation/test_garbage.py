import subprocess
import sys

SCENE = """
import gc, weakref
from foundation import garbage

class Ring:
    def __init__(self):
        self.itself = self

here = [[] for _ in range(1_000_000)]
garbage.look_only_at_what_comes()
assert gc.get_freeze_count() > 1_000_000
ring = Ring()
gone = weakref.ref(ring)
gc.collect(1)  # it is as old as can be by now
del ring
kept = []
while gone() and len(kept) < 120_000:
    kept.append([])
print(len(kept))
"""


def test_what_refers_to_itself_goes_however_much_was_there_at_the_start() -> None:
    done = subprocess.run([sys.executable, "-c", SCENE], capture_output=True, text=True, check=True)

    assert int(done.stdout) < 120_000
