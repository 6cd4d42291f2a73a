#!/bin/sh
# Fetches what the build does not make itself. Run by the Makefile; a second run finds everything there and is over at once.
#   tests/prepare.sh          for building and running: tools, Rust crates, ONNX Runtime
#   tests/prepare.sh --tests  for the tests as well: a Python client library, the full-precision model they compare with
# Downloads are kept in ${STEWARD_CACHE:-~/.cache/steward} and in Cargo's own cache; from filled caches it works without a network.
# Everything said goes to standard error, because `make serve` promises its standard output to other programs.
set -eu
exec 1>&2
cd "$(dirname "$0")/.."
cache="${STEWARD_CACHE:-$HOME/.cache/steward}"
made="$PWD/.steward"
export PIP_ROOT_USER_ACTION=ignore
mkdir -p "$cache" "$made"

say() { echo "setup: $*"; }
fail() { echo "setup: $*"; exit 1; }

# need CHECK PACKAGE: if the command CHECK fails, installs the package where that is allowed, else names it.
need() {
    sh -c "$1" >/dev/null 2>&1 && return
    command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || fail "the package $2 is missing: install it (Debian: apt-get install $2) and run this again."
    say "installing $2"
    apt-get install -y -qq --no-install-recommends "$2" >/dev/null 2>&1 ||
        { apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends "$2" >/dev/null; } ||
        fail "the package $2 cannot be installed; is there a network?"
}

# want CHECK PACKAGE: as need, for what only some tests want; they say themselves that they are left out.
want() { (need "$1" "$2") || say "going on without it; some tests are left out"; }

tools() {
    command -v cargo >/dev/null || fail "cargo is missing: install a Rust toolchain, 1.95 or newer."
    need "command -v cc" gcc
    need "command -v c++" g++
    need "command -v dbus-daemon" dbus-daemon
    need "command -v python3" python3
    need "python3 -m pip --version" python3-pip
}

crates() {
    cargo fetch --quiet --offline 2>/dev/null && return
    say "fetching Rust crates"
    cargo fetch --quiet || fail "the Rust crates are neither cached nor can they be fetched; is there a network?"
}

# A virtual environment without pip of its own: the system's pip fills it.
python_client() {
    wanted="$(sha256sum <tests/client/requirements.txt | cut -d ' ' -f 1)"
    [ "$(cat "$made/venv/filled" 2>/dev/null)" = "$wanted" ] && return
    say "setting up the Python client for the tests"
    rm -rf "$made/venv"
    python3 -m venv --without-pip "$made/venv"
    site="$("$made/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
    install() { python3 -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r tests/client/requirements.txt "$@"; }
    install --target "$site" --no-index --find-links "$cache" 2>/dev/null || {
        python3 -m pip download -q --disable-pip-version-check --no-deps --require-hashes -r tests/client/requirements.txt -d "$cache" &&
            install --target "$site" --no-index --find-links "$cache"
    } || fail "the Python client's library is neither cached nor can it be fetched; is there a network?"
    echo "$wanted" >"$made/venv/filled"
}

tools
crates
models/fetch-onnxruntime.sh
if [ "${1:-}" = --tests ]; then
    need "python3 -c 'import venv, ensurepip'" python3-venv
    want "command -v systemd-analyze" systemd
    python_client
    models/export/fp32.sh
fi
