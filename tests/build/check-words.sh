#!/usr/bin/env bash
# Words that have no place: marks of unfinished work, catch-all file names, a format's name in the table model.
#   check-words.sh SOURCE_DIR
set -uo pipefail
cd "$1" || exit 1
fail=0

# refuse TEXT: standard input, if there is any, is what is wrong.
refuse() {
    local lines
    lines=$(cat)
    if [ -n "$lines" ]; then
        printf '%s:\n%s\n' "$1" "$lines" >&2
        fail=1
    fi
}

code=(format reader writer txlog query tools bindings bench examples)
refuse "marks of unfinished work" < <(grep -rnwE 'TODO|FIXME|XXX|HACK' --include='*.[ch]' --include='*.sh' "${code[@]}")
refuse "a file or folder is named for its concept" < <(find "${code[@]}" tests | grep -E '/(utils?|helpers?|common|misc)(\.[ch])?$')
refuse "the table model names a format" < <(grep -rniwE 'delta|iceberg' txlog/core 2>/dev/null)
refuse "file names are unique over the tree" < <(find "${code[@]}" tests -name '*.[ch]' -not -path '*/include/tarn/*' | sed 's,.*/,,' | sort | uniq -d)
exit $fail
