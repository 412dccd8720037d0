#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Guidelines of one's own, all of them at once, and what people answer after the scan: report and export by
# today's site file, as of a day, without writing to the store.
# Options and commands in variables are words; scripts for inner shells stand in single quotes.
# shellcheck disable=SC1010,SC2086,SC2016,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

# ---- what `profile check` says of files ----
# mistake TEXT WORDS FILE...: the first line has this text, beside the counts on standard output
mistake() {
	wanted_text=$1 wanted_words=$2
	shift 2
	run "$TENKEN" profile check "$@"
	[ "$status" = 2 ] && head -n 1 err | grep -qF -e "error: $wanted_text"
	result $? "$wanted_words"
	note <err
}
guideline() {
	cat <<-END
		guideline: {id: ${1:-own}, title: {en: Own, ja: 独自}, version: '1', date: 2026-01,
		  publisher: {en: us, ja: 我々}}
		controls:
		- id: '1'
		  title: {en: First, ja: 第一}
		  kind: technical
		  level: ${2:-recommended}
		  items:
	END
	cat
}
guideline <<-'END' >own.yaml
	  - {id: 1-1, en: no open data, ja: 公開しない, assess: direct, checks: [exposure.unauthenticated-service, own.port]}
	  - {id: 1-2, en: a plan, ja: 計画, assess: none, checks: []}
END
cat >own-checks.yaml <<-'END'
	- word: low-port
	  title: {en: low, ja: 低}
	  sql: asset.open > 0
	- id: own.port
	  severity: low
	  needs: [sweep]
	  title: {en: A port of ours, ja: 独自のポート}
	  remedy: {en: Close it., ja: 閉じてください。}
	  sql: SELECT address, port, transport FROM service WHERE port = 25411
END
mistake "own-checks.yaml:3: scope 'low-port': no such column" 'SQL of a scope word that does not run' \
	own.yaml own-checks.yaml
sed -i 's/asset.open > 0/asset.answered/' own-checks.yaml
ends 0 'a guideline and checks of our own' "$TENKEN" profile check own.yaml own-checks.yaml
that 'they are named' grep -q 'own.yaml: guideline own: 1 controls, 2 items, 1 with checks' out
that 'and the check' grep -q 'own-checks.yaml: own.port (low)' out
# wrong TEXT WORDS: bad.yaml is refused with this line
wrong() { mistake "./bad.yaml:$1" "$2" bad.yaml own-checks.yaml; }
mistake "./own.yaml:9: item '1-1': there is no check 'own.port'" 'a check that there is none of' own.yaml
item() { echo "  - {id: 1-1, en: a, ja: あ, $1}"; }
item 'assess: none, checks: []' | guideline mlit-water >bad.yaml
wrong "1: field 'id': 'mlit-water' is the name of a guideline that tenken brings" 'an id that is taken'
item 'assess: none, checks: []' | guideline 'Own One' >bad.yaml
wrong "1: field 'id': begins with a small letter" 'an id that is none'
item 'assess: none, checks: []' | guideline own_one >bad.yaml
wrong "1: field 'id': begins with a small letter" 'an id that OSCAL cannot tell apart'
item 'assess: none, checks: []' | guideline own 'required
  mandatory: true' >bad.yaml
