"""Scripts that print the figures the README quotes; ``python -m benchmarks`` runs them all."""
