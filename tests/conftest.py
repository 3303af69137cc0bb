"""What holds for all tests."""

from hypothesis import settings

# The same examples in every run: a gate must not fail for what nobody changed.
settings.register_profile("enishi", derandomize=True, deadline=None)
settings.load_profile("enishi")
