#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tenken assess: a person answers, over a pipe and on a terminal; nothing that was answered is lost.
# shellcheck disable=SC2016,SC2086,SC2094,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

cat >site.yaml <<'EOF'
# A comment of the plant's own.
site: kita
timezone: Asia/Tokyo
zones:
  - {name: plant, kind: ot, networks: [192.168.10.0/24]}
attestations:
  - {guideline: mlit-water, control: ordinance-4, answer: met, by: chief, at: 2026-01-01}
EOF
cp site.yaml hand.yaml
(cat site.yaml && echo 'answers: answers.yaml') >named.yaml

# says LINE...: the answers, one a line, to an assessment; into out, err and $status
says() {
	printf '%s\n' "$@" >typed
	timeout -k 5 60 "$TENKEN" assess -c named.yaml $options <typed >out 2>err
	status=$?
}
options=
# yaml EXPRESSION: of the answers file, as python sees it
yaml() {
	"$python" - "$1" <<'EOF'
import sys
try:
    import yaml
except ImportError:
    sys.exit(0)
d = yaml.safe_load(open("answers.yaml", encoding="utf-8"))
a = {x.get("control") or x.get("item"): x for x in d.get("attestations") or []}
t = {x.get("control") or x.get("item"): x for x in d.get("treatments") or []}
g = {x.get("control") or x.get("item"): x for x in d.get("goals") or []}
tiers = {x["area"]: x for x in d.get("tiers") or []}
if not eval(f"({sys.argv[1]})"):
    print(sys.argv[1], "does not hold of", d)
    sys.exit(1)
EOF
}
checks_site() { "$TENKEN" site check named.yaml; }
is() { [ "$status" = "$1" ]; }

# ---- over a pipe ----
run sh -c 'printf "officer\nm\n\n\n\nq\n" | "$TENKEN" assess -c site.yaml'
that 'the mandatory controls come first' grep -q '^(1 of [0-9]*) mlit-water ordinance-0 ' out
that 'without the key it says what to add' grep -q '^answers: answers.yaml$' out
that 'the site file is as it was' cmp site.yaml hand.yaml
rm answers.yaml

says 'plant manager' m 'rule R8-031' 'read it' '' p 2 '' '' '' '' 'install it' '' 2099-03-31 q
that 'left with q' is 0
that 'an answer with proof, remark, role and a year' yaml \
	'a["ordinance-0"]["answer"] == "met" and a["ordinance-0"]["evidence"] == "rule R8-031" and
a["ordinance-0"]["note"] == "read it" and a["ordinance-0"]["by"] == "plant manager" and
(a["ordinance-0"]["until"] - a["ordinance-0"]["at"]).days in (365, 366)'
that 'partly: the control is met, the exception is not' yaml \
	'a["ordinance-1"]["answer"] == "met" and a["ordinance-1-2"]["answer"] == "not-met"'
that 'what will be done' yaml 't["ordinance-1-2"]["action"] == "install it" and
t["ordinance-1-2"]["owner"] == "plant manager" and str(t["ordinance-1-2"]["due"]) == "2099-03-31"'
that 'the site file takes it in' checks_site
that 'a control of the site file is not asked for' sh -c '! grep -q "mlit-water ordinance-4" out'

options=--resume
says '' q
that '--resume goes on behind them' grep -q '^(1 of [0-9]*) mlit-water ordinance-2 ' out
that 'the role is remembered' grep -q '\[plant manager\]' out

# The second answer runs out: it is the first to be asked for, with what was said then.
sed 's/until: [0-9-]*/until: 2026-01-02/; s/at: 20[0-9-]*/at: 2026-01-01/' answers.yaml >changed
mv changed answers.yaml
says '' '' q
that 'what has expired comes first' sh -c \
	'grep -q "^(1 of [0-9]*) mlit-water ordinance-0 " out && grep -q "EXPIRED on 2026-01-02, rule R8-031" out'
that 'Enter leaves it as it is' yaml 'str(a["ordinance-0"]["until"]) == "2026-01-02"'
says '' m '' '' '' q
that 'answered again, the proof stays' yaml \
	'a["ordinance-0"]["evidence"] == "rule R8-031" and str(a["ordinance-0"]["until"]) > "2026-12-01"'

# What is under way stays so, with its note; and so does who may read the file.
cp -p answers.yaml saved.yaml
sed -i 's/    state: "planned"/    state: "in-progress"\n    note: "ordered"/' answers.yaml
chmod 600 answers.yaml
says '' p 2 '' '' '' '' '' '' '' q
that 'a treatment that is under way goes on' yaml 't["ordinance-1-2"]["state"] == "in-progress" and
t["ordinance-1-2"]["note"] == "ordered" and t["ordinance-1-2"]["action"] == "install it"'
that 'nobody else may read it now' test "$(stat -c %a answers.yaml)" = 600
mv saved.yaml answers.yaml

