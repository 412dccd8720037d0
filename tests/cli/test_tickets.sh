#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tickets of `tenken export`: only what is new or changed, told once, in files that trackers import.
# Options and commands in variables are words.
# shellcheck disable=SC2086,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

make_sample=${TENKEN_BUILD:?run by make check}/tests/report/make_sample
[ -x "$make_sample" ] || exit 99
export="$TENKEN export"
# right FORM LANGUAGE FILE [ROWS]
right() { "$python" "$TENKEN_TESTS/report/tickets.py" "$@"; }
# change STORE STATEMENT
change() {
	"$python" -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript(sys.argv[2])
db.commit()' "$@"
}
told() { holds "$1" "SELECT count(*) FROM exported WHERE target = '$2'" "$3"; }
same() { cmp -s "$1" "$2"; }
"$make_sample" "$TENKEN_DATA" plant.tenken || exit 99
cp plant.tenken fresh.tenken

# ---- the command line ----
refuses 2 '--list takes new, update, close and reopen' 'no such list' $export plant.tenken --format jira --list old
refuses 2 "'new' needs a file of its own" 'lists that one importer cannot do' $export plant.tenken --format jira --list new,close
refuses 2 'csv has no tickets' 'lists of a table' $export plant.tenken --format csv --list new
refuses 2 "--part-size: 'x' is no number" 'a part size that is none' $export plant.tenken --format jira --part-size x
refuses 2 '--parent is for redmine' 'a parent of another tracker' $export plant.tenken --format jira --parent 3
refuses 2 "--parent: '3,4' is no number" 'two parents' $export plant.tenken --format redmine --parent 3,4
that 'nothing was told so far' told plant.tenken redmine 0

refuses 2 '--since is not for tickets' 'changes since a day' $export plant.tenken --format jira --since 1

# ---- what importers require ----
all=$($export plant.tenken --format redmine-json --no-record | wc -l)
that 'there is something to tell' test "$all" -gt 20
for form in redmine jira servicenow backlog; do
	for language in en ja; do
		ends 0 "$form, $language" $export plant.tenken --lang $language --format $form --no-record -o $form.csv
		that "$form takes it" right $form $language $form.csv "$all"
		cp $form.csv $form.$language.csv
		ends 0 "$form, $language, JSON" $export plant.tenken --lang $language --format $form-json --no-record -o $form.json
		that "$form takes that" right $form-json $language $form.json "$all"
	done
done
for form in redmine jira servicenow backlog; do
	that "$form: details in Japanese" grep -q 'ftp（匿名）' $form.ja.csv
	that "$form: and only so" test "$(grep -c "ftp anonymous" $form.ja.csv)" = 0
	that "$form: in English as the check has it" grep -q 'ftp anonymous' $form.en.csv
done
ends 0 'Redmine in CP932' $export plant.tenken --lang ja --format redmine --encoding cp932 --no-record -o cp932.csv
that 'Redmine takes it' right redmine ja cp932.csv "$all"
that 'and it is CP932' "$python" -c 'open("cp932.csv", "rb").read().decode("cp932").index("フィンガープリント")'
ends 0 'below one ticket' $export plant.tenken --format redmine --parent 17 --no-record -o parent.csv
that 'it is named' grep -q ',#17,' parent.csv
sed 's/Urgent/Worst/' redmine.csv >wrong.csv
sed 's/,"Finding/,,"Finding/' parent.csv >wide.csv
that 'a wrong file is told: a priority' sh -c '! "$@"' sh "$python" "$TENKEN_TESTS/report/tickets.py" redmine en wrong.csv
that 'a wrong file is told: a field too many' sh -c '! "$@"' sh "$python" "$TENKEN_TESTS/report/tickets.py" redmine en wide.csv
that '--no-record left the store as it was' same plant.tenken fresh.tenken

subjects() {
	"$python" -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8-sig", newline="")))
assert len({r["Subject"] for r in rows}) == len(rows), sorted(r["Subject"] for r in rows)' "$1"
}
that 'no two tickets have one subject' subjects redmine.en.csv

