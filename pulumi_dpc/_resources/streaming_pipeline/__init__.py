"""One streaming pipeline: found, created, changed, run and recorded, in the provider process."""
