"""Every check of bin/check: all run, each says how it went, and one failure fails the whole.

One after the other, but for the longest, which is on its way from the beginning and told of last.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent
# As an operator would run it in earnest: https, own host, PostgreSQL and Redis, signed webhooks.
PRODUCTION = {
    "PUBLIC_BASE_URL": "https://support.example.com",
    "ALLOWED_HOSTS": "support.example.com",
    "DATABASE_URL": "postgres://pingback@127.0.0.1/pingback",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "TRUSTED_PROXIES": "1",
    "EMAIL_URL": "smtp+tls://pingback:word@mail.example.com:587",
}
TEMPLATES = sorted(str(path) for path in Path(ROOT, "templates").rglob("*.html"))

STEPS: list[tuple[str, list[str], dict[str, str]]] = [
    ("format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."], {}),
    ("lint", [str(BIN / "ruff"), "check", "--quiet", "."], {}),
    ("types", [PYTHON, "-m", "mypy"], {}),
    ("arrows", [str(BIN / "lint-imports")], {}),
    ("migrations", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"], {}),
    (
        "deployment",
        [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        PRODUCTION,
    ),
    ("templates", [str(BIN / "djade"), "--check", "--target-version", "5.2", *TEMPLATES], {}),
    ("JavaScript", [str(ROOT / "node_modules/.bin/biome"), "ci", "--reporter=summary"], {}),
    ("house rules", [PYTHON, "-m", "tools.house_rules"], {}),
    ("widget size", [PYTHON, "-m", "tools.widget_size"], {}),
    ("widget build", ["node", "frontend/widget/build.mjs", "--check"], {}),
    ("packages", [PYTHON, "-m", "pip", "check", "--disable-pip-version-check"], {}),
    ("licences", [PYTHON, "-m", "tools.licences"], {}),
]
LONGEST = ("Theo's gates", [PYTHON, "-m", "tools.theo_gates"])
# They have something to say when all is well, too.
TOLD = {"widget size", LONGEST[0]}


def begun(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def passed(name: str, step: subprocess.Popen[str]) -> bool:
    """Wait for it, and say how it went."""
    started = time.monotonic()
    print(f"{name:<14}", end="", flush=True)
    said = step.communicate()[0]
    took = time.monotonic() - started
    print(f"{'FAILED' if step.returncode else 'ok':<8}{took:5.1f} s", flush=True)
    if name in TOLD or step.returncode:
        print(said, flush=True)
    return step.returncode == 0


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="pingback-check-") as data:
        environment = {**os.environ, "PINGBACK_DATA_DIR": data, "DJANGO_SETTINGS_MODULE": "pingback.settings"}
        longest = begun(LONGEST[1], environment)
        failed = [name for name, command, extra in STEPS if not passed(name, begun(command, {**environment, **extra}))]
        if not passed(LONGEST[0], longest):
            failed.append(LONGEST[0])
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
