"""The twin of measured.ts: runs the work of a peer in its own process, and prints what it took as JSON."""

import json
import os
import resource
import sys
import time

_times, _cpu_times = {}, {}


def timed(name, repeats, work, warm_up=True):
    """Runs work once to warm up and then `repeats` times; keeps milliseconds on the clock and of processor time."""
    if warm_up:
        work(-1)
    clock, cpu = [], []
    for repeat in range(repeats):
        started, before = time.perf_counter(), time.process_time()
        work(repeat)
        clock.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - before) * 1000)
    _times[name], _cpu_times[name] = clock, cpu


def report(version):
    """Prints what was measured in this process, and its peak memory; ends the process, whatever threads a library left behind."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"version": version, "peakMb": peak, "times": _times, "cpuTimes": _cpu_times}))
    sys.stdout.flush()
    os._exit(0)
