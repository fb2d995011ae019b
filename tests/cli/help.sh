#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every option of every command has a name of its own and stands in its manual page and in the
# completion of each shell; the pages are without fault for groff or mandoc, and bash completes with
# what is installed.
source "$(dirname "$0")/lib.sh"

mapfile -t commands < <("$BEN" --help | sed -n 's/^  \([a-z0-9][a-z0-9]*\) .*/\1/p' | grep -v '^help$')
[ ${#commands[@]} -ge 5 ] || fail "only ${#commands[@]} commands"
expect 0 "$BEN" help --write "$TMP/share"
bash=$TMP/share/bash-completion/completions/ben-mpi
zsh=$TMP/share/zsh/site-functions/_ben-mpi
fish=$TMP/share/fish/vendor_completions.d/ben-mpi.fish

# has FILE TEXT...
has() {
    local file=$1 text
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$file" || fail "no '$text' in $file"
    done
}

# words LINE: what bash offers for the last word of a line.
words() {
    bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ben_mpi
        echo "${COMPREPLY[@]}"' _ "$bash" "$@"
}

# fits COMMAND...: what it prints stays within 80 columns.
fits() {
    "$@" | awk 'length > 80 {print; wide = 1} END {exit wide}' || fail "wider than 80 columns: $*"
}

fits "$BEN" --help
for command in "${commands[@]}"; do
    fits "$BEN" "$command" --help
    page=$TMP/share/man/man1/ben-mpi-$command.1
    "$BEN" help --man "$command" | cmp - "$page"
    expect 0 "$BEN" help "$command" && grep -qF "usage: ben-mpi $command" "$TMP/printed"
    has "$TMP/share/man/man1/ben-mpi.1" ".B $command"
    has "$fish" "-a $command -d"
    names=$("$BEN" "$command" --help | sed -n 's/^  --\([a-z0-9-]*\).*/\1/p')
    twice=$(sort <<<"$names" | uniq -d)
    [ -z "$twice" ] || fail "$command has two options --$twice"
    offered=" $(words ben-mpi "$command" --) "
    zsh_part=$(sed -n "/^    $command) /,/;;\$/p" "$zsh")
    for name in $names; do
        has "$page" "\\fB\\-\\-${name//-/\\-}\\fR"
        [[ $offered == *" --$name "* ]] || fail "bash does not offer $command --$name"
        [[ $zsh_part == *"'--$name"[=[]* ]] || fail "zsh does not offer $command --$name"
        has "$fish" "'__fish_seen_subcommand_from $command' -l $name "
    done
done
"$BEN" segment --help | tr -s ' \n' ' ' | grep -qF "correct the bias field first [yes; or --no-n4]" ||
    fail "nobody learns that the bias field is corrected, nor how to do without"
[ "$(ls "$TMP/share/man/man1" | wc -l)" = $((${#commands[@]} + 1)) ] || fail "pages and commands differ"

[[ " $(words ben-mpi '') " == *" segment "*" help "* ]] || fail "bash does not offer the commands"
[ "$(words ben-mpi segment x --species m | tr ' ' '\n' | sort | xargs)" = "macaque marmoset mouse" ] ||
    fail "bash does not offer species"
[ "$(words ben-mpi segment --species = hu)" = human ] || fail "bash does not see --species=hu"
[ "$(words ben-mpi segment sca)" = "" ] || fail "bash leaves no room for files"
[ "$(words ben-mpi segment --no-n4-)" = "--no-n4-strong" ] || fail "bash offers what is not there"
[ "$(words ben-mpi help --completion f)" = fish ] || fail "bash does not complete help"

for page in "$TMP"/share/man/man1/*.1; do
    if command -v groff >/dev/null; then
        groff -man -Tutf8 -ww -z "$page" >"$TMP/faults" 2>&1
        [ ! -s "$TMP/faults" ] || { cat "$TMP/faults" >&2; fail "groff: $page"; }
    fi
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W warning "$page" | grep -v 'missing date' >"$TMP/faults" || true
        [ ! -s "$TMP/faults" ] || { cat "$TMP/faults" >&2; fail "mandoc: $page"; }
    fi
done
bash -n "$bash"
if command -v zsh >/dev/null; then zsh -n "$zsh"; fi
if command -v fish >/dev/null; then fish --no-execute "$fish"; fi

expect 2 "$BEN" help nothing && says "usage"
expect 2 "$BEN" help --completion tcsh && says "bash|zsh|fish"
expect 2 "$BEN" help --write /proc/nowhere && says "/proc/nowhere"
