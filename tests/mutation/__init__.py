"""Mutation testing of the rules: which small changes of them does no test notice?

``make mutation`` changes one place of a rule at a time, in a copy of the tree, and runs the tests that reach the rules:
first those that need no engine, then the others. What no test notices is printed with its place. The sample is the
same for the same seed, so a run can be repeated.

No library does this. mutmut 3 cannot sample, and leaves decorated functions, class bodies and constants of modules
alone. Cosmic Ray cannot sample, works in the tree itself, and removes no statement. mutatest samples with a seed, but
has had no release since 2022.
"""
