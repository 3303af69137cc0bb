"""What holds for all tests."""

import os
import sys

from hypothesis import settings

from places import IMPORT_PATH

# A test may use what another room's test has made
sys.path += IMPORT_PATH.split(os.pathsep)

# The same examples in every run: a gate must not fail for what nobody changed.
settings.register_profile("enishi", derandomize=True, deadline=None)
settings.load_profile("enishi")