wrong "4: field 'mandatory': is for what the ministerial ordinance asks" 'nobody makes a law of their own'
item 'assess: none, checks: []' | sed "s/id: 1-1/id: $(printf '%065d' 7)/" | guideline >bad.yaml
wrong "9: field 'id': is longer than 64 bytes" 'an id that no export can hold'
item 'assess: direct, checks: []' | guideline >bad.yaml
wrong "9: item '1-1' is assessed, but by no check" 'direct without a check'
item 'assess: none, checks: [own.port]' | guideline >bad.yaml
wrong "9: item '1-1' has checks, but is not assessed by them" 'checks of an item that is not assessed'
item 'assess: direct, checks: [own.port, own.port]' | guideline >bad.yaml
wrong "9: item '1-1' names the check 'own.port' twice" 'a check twice'
item 'assess: direct, checks: [own.port], scope: [nowhere]' | guideline >bad.yaml
wrong "9: item '1-1': there is no scope word 'nowhere'" 'a scope word that there is none of'
item 'assess: direct, checks: [own.port], colour: red' | guideline >bad.yaml
wrong "9: field 'colour': is not known here" 'a key that is not known'
item 'assess: direct, checks: [own.port], when: "nowhere = 1"' | guideline >bad.yaml
wrong "9: item '1-1': no such column: nowhere" 'a condition whose SQL does not run'
item 'assess: direct, checks: [own.port], alternatives: [[1-1]]' | guideline >bad.yaml
wrong "9: item '1-1' is its own alternative" 'its own alternative'
{ item 'assess: none, checks: []' && item 'assess: none, checks: []'; } | guideline >bad.yaml
wrong "10: item '1-1' stands here twice" 'an item twice'
{
	item 'assess: direct, checks: [own.port], alternatives: [[1-2]]'
	item 'assess: direct, checks: [own.port], alternatives: [[1-1]]' | sed 's/id: 1-1/id: 1-2/'
} | guideline >bad.yaml
wrong "9: item '1-1': the alternative '1-2' has alternatives itself" 'alternatives in a circle'
printf 'guideline: [open\n' >bad.yaml
mistake 'bad.yaml:2: is not YAML' 'broken YAML' bad.yaml
ends 0 'what tenken brings is checked once' "$TENKEN" profile check "$TENKEN_DATA/profiles/guidelines/mlit-water.yaml"

# ---- a scan by all of them ----
peer redis 25411 || skip_all 'no server on loopback'
cat >kita.yaml <<-END
	site: kita
	timezone: Asia/Tokyo
	zones: [{name: here, kind: it, networks: [127.0.0.1]}]
	profiles: [./own.yaml, nisc-measures]
END
scan="$TENKEN scan $wait_option -c kita.yaml --checks own-checks.yaml --rate 4000 --host-rate 4000 -p 25411"
ends 0 'a scan by the site file' $scan --store own.sqlite 127.0.0.1
profiles_are() { holds "$1" "SELECT replace(profile, '$PWD/', '') FROM scan ORDER BY id DESC LIMIT 1" "$2"; }
that 'the store names them in that order' profiles_are own.sqlite own.yaml,nisc-measures
ends 0 'a scan by all' $scan --profile all --store all.sqlite 127.0.0.1
that "the site's own first, then those of a sector" profiles_are all.sqlite \
	own.yaml,nisc-measures,jama-japia,mlit-port,mlit-water,nisc-handbook
ends 0 'by all again, the own file by another name' "$TENKEN" report --profile all --profile ../"${PWD##*/}"/own.yaml \
	--checks own-checks.yaml --no-html own.sqlite
that 'those that the scan was judged by first' test \
	"$(grep -oE '^(own|mlit-[a-z]+|nisc-[a-z]+|jama-japia):' out | tr -d '\n')" = \
	own:nisc-measures:jama-japia:mlit-port:mlit-water:nisc-handbook:
"$TENKEN" --lang en report --profile all --checks own-checks.yaml --no-html own.sqlite >out
that 'the summary says what is a draft' sh -c "grep -A1 '^nisc-handbook:' out | grep -q '^  Source: A draft$'"
that 'and nothing where nothing is to be said' sh -c "! grep -A1 '^mlit-water:' out | grep -q Source"
"$TENKEN" report --profile all --checks own-checks.yaml --quiet --html all.html own.sqlite
that 'and the first screen' sh -c "sed -n '/id=\"summary\"/,/<\/section>/p' all.html | grep -q '>A draft<'"
sed '/^profiles:/d' kita.yaml >plain.yaml
ends 0 'by all, without a word of the site' "$TENKEN" scan $wait_option -c plain.yaml --profile all -p 25411 --store plain.sqlite 127.0.0.1
that 'the one that is judged by unless said otherwise first' profiles_are plain.sqlite \
	mlit-water,jama-japia,mlit-port,nisc-handbook,nisc-measures
