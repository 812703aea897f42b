"""For a server with libfaketime's clock, which refuses Python's own way to sleep.

It takes clock_nanosleep(2), as Python calls it, for wrong where the monotonic clock is
the true one.
"""

import select
import time

time.sleep = lambda seconds: select.select([], [], [], seconds)
