"""Where the sources, the published documents and TM Forum's own files are."""

from pathlib import Path

ROOT = Path(__file__).parents[4]
OPENAPI = ROOT / "openapi"
PUBLISHED = OPENAPI / "published"
CORRECTIONS = OPENAPI / "corrections.txt"
SHARED = ROOT.parent / "shared"
OFFICIAL = SHARED / "openapi-official"
COMPARE = SHARED / "tools" / "compare_openapi.py"
PUBLISHED_NAMES = sorted(path.name for path in PUBLISHED.glob("*.oas.json"))
V4_NAMES = sorted(f"v4/{path.name}" for path in PUBLISHED.glob("v4/*.swagger.json"))
