"""Tests of stacks of streaming pipelines."""
