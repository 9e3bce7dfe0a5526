"""Processes that compute with another backend of Keras."""

from __future__ import annotations

# Of what JAX computes in a test most time goes into making machine code fast, more than such code could save.
JAX = {
    "KERAS_BACKEND": "jax",
    "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
}
