#!/usr/bin/env python3
"""check_abidiff.py accept|refuse SUPPRESSIONS OLD NEW: is NEW a legal successor of OLD? Members may only be appended."""
import subprocess
import sys

expect, suppressions, old, new = sys.argv[1:]
run = subprocess.run(["abidiff", "--suppressions", suppressions, old, new], capture_output=True, text=True)
print(run.stdout, run.stderr)
if run.returncode & 3:
    sys.exit(f"abidiff failed with {run.returncode}")
sys.exit((run.returncode != 0) != (expect == "refuse"))
