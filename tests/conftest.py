"""Settings of all tests."""

from hypothesis import HealthCheck, settings

# Machines differ in speed, and a test is about behaviour: no deadline per example.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")
