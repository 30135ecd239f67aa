"""Scripts that print the figures that `docs/benchmarks.md` quotes; ``python -m benchmarks`` runs them all."""
