"""What no linter knows: the bans of docs/decisions.md on our own files.

No HTML from strings, no inline script or style (the Content-Security-Policy would stop them anyway), no colour
outside the tokens.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

RULES: list[tuple[str, str, re.Pattern[str], str]] = [
    (
        "html from strings",
        r"^(static/js|frontend|static/widget)/.*\.m?js$",
        re.compile(r"\b(innerHTML|insertAdjacentHTML|document\.write)\b|\bouterHTML\s*\+?=(?!=)"),
        "build nodes, or parse a fragment of our own server",
    ),
    ("eval", r"\.m?js$", re.compile(r"\beval\(|new Function\("), "no code from strings"),
    ("mark_safe", r"\.py$", re.compile(r"\bmark_safe\b|\bSafeString\b"), "templates escape"),
    ("|safe", r"^templates/.*\.html$", re.compile(r"\|\s*safe\b|autoescape off"), "templates escape"),
    # Mail programs know no style sheets.
    (
        "inline style",
        r"^templates/(?!(.*/)?mail/).*\.html$",
        re.compile(r"\sstyle=|<style\b"),
        "the policy stops it: use a class",
    ),
    (
        "inline script",
        r"^templates/.*\.html$",
        re.compile(r"\son[a-z]+=|<script(?![^>]*\bsrc=)(?![^>]*application/json)"),
        "the policy stops it: use a module",
    ),
    (
        "raw colour",
        r"^static/css/(?!tokens\.css).*\.css$",
        re.compile(r"#[0-9a-fA-F]{3,8}\b(?![^{}]*\{)|\brgba?\(|\bhsla?\("),
        "colours come from tokens.css",
    ),
    (
        "environment",
        r"^(?!pingback/env\.py|benchmarks/).*\.py$",
        re.compile(r"os\.(environ\[|environ\.get|getenv)"),
        "only pingback/env.py reads it",
    ),
]


def tracked() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listing.stdout.splitlines() if not name.startswith(("static/vendor/", "tools/", "tests/"))]


def main() -> int:
    flaws = 0
    for name in tracked():
        rules = [rule for rule in RULES if re.search(rule[1], name)]
        path = Path(ROOT, name)
        if not rules or not path.is_file():
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            for title, _files, pattern, instead in rules:
                if pattern.search(line):
                    flaws += 1
                    print(f"{name}:{number}: {title}: {instead}")
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main())
