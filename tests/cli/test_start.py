#!/usr/bin/env python3
"""What the program starts with: libraries that few commands need are loaded when they are needed."""
import os
import subprocess

ATRIUM = os.environ["ATRIUM"]
passed = failed = 0

for library in ("libssh", "libcurl"):
    mapped = subprocess.run([ATRIUM, "--version"], capture_output=True, text=True,
                            env={**os.environ, "LD_TRACE_LOADED_OBJECTS": "1"}).stdout
    if "libc.so" in mapped and library + ".so" not in mapped:
        passed += 1
    else:
        failed += 1
        print(f"FAILED the program starts with {library}: list the function that links it where"
              " model/base/late.h says")

print(f"{passed} passed, {failed} failed")
raise SystemExit(failed > 0)
