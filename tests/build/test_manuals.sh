#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manuals say what the program does: commands and options both ways, examples that run, pages of
# the probes. Nothing here sends: scans run with --dry-run, all examples where there is no network.
# shellcheck disable=SC2086 # lists of words
set -u
top=${TENKEN_DATA:?run by make check}
: "${TENKEN:?}" "${TENKEN_BUILD:?}"
unset SUDO_UID SUDO_GID
LC_ALL=C.UTF-8
LANGUAGE=en
export LC_ALL LANGUAGE
work=$(mktemp -d) || exit 99
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
n=0

ok() { n=$((n + 1)) && echo "ok $n - $1"; }
skip() { n=$((n + 1)) && echo "ok $n - $1 # SKIP $2"; }
not_ok() { # words, file with the reason
	n=$((n + 1))
	echo "not ok $n - $1"
	sed 's/^/# /' "$2"
}
# empty WORDS FILE: the file lists what is wrong; nothing is
empty() { if [ -s "$2" ]; then not_ok "$1" "$2"; else ok "$1"; fi; }
# within WORDS A B MESSAGE: no line of A is missing in B
within() {
	sort -u "$2" >"$work/a"
	sort -u "$3" >"$work/b"
	comm -23 "$work/a" "$work/b" | sed "s/\$/: $4/" >"$work/wrong"
	empty "$1" "$work/wrong"
}

# ---- what there is ----
# Options are words without the first dashes: a letter alone is a short option.
source_options() { # of a source file: tables, option letters, comparisons by hand
	sed -n 's/.*{ "\([A-Za-z][A-Za-z0-9-]*\)", \(required\|no\|optional\)_argument.*/\1/p' "$1"
	sed -n 's/.*getopt_long[a-z_]*(argc, argv, "\([^"]*\)".*/\1/p' "$1" | tr -d ':+-' | sed 's/./&\n/g'
	grep -o '"--*[A-Za-z][A-Za-z-]*=\{0,1\}"' "$1" | tr -d '"=' | sed 's/^--*//'
}
help_options() { # of a command's help
	"$TENKEN" --lang en "$@" --help 2>/dev/null </dev/null |
		grep -oE -- '(^|[ ,(])--?[A-Za-z][A-Za-z-]*' | sed 's/^[ ,(]*-*//'
}
page_options() { # all that a page names: Fl macros, and words of its examples
	sed 's/\\-/-/g' "$1" | sed -n 's/^\.\([A-Z][a-z]\) /\1 /p' | tr ' ' '\n' |
		sed -n '/^Fl$/{n;p;}; /^--[a-z]/p' | sed 's/^--*//'
	sed 's/\\-/-/g' "$1" | sed -n 's/^\.Dl //p' | tr ' ' '\n' | sed -n 's/^-\([A-Za-z][A-Za-z]*\)$/\1/p'
}
page_items() { # those that have an entry of their own
	sed -n 's/^\.It \(Fl .*\)/\1/p' "$1" | tr ' ' '\n' | sed -n '/^Fl$/{n;p;}' | sed 's/^-//'
}
lines() { grep -v '^$' | sort -u; }

"$TENKEN" --lang en --help >"$work/help"
sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' "$work/help" >"$work/commands"
sed -n 's/^\.It Ic \([a-z]*\)$/\1/p' "$top/man/tenken.1" >"$work/told"
commands=$(cat "$work/commands")
[ -n "$commands" ] || exit 99
pages=$(find "$top/man" -name '*.[1-9]' | sed 's,.*/,,' | sort)
# The page of a command, its source.
page_of() { case $1 in status) echo tenken-stop.1 ;; *) echo "tenken-$1.1" ;; esac; }
source_of() { # where a command reads its options: files
	case $1 in
	status) echo src/commands/stop.c ;;
	listen) echo src/commands/listen_options.c ;;
	scan) echo src/commands/scan_options.c ;;
	reach) echo src/commands/reach.c src/commands/reach_outside.c src/commands/reach_import.c ;;
	*) echo "src/commands/$1.c" ;;
	esac
}
examples() { # commands of a page
	awk '/^\.Sh / { on = $2 == "EXAMPLES" } on && /^\.Dl / { print substr($0, 5) }' "$top/man/$1" |
		sed 's/\\-/-/g'
}
examples_count=$(for page in $pages; do examples "$page"; done | grep -c .)

plan=$((7 + $(echo $pages | wc -w) + 3 * $(echo $commands | wc -w) + examples_count + 5))
echo "1..$plan"

# ---- pages and commands ----
within 'every command stands in tenken(1)' "$work/commands" "$work/told" 'not in tenken.1'
within 'every command of tenken(1) exists' "$work/told" "$work/commands" 'no such command'
for command in $commands; do
	page_of "$command"
done >"$work/wanted"
printf '%s\n' $pages | grep '\.1$' >"$work/there"
within 'every command has its page' "$work/wanted" "$work/there" 'there is no such page'
echo tenken.1 >>"$work/wanted"
within 'every page is of a command' "$work/there" "$work/wanted" 'of no command'
printf '%s\n' $pages >"$work/pages"
sed -n '/^man_MANS/,/[^\\]$/p' "$top/Makefile.am" | grep -o 'tenken[a-z-]*\.[1-9]' >"$work/installed"
within 'every page is installed' "$work/pages" "$work/installed" 'not in man_MANS'
for page in $pages; do
	sed -n 's/^\.Xr \(tenken[a-z-]*\) \([1-9]\).*/\1.\2/p' "$top/man/$page"
done >"$work/references"
within 'every reference leads to a page' "$work/references" "$work/pages" 'no such page'

