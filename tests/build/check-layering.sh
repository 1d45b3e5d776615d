#!/usr/bin/env bash
# The layering is enforced by the include paths. Proof: an include upward or sideways, put into a source of a layer and compiled with
# that layer's own command line, fails for want of the file; one downward compiles.
#   check-layering.sh COMPILE_COMMANDS SOURCE_DIR
set -euo pipefail
commands=$1
source_dir=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The command line of the first source of a layer, without its own file and output.
flags_of() {
    python3 - "$commands" "$source_dir/$1/" <<'PY'
import json, shlex, sys
for entry in json.load(open(sys.argv[1])):
    if entry["file"].startswith(sys.argv[2]) and "/tests/" not in entry["file"]:
        words = shlex.split(entry["command"])
        words = words[1:] if "ccache" in words[0] else words
        keep, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ("-o", "-c"):
                skip = word == "-o"
            elif word != entry["file"]:
                keep.append(word)
        print(" ".join(shlex.quote(w) for w in keep))
        break
PY
}

# expect LAYER HEADER yes|no
expect() {
    local layer=$1 header=$2 wanted=$3 flags got=yes
    flags=$(flags_of "$layer")
    if [ -z "$flags" ]; then
        echo "no source of layer $layer in $commands" >&2
        exit 1
    fi
    printf '#include "%s"\n' "$header" >"$scratch/probe.c"
    if ! eval "$flags -fsyntax-only '$scratch/probe.c'" 2>"$scratch/log"; then
        got=no
        if ! grep -q "No such file\|file not found" "$scratch/log"; then
            cat "$scratch/log" >&2
            echo "$layer: $header failed for another reason" >&2
            exit 1
        fi
    fi
    if [ "$got" != "$wanted" ]; then
        echo "$layer may include $header: $got, must be: $wanted" >&2
        exit 1
    fi
}

expect format format/base/error.h yes
expect format tarn/reader.h no
expect reader format/base/error.h yes
expect reader tarn/reader.h yes
expect reader tarn/writer.h no
expect reader tarn/table.h no
expect writer format/base/error.h yes
expect writer tarn/reader.h no
expect txlog tarn/reader.h yes
expect txlog tarn/writer.h yes
expect txlog tarn/query.h no
expect txlog format/base/error.h yes
expect txlog/delta format/thrift/compact.h no
expect query tarn/table.h yes
expect query format/thrift/compact.h no
for header in "$source_dir"/reader/*/*.h; do
    expect writer "${header#"$source_dir/"}" no
    break
done
for header in "$source_dir"/writer/*/*.h; do
    expect reader "${header#"$source_dir/"}" no
    break
done
if grep -rn --include='*.[ch]' '#include "\.\./' "$source_dir"/{format,reader,writer,txlog,query}; then
    echo "an include climbs out of its folder" >&2
    exit 1
fi
echo "layers hold"