for format in oscal-catalog oscal-profile oscal-results xlsx sarif ocsf; do
	ends 0 "a guideline of our own in $format" \
		"$TENKEN" export --checks own-checks.yaml own.sqlite --format $format -o own.$format
done
item 'assess: none, checks: []' | guideline findings >findings.yaml
ends 0 'a guideline that bears the name of a sheet' \
	"$TENKEN" --lang en export --profile ./findings.yaml own.sqlite --format xlsx -o sheets.xlsx
that 'nothing is said of it' test ! -s err
that 'OSCAL has no list without members' sh -c '! grep -q "\[\]" own.oscal-catalog'
refuses 2 "nosuch.yaml: cannot be opened" 'a guideline that is not there' $scan --profile ./nosuch.yaml 127.0.0.1
refuses 2 "there is no guideline 'nosuch'" 'a name that is none' $scan --profile nosuch 127.0.0.1

# ---- what is answered afterwards ----
sum=$(sha256sum <own.sqlite)
day=$(date -d '+10 days' +%F)
later=$(date -d '+40 days' +%F)
before=$(date -d '-2 days' +%F)
verdict() {
	"$TENKEN" export $3 --checks own-checks.yaml own.sqlite --format ndjson 2>err |
		grep '"type":"control"' | grep "\"item\":\"$1\"" | grep -q "\"verdict\":\"$2\""
}
{
	cat kita.yaml
	cat <<-END
		attestations:
		  - {guideline: own, item: 1-2, answer: met, by: chief, at: $day, evidence: R8-1}
		items:
		  - {guideline: own, item: 1-1, decision: decline, reason: for tests, by: chief, at: $day}
		treatments:
		  - {check: own.port, owner: chief, state: planned, due: $day}
	END
} >today.yaml
that 'as the scan left it' verdict 1-2 not-assessable ''
that 'an answer of a later day does not count' verdict 1-2 not-assessable '-c today.yaml'
that 'nor does a decision' verdict 1-1 violated '-c today.yaml'
that 'on its day it does' verdict 1-2 attested "-c today.yaml --at $day"
that 'and the decision' verdict 1-1 declined "-c today.yaml --at $day"
"$TENKEN" export -c today.yaml --at "$later" --checks own-checks.yaml own.sqlite --format ndjson >one 2>err
that 'what is overdue is a finding' grep -q '"check":"declared.treatment-overdue"' one
sleep 1
"$TENKEN" export -c today.yaml --at "$later" --checks own-checks.yaml own.sqlite --format ndjson >two 2>err
that 'as of a day it is the same whenever it is asked' cmp one two
that 'the store stays as it was' test "$(sha256sum <own.sqlite)" = "$sum"
ends 0 'the report too' "$TENKEN" report -c today.yaml --at "$day" --checks own-checks.yaml --html page.html own.sqlite
that 'tells the reason' grep -q 'for tests' page.html
refuses 2 'lies before the end of the run' 'a day before the scan' \
	"$TENKEN" report --at "$before" --no-html --checks own-checks.yaml own.sqlite
refuses 2 "takes a day (YYYY-MM-DD), not '2026-13-01'" 'no day' \
	"$TENKEN" report --at 2026-13-01 --no-html --checks own-checks.yaml own.sqlite
sed 's/site: kita/site: minami/' today.yaml >other.yaml
refuses 2 "other.yaml: is the file of the site 'minami', the store's run is of 'kita'" 'the file of another site' \
	"$TENKEN" report -c other.yaml --no-html --checks own-checks.yaml own.sqlite
