"""How fast git-lanes is, beside git itself and what others do. CONTRIBUTING says how to run it."""
