#!/bin/sh
# Trains the bilingual encoder again and writes models/shipped/encoder: model.onnx, tokenizer.json and the hashes in model.toml.
# Usage: bilingual.sh [DATA]   DATA: the folder of open data, by default ../shared/data/open beside the repository.
# Takes half an hour or more; goes on where it was stopped. Then it prints the figures of the card.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/environment.sh"
data=${1:-$root/../shared/data/open}
work=$root/.steward/bilingual
trainer=$root/.steward/venv-bilingual
export OMP_NUM_THREADS=1

[ -d "$data" ] || fail "the open data is not in $data; name its folder."
if ! cmp -s "$here/requirements-bilingual.txt" "$trainer/finished"; then
    rm -rf "$trainer"
    python3 -m venv "$trainer" || fail "python3 with venv is needed; install it and run this again."
    quietly "$root/.steward/pip.log" "$trainer/bin/python" -m pip install --disable-pip-version-check \
        --requirement "$here/requirements-bilingual.txt" || fail "the packages could not be installed; see .steward/pip.log."
    cp "$here/requirements-bilingual.txt" "$trainer/finished"
fi
"$trainer/bin/python" "$here/bilingual.py" "$wheel" "$work" --data "$data" --repository "$root"
"$trainer/bin/python" "$here/export_bilingual.py" "$wheel" "$work" "$root/models/shipped/encoder" --precision int8
"$trainer/bin/python" "$here/export_bilingual.py" "$wheel" "$work" "$root/.steward/models/encoder-fp32" --precision fp32
"$trainer/bin/python" "$here/measure.py" "$root/models/shipped/encoder" "$root/.steward/models/encoder-fp32" --data "$data" --repository "$root"
