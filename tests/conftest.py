"""What holds for all tests."""

import os
import sys
import tempfile

from hypothesis import settings

from places import IMPORT_PATH

# A test may use what another room's test has made
sys.path += IMPORT_PATH.split(os.pathsep)

# A check remembers what it read in the user's own folder
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="enishi-tests-cache-")

# There is a process for each core already: with threads of their own, torch's would wait for each other
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples in every run: a gate must not fail for what nobody changed.
settings.register_profile("enishi", derandomize=True, deadline=None)
settings.load_profile("enishi")