# ---- told once ----
ends 0 'what is new' $export plant.tenken --format redmine -o new.csv
that 'all of it' right redmine en new.csv "$all"
that 'it is remembered' told plant.tenken redmine "$all"
ends 0 'once more' $export plant.tenken --format redmine -o again.csv
that 'nothing is new' right redmine en again.csv 0
ends 0 'all, once more' $export plant.tenken --format redmine --all -o all.csv
that 'as the first time' same all.csv new.csv
ends 0 'another tracker' $export plant.tenken --format jira -o jira.csv
that 'knows nothing of it' right jira en jira.csv "$all"
ends 0 'the same tracker in another form' $export plant.tenken --format redmine-json -o again.json
that 'nothing is new there either' right redmine-json en again.json 0

# ---- what changes ----
# One finding had another severity, one was excepted, one was elsewhere, one was fixed; a fixed one was open; one
# is not there and was not looked at again.
fixed=$(sql plant.tenken "SELECT fingerprint FROM finding WHERE status = 'fixed' LIMIT 1")
that 'the sample has a fixed finding' test -n "$fixed"
change plant.tenken "
	CREATE TEMP TABLE pick AS SELECT row_number() OVER (ORDER BY e.fingerprint) AS n, e.fingerprint FROM exported e
		WHERE target = 'redmine' AND status = 'open';
	UPDATE exported SET severity = 'info' WHERE target = 'redmine' AND fingerprint = (SELECT fingerprint FROM pick WHERE n = 1);
	UPDATE exported SET status = 'waived' WHERE target = 'redmine' AND fingerprint = (SELECT fingerprint FROM pick WHERE n = 2);
	UPDATE exported SET content = '' WHERE target = 'redmine' AND fingerprint = (SELECT fingerprint FROM pick WHERE n = 3);
	UPDATE exported SET status = 'fixed' WHERE target = 'redmine' AND fingerprint = (SELECT fingerprint FROM pick WHERE n = 4);
	DELETE FROM exported WHERE target = 'redmine' AND fingerprint = (SELECT fingerprint FROM pick WHERE n = 5);
	INSERT INTO exported SELECT site, 'redmine', fingerprint, 'open', severity, '', 1, last_scan FROM finding WHERE fingerprint = '$fixed';
	INSERT INTO exported SELECT site, 'redmine', 'fp1:00000000000000000000000000000000', 'open', 'low', '', 1, last_scan FROM finding LIMIT 1;"
cp plant.tenken changed.tenken
ends 0 'what changed' $export plant.tenken --format redmine --list update --no-record -o update.csv
that 'three of them' right redmine en update.csv 3
that 'a severity' grep -q 'Severity was info' update.csv
that 'an exception that is over' grep -q 'exception is over' update.csv
that 'a change within' grep -q 'has changed' update.csv
ends 0 'what is fixed' $export plant.tenken --format redmine --list close --no-record -o close.csv
that 'one' right redmine en close.csv 1
that 'the one' grep -q "^close,,$fixed,.*looked at again" close.csv
ends 0 'what has come back' $export plant.tenken --format redmine --list reopen --no-record -o reopen.csv
that 'one of it' right redmine en reopen.csv 1
ends 0 'what is to be done by REST' $export plant.tenken --format redmine-json -o rest.json
that 'each of them' right redmine-json en rest.json 6
that 'by its action' test "$(grep -o '^{"action":"[a-z]*"' rest.json | sort | uniq -c | tr -s ' \n' ' ')" = \
	' 1 {"action":"close" 1 {"action":"new" 1 {"action":"reopen" 3 {"action":"update" '
ends 0 'nothing is left' $export plant.tenken --format redmine-json --lang ja -o rest.json
that 'it is remembered by each form' right redmine-json ja rest.json 0
that 'a fixed one as fixed' holds plant.tenken "SELECT status FROM exported WHERE target = 'redmine' AND fingerprint = '$fixed'" fixed
that 'what was not looked at again stays' holds plant.tenken \
	"SELECT status FROM exported WHERE fingerprint = 'fp1:00000000000000000000000000000000'" open
that 'the other tracker was not touched' told plant.tenken jira "$all"
ends 0 'in one file where the importer can' $export plant.tenken --format servicenow -o now.csv
that 'ServiceNow takes it' right servicenow en now.csv "$all"

# ---- an exception ----
waived=$(sql plant.tenken "SELECT count(*) FROM finding WHERE status = 'waived'")
that 'what is excepted has no ticket' test "$waived" -gt 0
that 'and none was told' holds plant.tenken "SELECT count(*) FROM exported e JOIN finding f USING (fingerprint)
	WHERE e.target = 'jira' AND f.status = 'waived'" 0

