"""Mutation testing of the rules: which small changes of them does no test notice?

``make mutation`` changes one place of a rule at a time, in a copy of the tree, and runs the tests that reach the rules:
first those that need no engine, then the others. What no test notices is printed with its place. The sample is the
same for the same seed, so a run can be repeated.

No library that is kept does this: mutmut 3 cannot sample, and leaves decorated functions, class bodies and constants
of modules alone; Cosmic Ray samples without a seed, changes the tree itself, and removes no statement.
"""
