"""The engine's numbers are the same to the bit on every x86 processor, on 64-bit ARM, and from version to version.

Where these digests change, the numbers of stored studies do: ``ENGINE`` has to change with them.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from golden import digests, prepared

GOLDEN = {
    "softmax, tanh, 32, batch 32, float32": "6c6ed9f85d590485",
    "softmax, tanh, 32, batch 32, float64": "7e433c3bca00e87e",
    "binary, relu, 5-19, batch 7, float32": "2ad44385bc50e195",
    "binary, relu, 5-19, batch 7, float64": "bd291787a6b020a2",
    "identity, sigmoid, 17-3-8, batch 64, float32": "d88762e18efd98ec",
    "identity, sigmoid, 17-3-8, batch 64, float64": "29e9443406f18e6e",
}
PROCESSORS = {
    "haswell": "+64bit,+cx16,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+bmi,+bmi2,+lzcnt,+f16c,+movbe",
    "generic": "",  # no fused multiply-add: the same numbers, slowly
}
"""What code may be made of: a processor's name alone leaves numba the features of the one that it runs on."""


def test_trainings_are_these_to_the_bit():
    assert digests() == GOLDEN


def elsewhere(environment):
    """The digests in a process with such an environment."""
    script, environment = Path(__file__).with_name("golden.py"), {**os.environ, **environment}
    ran = subprocess.run([sys.executable, "-W", "ignore", script], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="these are x86 processors")
@pytest.mark.parametrize("processor", PROCESSORS)
def test_code_for_other_processors_gives_the_same_bits(processor, tmp_path):
    choice = {
        "NUMBA_CPU_NAME": processor,
        "NUMBA_CPU_FEATURES": PROCESSORS[processor],
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    assert elsewhere(choice) == GOLDEN | prepared()


@pytest.mark.slow
def test_numpy_without_its_vector_instructions_prepares_and_draws_the_same():
    features = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    assert elsewhere({"NPY_DISABLE_CPU_FEATURES": " ".join(features)}) == GOLDEN | prepared()