# What is declined is not asked for.
asked() { printf '\nq\n' | "$TENKEN" assess -c "$1" --resume | sed -n 's/^(1 of \([0-9]*\)).*/\1/p'; }
(cat named.yaml && printf '%s\n' 'items:' '  - {guideline: mlit-water, control: 1.2.1, decision: decline, reason: r, by: c, at: 2026-01-01}') \
	>declined.yaml
that 'what is declined is not asked for' test "$(asked declined.yaml)" = $(($(asked named.yaml) - 1))

# ---- what nobody should type ----
long=$(head -c 1500 /dev/zero | tr '\0' x)
hostile=$(printf '\033[31mred')
turned=$(printf 'a\342\200\256b')
broken=$(printf 'a\377b')
says '' x "$long" "$hostile" "$turned" "$broken" '"quoted": [a, #b' '=1+1' tomorrow 2020-01-01 ２０９９－０１－０１ q
that 'odd lines are told and asked again' sh -c \
	'[ "$(grep -c "characters that cannot be kept" out)" = 3 ] && [ "$(grep -c "too long" out)" = 1 ]'
that 'so are days that are none, or over' sh -c \
	'grep -q "written like 2027-03-31" out && grep -q "That day is over" out'
that 'a text comes back as it was' yaml \
	'[x for x in a.values() if x.get("evidence") == "\"quoted\": [a, #b" and x["note"] == "=1+1" and
x["answer"] == "not-applicable" and str(x["until"]) == "2099-01-01"]'
that 'and the file is right' checks_site
says '' p '7-3' '99' 'two' '1、2' '' q
that 'numbers that are none are asked again' sh -c '[ "$(grep -c "^> Numbers from 1 to" out)" = 3 ]'
before=$(sha256sum <answers.yaml)
says '' p 1
that 'the input ends between the questions: nothing half is kept' \
	sh -c '[ "$1" = 3 ] && [ "$2" = "$(sha256sum <answers.yaml)" ] && grep -q "^The input ended early" out' \
	- "$status" "$before"
says '' n
that 'the input ends behind the answer: it is kept' sh -c '[ "$1" = 3 ] && [ "$2" != "$(sha256sum <answers.yaml)" ]' \
	- "$status" "$before"
says 'x' '' b b '?' q
that 'back at the beginning, and help' is 0

# Two at once: the later one does not lose what the first one kept.
mkfifo keys
"$TENKEN" assess -c named.yaml --resume <keys >slow.out 2>slow.err &
slow=$!
exec 9>keys
printf 'slow\n' >&9
within 10 grep -q '^(1 of' slow.out
says 'quick' m '' '' '' q
before=$(sha256sum <answers.yaml)
printf 'm\n' >&9
exec 9>&-
wait "$slow"
status=$?
that 'two at once: one error, nothing lost' sh -c \
	'[ "$1" = 3 ] && grep -q "somebody else has changed it" slow.err && [ "$2" = "$(sha256sum <answers.yaml)" ]' \
	- "$status" "$before"

if [ "$(id -u)" != 0 ] || apart; then
	cp answers.yaml kept.yaml
	mount -t tmpfs -o size=4k tmpfs /mnt 2>/dev/null && cp named.yaml /mnt/ &&
		printf 'x\nm\n' | "$TENKEN" assess -c /mnt/named.yaml >out 2>err
	status=$?
	if [ -e /mnt/named.yaml ]; then
		that 'a full disk is told, and no file is half written' sh -c \
			'[ "$1" = 3 ] && grep -q "no space left" err && ! [ -s /mnt/answers.yaml ]' - "$status"
	else
		skip 'a full disk is told, and no file is half written' 'no file system could be mounted'
	fi
else
	skip 'a full disk is told, and no file is half written' 'needs root in a namespace of its own'
fi

# ---- beside a store ----
options=
"$TENKEN_BUILD/tests/report/make_sample" "$TENKEN_DATA" named.tenken >log 2>&1 || note <log
says '' q
that 'what the scan found stands beside' grep -q '\[' out
options=--resume
says '' '' '' '' q
that 'findings of a control are named' grep -q '^The scan found:' out
rm named.tenken

# ---- goals ----
options=--goals
says 'chief' 2 3 '' '' '' '' '' 'ad hoc' 'managed' 'rules' high '' 2099-01-01 q
that 'goals and tiers' yaml 'tiers["all"]["current"] == 2 and tiers["all"]["target"] == 3 and
g["ordinance-0"]["current"] == "ad hoc" and g["ordinance-0"]["target"] == "managed" and
g["ordinance-0"]["priority"] == "high"'
that 'the site file takes them in too' checks_site

