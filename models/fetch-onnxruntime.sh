#!/bin/sh
# Puts ONNX Runtime's shared library, its license and its third-party notices into .steward/onnxruntime/ of the
# repository. The wheel is kept in ${STEWARD_CACHE:-$HOME/.cache/steward}, so a second run needs no network.
# Nothing is unpacked whose sha256 is not the one pinned below.
set -eu

version=1.31.1
case "$(uname -m)" in
    x86_64)
        arch=x86_64
        wheel_hash=5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f
        library_hash=fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3
        ;;
    aarch64 | arm64)
        arch=aarch64
        wheel_hash=da05378364c44d4407e463982d2bf8d5e4cfea873283757e48beeb41df97b7f3
        library_hash=8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467
        ;;
    *)
        echo "fetch-onnxruntime: no library is pinned for $(uname -m); build ONNX Runtime and set STEWARD_ORT_LIB." >&2
        exit 1
        ;;
esac

root=$(cd "$(dirname "$0")/.." && pwd)
cache=${STEWARD_CACHE:-$HOME/.cache/steward}
target=$root/.steward/onnxruntime
library=libonnxruntime.so.$version
wheel=onnxruntime-$version-cp311-cp311-manylinux_2_28_$arch.whl

fail() {
    echo "fetch-onnxruntime: $1" >&2
    exit 1
}

# matches FILE HASH: the file is there and has that sha256.
matches() {
    [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$2" ]
}

# The hash in the requirements makes pip refuse any other bytes. The wheel is only unpacked, never installed, so it is
# fetched for one fixed Python whatever Python runs here.
download() {
    echo "onnxruntime==$version --hash=sha256:$wheel_hash" >"$work/requirements.txt"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
        --platform "manylinux_2_28_$arch" --python-version 311 --implementation cp --abi cp311 \
        --requirement "$work/requirements.txt" --dest "$work" >"$work/pip.log" 2>&1 ||
        fail "pip could not get the wheel ($(grep -v '^ *$' "$work/pip.log" | tail -n 1)); connect once, or copy $wheel into $cache."
    matches "$work/$wheel" "$wheel_hash" || fail "the downloaded $wheel does not have the pinned sha256."
    # Same file system as the cache, so that the last step is one rename and no half-written wheel is ever found there.
    cp "$work/$wheel" "$cache/$wheel.$$" && mv "$cache/$wheel.$$" "$cache/$wheel"
}

unpack() {
    python3 - "$cache/$wheel" "$work/new" "$library" <<'PYTHON'
import pathlib, sys, zipfile
wheel, folder, library = sys.argv[1:]
folder = pathlib.Path(folder)
folder.mkdir()
with zipfile.ZipFile(wheel) as archive:
    for member in [f"onnxruntime/capi/{library}", "onnxruntime/LICENSE", "onnxruntime/ThirdPartyNotices.txt"]:
        (folder / pathlib.PurePosixPath(member).name).write_bytes(archive.read(member))
PYTHON
    matches "$work/new/$library" "$library_hash" || fail "$library in the wheel does not have the pinned sha256."
    sync "$work/new/$library"
}

matches "$target/$library" "$library_hash" && exit 0
command -v python3 >/dev/null || fail "python3 with pip is needed to get ONNX Runtime; install it and run this again."
mkdir -p "$root/.steward" "$cache" || fail "cannot write to $root/.steward or $cache."
work=$(mktemp -d "$root/.steward/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
matches "$cache/$wheel" "$wheel_hash" || download
unpack
# The old folder moves out of the way first: a rename cannot replace a folder that holds files.
if [ -e "$target" ]; then mv "$target" "$work/old"; fi
mv -T "$work/new" "$target" 2>/dev/null || matches "$target/$library" "$library_hash" ||
    fail "cannot move the library into $target."
echo "ONNX Runtime $version is in $target."
