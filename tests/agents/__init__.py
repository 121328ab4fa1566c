"""The real command-line agents against a stub of a model. CONTRIBUTING says how to run these tests."""
