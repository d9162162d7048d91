"""The figures of DESIGN §10 on this machine: each line is work, its time, the time of its floor, and their ratio.

A line is a module `benchmarks/<name>.py` with `bench_<name>() -> list[dict]`; `run.py bench [NAME…]` prints them.
Work and floor run one after the other in the same process, so that the ratio holds on any machine.
"""
