"""Matillion DPC streaming pipelines as code."""
