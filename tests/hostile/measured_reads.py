"""Reads files and prints what came of each: the message, the growth of peak memory in MB, and seconds of CPU.

    python measured_reads.py SECONDS < cases     a line of JSON a case: [reader, path]

A process of its own, as peak memory never falls, and so that nothing but mfps can have used it. The system ends it
when a reader computes for more than SECONDS.
"""

import json
import resource
import signal
import sys
import time
from pathlib import Path

from mfps.errors import MfpsError
from readers import READERS


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    for line in sys.stdin:
        reader, path = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, float(sys.argv[1]))
        before, began = peak_mb(), time.process_time()
        try:
            READERS[reader](Path(path))
            message = ""
        except MfpsError as error:
            message = str(error)
        sys.stdout.write(json.dumps([message, peak_mb() - before, time.process_time() - began]) + "\n")
        sys.stdout.flush()
