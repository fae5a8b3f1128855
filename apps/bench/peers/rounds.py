"""The protocol of a measuring process: it says it is ready, then makes one round for every line on standard input."""

import json
import resource
import sys
import time


def serve(step, batches, **versions):
    """One step for each batch is a round; step gives the loss as a number."""
    serve_rounds(lambda: [step(batch) for batch in batches], len(batches), **versions)


def serve_rounds(make, steps, **versions):
    """A round is a call of make, which gives the numbers of all its steps."""
    say({"versions": {"python": sys.version.split()[0], **versions}})
    for _ in sys.stdin:
        started, cpu_before = time.perf_counter(), time.process_time()
        losses = make()
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        ms, cpu_ms = (1000 * total / steps for total in (seconds, cpu_seconds))
        say({"ms": ms, "cpuMs": cpu_ms, "peakMemoryMB": peak, "losses": losses})


def say(message):
    print(json.dumps(message), flush=True)
