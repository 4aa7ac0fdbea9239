"""The HTTP edge: the only part of the suite that knows of HTTP."""
