"""git-lanes: hold every commit to the write lane of its branch."""

__version__ = "0.1.0"
