"""What every test shares: quiet runtimes and one profile for generated inputs."""

import os

from hypothesis import HealthCheck, settings

# Before anything imports TensorFlow; child processes inherit them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("GLOG_minloglevel", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

# Generated inputs: no deadline (machines differ); in CI the same inputs on every run.
settings.register_profile("tfq", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("tfq"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "tfq")
