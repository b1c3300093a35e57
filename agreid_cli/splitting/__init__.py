"""Choose train and test identities, queries and galleries: pure functions on arrays.

A separate package: choosing a protocol is neither reading a data set nor measuring a model, and must
work without either.
"""
