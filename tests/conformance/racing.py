# SPDX-License-Identifier: Apache-2.0
"""A writer in a process of its own: ``python -m tests.conformance.racing START LOCATION OPTIONS COUNT``.

Waits for the moment START (Unix time), then tries COUNT names that all its rivals try too, and prints the numbers of
those it got. With COUNT 0 it writes without end, for a test to kill.
"""

import itertools
import json
import os
import sys
import time

from airflow_xborder.adapters.object_stores import open_store
from airflow_xborder.errors import LedgerConflictError


def main(start, location, options, count):
    store = open_store(location, json.loads(options))
    # Everything slow (imports, the first connection) is done before the start.
    list(store.list("events/"))
    time.sleep(max(0.0, float(start) - time.time()))
    if int(count) == 0:
        for number in itertools.count():
            store.create(f"events/{os.getpid()}/{number}", b"x" * 300_000 + b"end")
    won = [number for number in range(int(count)) if wins(store, number)]
    print(json.dumps({"pid": os.getpid(), "won": won}))


def wins(store, number):
    try:
        store.create(f"events/race/{number}", f"written by {os.getpid()}".encode())
    except LedgerConflictError:
        return False
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
