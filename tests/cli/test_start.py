#!/usr/bin/env python3
"""What the program starts with: libraries that few commands need are loaded when they are needed."""
import os
import subprocess

from checks import check, finish

ATRIUM = os.environ["ATRIUM"]

for library in ("libssh", "libcurl"):
    mapped = subprocess.run([ATRIUM, "--version"], capture_output=True, text=True,
                            env={**os.environ, "LD_TRACE_LOADED_OBJECTS": "1"}).stdout
    check(f"the program starts without {library}",
          "libc.so" in mapped and library + ".so" not in mapped,
          "list the function that links it where model/base/late.h says")

finish()