# Of items: one by one, with the figures that they ask for; the role and the tiers are known by now.
options='--goals --resume --profile jama-japia'
says '' '' '' '' '' '' '' '' '' '' '' '' '' i '1,9' 'never' 'each year' '' low '' '' q
that 'left in the middle of the items: nothing half is kept' yaml 'g["7-1"]["current"] == "never" and
g["7-1"]["target"] == "each year" and g["7-1"]["priority"] == "low" and "item" in g["7-1"] and
"7-9" not in g and "7" not in g'
that 'the figures of an item are shown' sh -c \
	'[ "$(grep -c "Asked for: at least once a year" out)" -ge 2 ]'
says '' '' '' '' '' '' '' '' '' '' '' '' '' i '1、9' '' '' '' '' '' '' some all '' '' '' '' 'on paper' 'lived' '' '' '' '' q
that 'what was said of an item stands there again' grep -q '\[never\]' out
that 'the items, then the control as a whole' yaml 'g["7-1"]["target"] == "each year" and
g["7-9"]["current"] == "some" and g["7-9"]["target"] == "all" and g["7"]["target"] == "lived" and
"control" in g["7"]'
says '' '' '' '' '' '' '' '' '' '' '' '' '' q
that '--resume goes on behind it' sh -c '! grep -q "jama-japia 7 " out && grep -q "jama-japia 8 " out'
that 'the site file takes those of items in' checks_site
cp named.yaml own.yaml
printf '%s\n' 'goals:' '  - {guideline: jama-japia, item: 8-1, current: a, target: b}' >>own.yaml
printf '%s\n' '' '' '' '' '' '' '' '' '' '' '' '' '' i 1 '' q |
	"$TENKEN" assess -c own.yaml $options >out 2>err
that 'a goal of the site file is changed there' grep -q 'it is changed there' out

# ---- a terminal ----
# on COLUMNS TERM OPTIONS...: types what is in the file typed
on() {
	columns=$1 term=$2
	shift 2
	run "$python" "$TENKEN_TESTS/cli/typing.py" "$columns" 24 "$term" typed "$TENKEN" "$@"
}
# fits COLUMNS: no line of what was shown is wider, nor does anything but text go out
fits() {
	"$python" - "$1" <<'EOF'
import sys, unicodedata
text = open("out", encoding="utf-8").read().replace("\r\n", "\n")
if "\033" in text or "\b" in text:
    sys.exit("there are control characters")
for line in text.split("\n"):
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
    if width > int(sys.argv[1]):
        sys.exit(f"{width} columns: {line}")
EOF
}
rm answers.yaml
printf '%s\n' 'officer' m proof '' '' '' q >typed
on 80 dumb assess -c named.yaml
that 'on a dumb terminal of 80 columns' is 0
that 'every line fits' fits 80
that 'the answer is kept' yaml 'a["ordinance-0"]["evidence"] == "proof"'
printf '%s\n' '情報管理者' 'ｍ' '規程' '' '' l 'ｑ' >typed
on 60 xterm --lang ja assess -c named.yaml --resume
that 'in Japanese, full width, on 60 columns' is 0
that 'every line fits' fits 60
that 'the answer is kept' yaml 'a["ordinance-1"]["by"] == "情報管理者"'
printf '%s\n' '' '' '' '' '' '' '' '' '' '' '' '' 'ｉ' '９' 'なし' '毎年' '' '' '' '' 'ｑ' >typed
on 60 xterm --lang ja assess -c named.yaml --goals --profile jama-japia
that 'goals of items in Japanese' yaml 'g["7-9"]["current"] == "なし"'
that 'with their figures, and every line fits' sh -c 'grep -q "求める値: 1年に1回以上" out'
that 'every line fits' fits 60
printf '%s\n' '' n '^C' >typed
on 80 xterm assess -c named.yaml --resume
that 'Ctrl-C ends it with 3' is 3
that 'and keeps what was answered' yaml 'a["ordinance-2"]["answer"] == "not-met"'

# ---- wrong ----
refuses 2 'which site' 'no site file' "$TENKEN" assess
refuses 2 'cannot be opened' 'no such site file' "$TENKEN" assess -c none.yaml
refuses 2 "there is no guideline 'none'" 'no such guideline' "$TENKEN" assess -c named.yaml --profile none
echo 'attestations: 7' >answers.yaml
refuses 2 'answers.yaml:1: ' 'a broken answers file' "$TENKEN" assess -c named.yaml
tap_done