# ---- today's answers, as of a day ----
cp fresh.tenken answers.tenken
open_check="SELECT check_id FROM finding WHERE status = 'open' AND check_id NOT LIKE 'declared.%' AND last_scan = 2
	GROUP BY check_id HAVING count(*) = 1 ORDER BY check_id"
check=$(sql answers.tenken "$open_check LIMIT 1")
planned=$(sql answers.tenken "$open_check LIMIT 1 OFFSET 1")
one=$(sql answers.tenken "SELECT fingerprint FROM finding WHERE check_id = '$check' AND status = 'open'")
two=$(sql answers.tenken "SELECT fingerprint FROM finding WHERE check_id = '$planned' AND status = 'open'")
that 'two findings to speak of' test -n "$one" -a -n "$two"
site=$(sql answers.tenken 'SELECT DISTINCT site FROM scan')
# today UNTIL [LINES]: a site file by which one of them is excepted until then
today() {
	cat <<-END
		site: "$site"
		timezone: Asia/Tokyo
		waivers:
		  - {check: $check, reason: r, compensating: c, approved_by: b, approved_at: 2026-01-01, until: $1,
		     applicant: a, clause: c, impact: i, closing: c}
	END
	shift
	if [ $# -gt 0 ]; then printf '%s\n' "$@"; fi
}
# orders FILE FINGERPRINT ACTION: what the file says of this finding; '' for nothing
orders() { test "$(sed -n 's/^{"action":"\([a-z]*\)","fingerprint":"'"$2"'".*/\1/p' "$1")" = "$3"; }
today 2027-03-31 >waived.yaml
# tell FILE OPTIONS...: what Redmine is to be told, and remembered
tell() {
	tell_file=$1
	shift
	ends 0 "tickets $*" $export answers.tenken --format redmine-json -o "$tell_file" "$@"
}
tell one.json -c waived.yaml --at 2027-01-31
that 'what today excepts is not new' orders one.json "$one" ''
that 'the rest is' orders one.json "$two" new
tell two.json -c waived.yaml --at 2027-03-31
that 'on its last day it is the same' test ! -s two.json
tell three.json -c waived.yaml --at 2027-04-01
that 'the day after it is new' orders three.json "$one" new
that 'and so is that its period is over' grep -q '"action":"new".*"category":"declared"' three.json
over=$(sed -n 's/.*"action":"new","fingerprint":"\([^"]*\)".*"category":"declared".*/\1/p' three.json)
that 'which no scan has brought to the store' holds answers.tenken "SELECT count(*) FROM finding WHERE fingerprint = '$over'" 0
today 2027-09-30 >longer.yaml
tell four.json -c longer.yaml --at 2027-04-02
that 'prolonged, it is told as an exception' orders four.json "$one" update
that 'by its words' grep -q "$one.*An exception was approved" four.json
that 'and the end of the period is closed' orders four.json "$over" close
that 'with its words' grep -q "$over.*The period of an exception is over (" four.json
tell five.json -c longer.yaml --at 2027-04-02
that 'once' test ! -s five.json
tell six.json -c longer.yaml --at 2027-10-01
that 'when that is over it is open again' orders six.json "$one" update
that 'which is said' grep -q "$one.*exception is over" six.json
that 'and what was closed has come back' orders six.json "$over" reopen

# What is planned counts from its day on, and the last word of the narrowest lines is told.
{
	today 2027-12-31
	cat <<-END
		treatments:
		  - {check: $planned, owner: first, state: planned, action: Change it, due: 2027-05-01}
		  - {check: $planned, owner: later, state: done, at: 2027-04-20}
	END
} >planned.yaml
tell seven.json -c planned.yaml --at 2027-04-10
that 'a plan is an update' orders seven.json "$two" update
that 'its day is that of the ticket' grep -q "$two.*\"due_date\":\"2027-05-01\"" seven.json
$export answers.tenken --format redmine -c planned.yaml --at 2027-04-10 --all --no-record -o plan.csv
that 'the plan is told' grep -q '^Owner: first' plan.csv
that 'what is said later is not' sh -c '! grep -q "^Owner: later" plan.csv'
$export answers.tenken --format redmine -c planned.yaml --at 2027-04-20 --all --no-record -o plan.csv
that 'on its day it is' grep -q '^Owner: later' plan.csv
that 'and the plan before is not' sh -c '! grep -q "^Owner: first" plan.csv'
ends 0 'OSCAL as of that day' $export answers.tenken --format oscal-results -c planned.yaml --at 2027-04-10 -o plan.oscal
that 'has the deadline' grep -q '"deadline":"2027-05-01' plan.oscal
ends 0 'and of the later one' $export answers.tenken --format oscal-results -c planned.yaml --at 2027-04-20 -o plan.oscal
that 'has none' sh -c '! grep -q "\"deadline\"" plan.oscal'

# Nobody looked again: an exception ends all the same.
cp fresh.tenken unseen.tenken
change unseen.tenken "
	INSERT INTO finding SELECT 'fp1:00000000000000000000000000000001', site, check_id, severity, 'gone-1', '192.0.2.77', port, transport,
		detail, 'waived', vantage, zone, first_seen, 1, first_seen, 1, NULL, 0 FROM finding WHERE fingerprint = '$one';
	INSERT INTO finding SELECT 'fp1:00000000000000000000000000000002', site, check_id, severity, 'gone-2', '192.0.2.78', port, transport,
		detail, 'waived', vantage, zone, first_seen, 1, first_seen, 1, NULL, 0 FROM finding WHERE fingerprint = '$one';
	INSERT INTO exported SELECT site, 'redmine', 'fp1:00000000000000000000000000000002', 'waived', severity, 'x', 1, 1 FROM finding
		WHERE fingerprint = '$one';"
unseen="$export unseen.tenken --format redmine-json"
ends 0 'as long as it lasts' $unseen -c waived.yaml --at 2027-03-31 --no-record -o unseen.json
that 'nothing is told of them' sh -c '! grep -q "fp1:0000" unseen.json'
ends 0 'once it is over' $unseen -c waived.yaml --at 2027-04-01 -o unseen.json
that 'one that was never told is new' orders unseen.json fp1:00000000000000000000000000000001 new
that 'one that was told is open again' orders unseen.json fp1:00000000000000000000000000000002 update
ends 0 'and then' $unseen -c waived.yaml --at 2027-04-01 -o unseen.json
that 'nothing more' test ! -s unseen.json

# ---- parts ----
ends 0 'in parts' $export changed.tenken --format jira --all --part-size 15 -o part.csv
that 'as many as it takes' test "$(find . -name "part-*.csv" | wc -l)" = $(((all + 14) / 15)) -a ! -e part.csv
for part in part-*.csv; do
	that "$part is whole" right jira en "$part"
done
that 'together they are all' test "$(cat part-*.csv | grep -c ',fp1:[0-9a-f]*,tenken')" = "$all"
ends 0 'on standard output' $export changed.tenken --format jira --all --part-size 15
that 'in one, with a warning' grep -q '^warning: .* 15 tickets at a time' err
ends 0 'no parts' $export changed.tenken --format jira --all --part-size 0 -o one.csv
that 'they are one file' right jira en one.csv "$all"

# ---- faults ----
cp fresh.tenken fault.tenken
refuses 2 'none/x.csv: cannot be written' 'no such folder' $export fault.tenken --format redmine -o none/x.csv
that 'nothing counts as told' same fault.tenken fresh.tenken
if [ -e /dev/full ]; then
	refuses 3 '/dev/full: no space left' 'a full disk' $export fault.tenken --format redmine -o /dev/full
	that 'nothing counts as told then either' same fault.tenken fresh.tenken
fi
chmod 400 fault.tenken
refuses 2 'fault.tenken: cannot be written, so what is told now would be told again' 'a store that is only read' \
	$powerless $export fault.tenken --format redmine -o only.csv
that 'nothing is written' test ! -e only.csv
ends 0 'unless nothing is to be remembered' $powerless $export fault.tenken --format redmine --no-record -o only.csv
that 'then it is' right redmine en only.csv "$all"
# A store of before: its tables are made when something is remembered.
cp fresh.tenken old.tenken
change old.tenken 'DROP TABLE exported; DROP TABLE pushed'
ends 0 'a store without the table' $export old.tenken --format redmine --no-record -o old.csv
that 'knows of nothing told' right redmine en old.csv "$all"
ends 0 'two runs' $export fresh.tenken --format backlog --all --no-record -o a.csv
ends 0 'of one store' $export fresh.tenken --format backlog --all --no-record -o b.csv
that 'are the same bytes' same a.csv b.csv
tap_done