for page in $pages; do
	if ! command -v mandoc >/dev/null; then
		skip "mandoc -Tlint $page" 'mandoc is not installed'
		continue
	fi
	(cd "$top/man" && mandoc -Tlint "$page") >"$work/lint" 2>&1
	empty "mandoc -Tlint $page" "$work/lint"
done

# ---- options ----
source_options "$top/src/tenken.c" | lines >"$work/global"
for command in $commands; do
	page=$top/man/$(page_of "$command")
	for source in $(source_of "$command"); do source_options "$top/$source"; done | lines >"$work/source"
	help_options "$command" | lines >"$work/shown"
	page_items "$page" | lines >"$work/items"
	page_options "$page" | lines >"$work/named"
	if [ "$command" = scan ]; then
		for found in source shown items named; do
			grep -qx dry-run "$work/$found" || echo "$found: --dry-run was not found"
		done >"$work/wrong"
		empty 'option tables, helps and pages are understood' "$work/wrong"
	fi
	cat "$work/source" "$work/shown" | lines >"$work/all"
	within "$command: every option stands in its page" "$work/all" "$work/items" 'has no entry in the page'
	cat "$work/source" "$work/global" | lines >"$work/all"
	within "$command: every option of its help exists" "$work/shown" "$work/all" 'not in the option table'
	within "$command: every option of its page exists" "$work/named" "$work/all" 'not in the option table'
done
page_items "$top/man/tenken.1" | lines >"$work/items"
within 'tenken: every option stands in its page' "$work/global" "$work/items" 'has no entry in the page'
for command in $commands; do
	for source in $(source_of "$command"); do source_options "$top/$source"; done
done | lines >>"$work/global"
for page in tenken.1 tenken-site.5; do
	page_options "$top/man/$page"
done | lines >"$work/named"
within 'tenken(1), tenken-site(5): every option exists' "$work/named" "$work/global" 'in no option table'

# ---- examples ----
cp "$top/doc/examples/kita-plant.yaml" "$work/site.yaml"
cp "$top/doc/examples/ledger.csv" "$work/"
cp "$top/tests/report/hostile-checks.yaml" "$work/local-checks.yaml"
cp -R "$top/tests/advice" "$work/offline-data"
mkdir "$work/captures" && cp "$top/tests/listen/modbus.pcap" "$top/tests/listen/dns.pcap" "$work/captures"
chmod -R u+w "$work"/*
"$TENKEN_BUILD/tests/report/make_sample" "$top" "$work/site.tenken" >"$work/log" 2>&1 || sed 's/^/# /' "$work/log"
"$TENKEN" reach --make-sign-key "$work/kita.key" >/dev/null
alone=
for way in 'unshare -n' 'unshare -rn'; do
	if [ -z "$alone" ] && $way true 2>/dev/null; then alone=$way; fi
done
for page in $pages; do
	examples "$page" >"$work/examples"
	while read -r line; do
		rest=${line#tenken }
		case $line in
		"tenken scan "*) rest="$rest --dry-run" ;;
		"tenken "*) ;;
		*) rest="(no command of tenken)" ;;
		esac
		# Asking a scan of somebody else to stop is no test.
		if [ "$rest" = stop ] && [ -z "$alone" ]; then
			skip "$page: $line" 'no network namespace may be made'
			continue
		fi
		# Who is asked has a role, and leaves.
		case $rest in "assess "*) printf 'officer\nq\n' ;; esac >"$work/typed"
		if (cd "$work" && exec $alone "$TENKEN" $rest) >"$work/log" 2>&1 <"$work/typed"; then
			ok "$page: $line"
		else
			not_ok "$page: $line" "$work/log"
		fi
	done <"$work/examples"
done

# ---- probes ----
sed -n 's/^[[:space:]]*&probe_\([a-z0-9_]*\),$/\1/p' "$top/probes/probes.c" | tr _ - | lines >"$work/probes"
find "$top/doc/probes" -name '*.md' | sed 's,.*/,,; s/\.md$//; /^README$/d' | lines >"$work/there"
comm -3 "$work/probes" "$work/there" | tr -d '\t' | sed 's/$/: a probe without page, or a page without probe/' >"$work/wrong"
while read -r probe; do
	[ ! -e "$top/doc/probes/$probe.md" ] || grep -qx "# $probe" "$top/doc/probes/$probe.md" ||
		echo "$probe: its page has another heading"
done <"$work/probes" >>"$work/wrong"
[ -s "$work/probes" ] || echo 'no probe was found' >>"$work/wrong"
empty 'every probe has its page under doc/probes' "$work/wrong"
# A row says what the descriptor says.
while read -r probe; do
	word=no
	if grep -q '^	\.ot = true,' "$top/probes/$(echo "$probe" | tr - _).c"; then word=yes; fi
	grep -qE "^\| \[$probe\]\($probe\.md\) \|.*\| $word \|\$" "$top/doc/probes/README.md" ||
		echo "$probe: no row that says '$word' at controllers"
done <"$work/probes" >"$work/wrong"
sed -n 's/^| \[\([a-z0-9-]*\)\].*/\1/p' "$top/doc/probes/README.md" | lines >"$work/rows"
comm -13 "$work/probes" "$work/rows" | sed 's/$/: a row without probe/' >>"$work/wrong"
empty 'doc/probes/README.md lists them' "$work/wrong"
awk '/^\.S[hs] / { on = $2 == "Conversations" } on && /^\.It Cm / { print $3 }' "$top/man/tenken-scan.1" |
	lines >"$work/told"
comm -3 "$work/probes" "$work/told" | tr -d '\t' | sed 's/$/: a probe without entry, or an entry without probe/' >"$work/wrong"
empty 'tenken-scan(1) tells of each what it sends' "$work/wrong"
