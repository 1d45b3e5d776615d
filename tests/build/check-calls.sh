#!/usr/bin/env bash
# Calls that the library never makes: they depend on the locale or the environment, end the process, print, or take memory past the env.
#   check-calls.sh SOURCE_DIR
# First it must find each of them in a file made to have them all, so that a pattern that matches nothing cannot pass.
set -uo pipefail

numbers='strto[dfl]|strtold|strtou?ll?|strtou?imax|atof|atoi|atoll?|sscanf'
letters='is(alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit)|tolower|toupper|strn?casecmp|strcoll|strxfrm|isw[a-z]+|tow(lower|upper)|mbs?r?tow(c|cs)|wcs?r?tomb'
times='strftime|strptime|localtime(_r)?|mktime|tzset|asctime(_r)?|ctime(_r)?'
process='setlocale|getenv|secure_getenv|setenv|putenv|abort|_?exit|quick_exit|atexit|assert|signal|sigaction|system|popen|perror'
output='printf|vprintf|puts|putchar|putc|fprintf|vfprintf|fputs'
memory='malloc|calloc|realloc|reallocarray|free|aligned_alloc|posix_memalign|strdup|strndup|asprintf|vasprintf|alloca'
unsafe='gets|strcpy|strcat|sprintf|vsprintf|strtok|rand|srand|random|tmpnam|mktemp'
words="$numbers|$letters|$times|$process|$output|$memory|$unsafe"

# Who may: "file call": the env is where memory comes from; a pool exists before any env.
allowed='^format/base/env\.c:[0-9]+:.*\b(malloc|realloc|free|posix_memalign)\(|^format/base/pool\.c:[0-9]+:.*\b(calloc|free)\('

# A call, not a member and not part of a longer name; lines of comments do not count.
search() {
    grep -rnE --include='*.[ch]' "(^|[^A-Za-z0-9_.>\"])($1) ?\(" format reader writer txlog query 2>/dev/null |
        grep -vE '^[^:]+:[0-9]+:\s*(\*|/\*|//)' | grep -vE "$allowed"
}

# Floating point through printf takes the locale's point.
search_formats() {
    grep -rnE --include='*.[ch]' '"[^"]*%[-+ #0]*[0-9*]*(\.[0-9*]+)?L?[aAeEfFgG]([^a-zA-Z]|$)' format reader writer txlog query 2>/dev/null |
        grep -E 'printf|invalid|corrupt|error|log\('
}

self_test() {
    local call
    for call in strtod atof strtoll isalpha tolower strcasecmp strftime setlocale getenv abort exit assert malloc calloc realloc free printf puts fprintf sprintf; do
        rm -rf "$folder/format" && mkdir -p "$folder/format"
        printf 'void f(void)\n{\n    %s(0);\n}\n' "$call" >"$folder/format/x.c"
        [ -n "$(cd "$folder" && search "$words")" ] || { echo "the search does not see $call()" >&2; return 1; }
    done
    printf '    x->free(y); _Static_assert(1, ""); snprintf(a, b, "%%d%%%%", c);\n    /* malloc(3) */\n' >"$folder/format/x.c"
    [ -z "$(cd "$folder" && search "$words"; search_formats)" ] || { echo "the search sees calls where there are none" >&2; return 1; }
    printf '    snprintf(a, b, "x%%.3f", c);\n' >"$folder/format/x.c"
    [ -n "$(cd "$folder" && search_formats)" ] || { echo "the search does not see %f" >&2; return 1; }
}

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
self_test || exit 1
cd "$1" || exit 1
found=$(search "$words"; search_formats)
if [ -n "$found" ]; then
    printf 'calls that the library does not make (numbers: format/base/number.h, memory: alloc.h, letters: utf8.h, times: datetime.h):\n%s\n' "$found" >&2
    exit 1
fi