# What `tenken assess` wrote beside a site file that does not name it.
ends 0 'without a file of answers' "$TENKEN" report -c today.yaml --no-html --quiet --checks own-checks.yaml own.sqlite
that 'nothing is said of one' test ! -s err
printf 'attestations:\n  - {guideline: own, item: 1-2, answer: met, by: chief, at: %s}\n' "$before" >answers.yaml
ends 0 'a file of answers that is not named' "$TENKEN" report -c today.yaml --no-html --quiet --checks own-checks.yaml own.sqlite
that 'is told of in one line' test "$(cat err)" = \
	'note: answers.yaml is not used, since the site file does not name it (answers: answers.yaml)'
ends 0 'so it is with an export' "$TENKEN" export -c today.yaml --checks own-checks.yaml own.sqlite --format json -o one
that 'in one line' test "$(grep -c 'answers.yaml is not used' err)" = 1
that 'and does not count' verdict 1-2 not-assessable '-c today.yaml'
(cat kita.yaml && echo 'answers: answers.yaml') >names.yaml
ends 0 'one that is named' "$TENKEN" report -c names.yaml --no-html --quiet --checks own-checks.yaml own.sqlite
that 'of which nothing is said' test ! -s err
that 'counts' verdict 1-2 attested '-c names.yaml'
ends 0 'without today' "$TENKEN" report --no-html --quiet --checks own-checks.yaml own.sqlite
that 'nothing is said either' test ! -s err
rm answers.yaml

mv own.yaml elsewhere.yaml
"$TENKEN" report --no-html --checks own-checks.yaml own.sqlite >out 2>err
that 'without our guideline the others are told' grep -q nisc-measures out
that 'and that it is missing' grep -q 'own.yaml: this guideline cannot be read' err
mv elsewhere.yaml own.yaml

# ---- how each of them stands ----
{
	cat kita.yaml
	cat <<-END
		attestations:
		  - {guideline: own, item: 1-2, answer: met, by: chief, at: 2020-01-01, until: $before}
		  - {guideline: own, item: 1-1, answer: met, by: chief, at: 2020-01-01}
		waivers:
		  - {check: own.port, reason: r, compensating: c, approved_by: b, approved_at: 2020-01-01, until: 2099-01-01}
		  - {check: own.port, reason: r, compensating: c, approved_by: b, approved_at: 2020-01-01, until: 2099-01-01,
		     applicant: a, clause: c, impact: i, closing: c, from: 2098-01-01}
		  - {check: exposure.unauthenticated-service, reason: r, compensating: c, approved_by: b, approved_at: 2020-01-01,
		     until: 2099-01-01, applicant: a, clause: c, impact: i, closing: c, relies_on: [own.port]}
		  - {check: smb.v1, reason: r, compensating: c, approved_by: b, approved_at: 2020-01-01, until: 2099-01-01,
		     applicant: a, clause: c, impact: i, closing: c}
		measures:
		  - {check: own.port, measure: m, by: chief, at: 2020-01-01, relies_on: [exposure.unauthenticated-service]}
		treatments:
		  - {guideline: own, item: 1-2, owner: chief, state: planned, due: $before}
		  - {check: own.port, owner: chief, state: done, at: $before}
	END
} >standing.yaml
"$TENKEN" export -c standing.yaml --checks own-checks.yaml own.sqlite --format ndjson >lines 2>err
# stands TYPE TEXT STATE: one line of this type has the text, and this state
stands() {
	test "$(grep "\"type\":\"$1\"" lines | grep "$2" | grep -c "\"stands\":\"$3\"")" = 1
}
that 'an answer whose day is over' stands answer '"item":"1-2"' expired
that 'one that findings speak against' stands answer '"item":"1-1"' contradicted
that 'a waiver that lacks fields' stands waiver '"check":"own.port"' incomplete
that 'one that begins later' stands waiver '"check":"own.port"' future
that 'one whose ground is gone' stands waiver '"check":"exposure.unauthenticated-service"' contradicted
that 'one that holds' stands waiver '"check":"smb.v1"' valid
"$TENKEN" report -c standing.yaml --checks own-checks.yaml --quiet --html page.html own.sqlite
sed -n '/id="records"/,/<\/section>/p' page.html >records
that 'of four waivers and two answers the page calls one good' test "$(grep -c '>in force<' records)" = 1
that 'a plan names its item' grep -q '<span class="mono">own:1-2</span>' records
that 'and that its day is over' grep -q '>overdue<' records
that 'or that it was not done' grep -q 's-high"><span lang="en">[^<]*done[^<]*found again' records

