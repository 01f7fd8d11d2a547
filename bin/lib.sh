# Shared by the commands in this folder; sourced, not run. POSIX sh.

unset CDPATH
cd -- "$(dirname -- "$0")/.." || exit 1
python=.venv/bin/python
# Some container images set it: every start, and every process of the tests, would compile all of Django anew.
unset PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# install REQUIREMENTS: bring .venv to what the file asks for. Quick when a stamp says that nothing changed.
install() {
  wanted=$(cat requirements*.txt | cksum)
  if [ -x "$python" ] && [ "$(cat ".venv/.installed-$1" 2>/dev/null)" = "$wanted $("$python" -V 2>&1)" ]; then
    return
  fi
  base=${PYTHON:-python3}
  "$base" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "PingBack needs Python 3.11 or newer; \"$base\" is not. Set PYTHON to one that is."
  "$base" tools/install.py "$1" "$wanted" || exit 1
}

# install_node_packages: what the tests and checks take from npm, exactly as locked.
install_node_packages() {
  command -v npm >/dev/null 2>&1 || die "Tests and checks need Node.js 20 or newer with npm. (Running PingBack does not.)"
  stamp=node_modules/.installed
  wanted=$(cksum <package-lock.json)
  [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
  say "Installing npm packages ..."
  npm ci --no-audit --no-fund --loglevel=error || die "npm ci failed. The lines above say why."
  printf '%s\n' "$wanted" >"$stamp"
}
