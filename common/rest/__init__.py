"""The HTTP edge: the only part of the suite that knows of HTTP."""

import warnings

# connexion imports Starlette's test client, which asks for a library that nothing here uses.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