that 'a measure is shown by what its check finds' grep -q '<td><span lang="en">A port of ours</span>' records
that 'and what it relies on' sh -c '! grep -q ">exposure.unauthenticated-service<" records'
if "$python" -c 'import openpyxl' 2>/dev/null; then
	"$TENKEN" --lang en export -c standing.yaml --checks own-checks.yaml own.sqlite --format xlsx -o standing.xlsx
	"$python" -c 'import openpyxl
for row in openpyxl.load_workbook("standing.xlsx")["Waivers"].iter_rows(values_only=True):
    print(row[0], row[5])' >rows
	that 'the workbook too, an exception that names no first day from its approval' grep -q '^A port of ours 2020-01-01$' rows
else
	skip 'the workbook too' 'openpyxl is not installed'
fi

# ---- what answers name ----
# answers TEXT WORDS: the lines of standard input are refused with this line
answers() {
	{
		cat kita.yaml
		cat
	} >named.yaml
	refuses 2 "$1" "$2" "$TENKEN" site check named.yaml
}
answers "named.yaml:6: field 'decision': 'ordinance-1-1' is a requirement of the ministerial ordinance" \
	'what the ordinance requires is not declined' <<-'END'
	items:
	  - {guideline: mlit-water, item: ordinance-1-1, decision: decline, reason: r, by: b, at: 2026-01-01}
END
answers "named.yaml:6: field 'level': 'informative' is less than 'recommended'" 'to tighten is not to loosen' <<-'END'
	items:
	  - {guideline: own, item: 1-2, decision: tighten, level: informative}
END
answers "named.yaml:6: field 'level': 'example' is less than 'recommended'" 'nor for a control' <<-'END'
	items:
	  - {guideline: own, control: '1', decision: tighten, level: example}
END
answers "named.yaml:6: field 'checks': there is no check 'nosuch'" 'a further check that there is none of' <<-'END'
	items:
	  - {guideline: own, item: 1-2, decision: tighten, checks: [nosuch]}
END
answers "named.yaml:6: field 'control': guideline 'own' has no control '7'" 'a control that there is none of' <<-'END'
	measures:
	  - {guideline: own, control: '7', measure: m, by: b, at: 2026-01-01}
END
answers "named.yaml:6: field 'relies_on': 'tls.none' is the check that it is for" 'a measure that relies on itself' <<-'END'
	measures:
	  - {check: tls.none, measure: m, by: b, at: 2026-01-01, relies_on: [tls.none]}
END
answers "named.yaml:6: field 'asset': 'P-9' is neither" 'an asset that nobody knows' <<-'END'
	treatments:
	  - {check: tls.none, asset: P-9, owner: o, state: planned}
END
{
	cat kita.yaml
	cat <<-'END'
		waivers:
		  - {check: tls.none, reason: r, compensating: c, approved_by: b, approved_at: 2026-01-01, until: 2099-01-01}
	END
} >waived.yaml
ends 0 'a waiver that lacks fields is read' "$TENKEN" site check waived.yaml
that 'and told' grep -q 'waived.yaml:6: this waiver lacks applicant, clause, impact, closing and does not count' out
{ cat kita.yaml && printf 'attestations:\n  - {guideline: own, item: 1-2, answer: not-met, by: chief, at: %s}\n' "$before"; } >admits.yaml
ends 0 'an answer by which an item is not met' \
	"$TENKEN" --lang en report -c admits.yaml --checks own-checks.yaml --no-html own.sqlite
that 'is counted apart from other answers' grep -q "^own: .*not met, by the operator's own answer 1" out
tap_done
