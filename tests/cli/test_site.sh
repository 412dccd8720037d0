#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Site file and ledger: what is wrong is said with file, line and field, by `site check` and by
# `scan`; what is owned and authorised is admitted (--dry-run: nothing is sent), and nothing else.
# Options and commands in variables are words; scripts for inner shells stand in single quotes.
# shellcheck disable=SC1010,SC2086,SC2016,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

# both TEXT WORDS FILE: refused by both commands that read a site file
both() {
	refuses 2 "$1" "site check: $2" "$TENKEN" site check "$3"
	refuses 2 "$1" "scan: $2" "$TENKEN" scan --dry-run -c "$3"
}
# site NAME: from standard input, behind a good beginning
site() {
	{
		echo 'site: kita-plant'
		echo 'timezone: Asia/Tokyo'
		cat
	} >"$1"
}

# ---- the file ----
both 'missing.yaml' 'not there' missing.yaml
mkdir folder.yaml
both 'folder.yaml' 'a folder' folder.yaml
: >empty.yaml
both 'empty.yaml: is empty' 'empty' empty.yaml
printf 'site: [unclosed\n' >open.yaml
both 'open.yaml:' 'malformed' open.yaml
printf 'site: kita\n\tzones: []\n' >tab.yaml
both 'tab.yaml:2: is not YAML' 'a tabulator' tab.yaml
printf 'site: \377\376\n' >latin.yaml
both 'latin.yaml' 'not UTF-8' latin.yaml
head -c 4096 /dev/zero >zero.yaml
both 'zero.yaml' 'zeros' zero.yaml
printf -- '- a\n- b\n' >list.yaml
both 'list.yaml:1: is not a site file' 'a list' list.yaml
printf 'a: &a [x]\nb: *a\n' >alias.yaml
both 'alias.yaml' 'an alias' alias.yaml
site private.yaml </dev/null
chmod 000 private.yaml
refuses 2 'private.yaml' 'site check: may not be read' $powerless "$TENKEN" site check private.yaml
refuses 2 'private.yaml' 'scan: may not be read' $powerless "$TENKEN" scan -c private.yaml 127.0.0.1

# ---- its fields ----
site unknown.yaml <<-END
	zonse: []
END
both "unknown.yaml:3: field 'zonse'" 'a key that is not known' unknown.yaml
site twice.yaml <<-END
	exclude: [10.0.0.1]
	exclude: [10.0.0.2]
END
both "twice.yaml:4: field 'exclude'" 'a key that stands twice' twice.yaml
site network.yaml <<-END
	zones:
	  - {name: plant, kind: ot, networks: [192.168.10.0/33]}
END
both 'network.yaml:4: ' 'a network that is none' network.yaml
site kind.yaml <<-END
	zones:
	  - {name: plant, kind: factory, networks: [192.168.10.0/24]}
END
both "'factory'" 'a kind of zone that does not exist' kind.yaml
site vantage.yaml <<-END
	vantage: {name: bastion-1, zone: nowhere}
END
both "vantage.yaml:3: field 'zone': no zone is named 'nowhere'" 'a zone that nobody declared' \
	vantage.yaml
site private-owned.yaml <<-END
	owned: [192.168.1.0/24]
END
both "private-owned.yaml:3: " 'private addresses as owned' private-owned.yaml
printf 'zones: []\n' >nameless.yaml
both "nameless.yaml:1: field 'site': is missing" 'a site without a name' nameless.yaml
{
	echo 'site: kita-plant'
	echo 'zones:'
	i=0
	while [ $i -lt 300 ]; do
		echo "  - {name: z$i, kind: wrong, networks: [10.0.0.0/24]}"
		i=$((i + 1))
	done
} >mistakes.yaml
run "$TENKEN" site check mistakes.yaml
that 'many mistakes: a bounded number of lines' test "$status" = 2 -a "$(wc -l <err)" -gt 5 -a \
	"$(wc -l <err)" -le 101
that 'every line of them is an error with file and line' \
	test "$(grep -c '^error: mistakes.yaml:[0-9]*: ' err)" -ge "$(($(wc -l <err) - 1))"

# ---- authorisation and owned addresses: dry runs ----
# authorised FROM UNTIL FILE
authorised() {
	site "$3" <<-END
		authorisation: {by: 施設管理責任者, reference: R8-031, from: $1, until: $2}
		owned: [203.0.113.8/29]
	END
}
authorised 2020-01-01 2020-12-31 expired.yaml
authorised 2098-01-01 2098-12-31 early.yaml
authorised 2020-01-01 2098-12-31 valid.yaml
site none.yaml <<-END
	owned: [203.0.113.8/29]
END
owned() {
	owned_words=$1 owned_text=$2 file=$3
	shift 3
	refuses 2 "$owned_text" "$owned_words" "$TENKEN" scan --dry-run -c "$file" "$@"
}
owned 'owned, but not repeated' "'203.0.113.9': is public: repeat its range with --owned" valid.yaml \
	203.0.113.9
owned 'repeated, but the authorisation has expired' 'has expired' expired.yaml \
	--owned 203.0.113.8/29 203.0.113.9
owned 'repeated, but the authorisation is not valid yet' 'not valid yet' early.yaml \
	--owned 203.0.113.8/29 203.0.113.9
owned 'repeated, but nobody authorised it' "need an 'authorisation'" none.yaml \
	--owned 203.0.113.8/29 203.0.113.9
owned 'beside what is owned' "'203.0.113.16': is public" valid.yaml --owned 203.0.113.8/29 203.0.113.16
owned 'more repeated than is owned' "--owned: '203.0.113.0/24'" valid.yaml --owned 203.0.113.0/24 \
	203.0.113.9
ends 0 'owned, repeated and authorised is admitted' "$TENKEN" scan --dry-run -c valid.yaml \
	--owned 203.0.113.8/29 203.0.113.9
that 'the dry run names the address' grep -q '203\.0\.113\.9' out
refuses 2 '--risk login' 'logins need an authorisation that has not expired' \
	"$TENKEN" scan --dry-run -c expired.yaml --risk login 127.0.0.1
ends 0 'an expired authorisation is no matter for private addresses' \
	"$TENKEN" scan --dry-run -c expired.yaml 127.0.0.1
run "$TENKEN" site check expired.yaml
that 'site check says that it expired' grep -q expired out

# ---- names of the catalogue ----
site names.yaml <<-END
	zones:
	  - {name: plant, kind: ot, networks: [192.168.10.0/24], passive_only: [192.168.10.9]}
	  - {name: office, kind: it, networks: [192.168.10.0/25]}
	  - {name: line, kind: public, networks: [203.0.113.8/29]}
	gateways:
	  - {name: bridge, address: 192.168.10.1, networks: [192.168.10.64/27]}
	profiles: [mlit-watter]
	waivers:
	  - check: telnet.opne
	    asset: P-99
	    reason: a
	    compensating: b
	    approved_by: c
	    approved_at: 2026-01-01
	    until: 2098-01-01
	attestations:
	  - {guideline: mlit-water, item: 9.9.9, answer: met, by: x, at: 2026-01-01}
	  - {guideline: mlit, item: 1.1, answer: met, by: x, at: 2026-01-01}
END
run "$TENKEN" site check names.yaml
that 'names that do not exist are mistakes' test "$status" = 2 -a ! -s out
that 'a check that does not exist' grep -q "names.yaml:11: field 'check': .*'telnet.opne'" err
that 'an asset that nobody knows' grep -q "names.yaml:12: field 'asset': 'P-99'" err
that 'an item that does not exist' grep -q "names.yaml:19: field 'item': .*'9.9.9'" err
that 'a guideline that does not exist' grep -q "names.yaml:20: field 'guideline': .*'mlit'" err
that 'a profile that is no guideline' grep -q "names.yaml:9: field 'profiles': .*'mlit-watter'" err
sed -e 's/mlit-watter/mlit-water/' -e 's/telnet.opne/tls.protocol-obsolete/' -e 's/P-99/192.168.10.5/' \
	-e '/attestations/,$d' names.yaml >named.yaml
ends 0 'names that exist' "$TENKEN" site check named.yaml
that 'gateways are listed' grep -q 'bridge at 192.168.10.1' out
that 'warned: addresses in two zones' grep -q "warning: named.yaml:5: 192.168.10.0/25 .*'plant' (ot) holds" err
that 'warned: public and not owned' grep -q "warning: named.yaml:6: .*203.0.113.8/29 is not covered" err
that 'warned: passive_only' grep -q "warning: named.yaml:4: .*'passive_only'" err

# ---- the forecast ----
site forecast.yaml <<-END
	zones:
	  - {name: plant, kind: ot, networks: [192.168.10.0/24], full_depth: [192.168.10.8], rate: 20}
	  - {name: office, kind: it, networks: [10.0.0.5/32], risk: touch}
END
ends 0 'a forecast' "$TENKEN" scan --dry-run -c forecast.yaml -p 502
that 'names probe, port and bounds' grep -q \
	'modbus on 502: at most 1 connection, 64 bytes sent, 1024 received per open port' out
that 'one address is not addresses' grep -q 'zone office (it): 1 address$' out
that "a zone's own risk class" grep -q 'conversations: none, risk class touch' out
that "a zone's own rate" grep -q 'whole zone: at most 20 packets a second' out
that "a zone's full depth" grep -q '1 address is declared for full depth' out

# ---- limits that contradict each other ----
# limits WORDS MISTAKE ZONE LIMITS
limits() {
	site limits.yaml <<-END
		zones:
		  - {name: plant, kind: ot, networks: [192.168.10.0/24]$3}
		limits: {$4}
	END
	both "limits.yaml:$2" "$1" limits.yaml
}
limits 'a host more than its zone' "4: field 'host_rate': 30 is more than the rate of all hosts, 20" \
	', rate: 20, host_rate: 30' 'rate: 100'
limits 'a zone more than the whole' "4: field 'rate': 300 is more than the 'rate' of 'limits', 100" \
	', rate: 300' 'rate: 100, host_rate: 20'
limits 'a zone more than the whole that nobody gave' "4: field 'rate': 2000 is more than the 'rate' of 'limits', 1000" \
	', rate: 2000' 'host_rate: 20'
limits 'a host of a zone more than any host' "4: field 'host_rate': 60 is more than the 'host_rate' of 'limits', 50" \
	', rate: 80, host_rate: 60' 'rate: 100, host_rate: 50'
limits 'any host more than all of them' "5: field 'host_rate': 101 is more than the rate of all hosts, 100" \
	'' 'rate: 100, host_rate: 101'

# ---- the ledger ----
site ledger.yaml <<-END
	zones:
	  - {name: plant, kind: it, networks: [127.0.0.0/24]}
	ledger: ledger.csv
END
both 'ledger.csv' 'a ledger that is not there' ledger.yaml
# ledger TEXT: in CP932, as Excel saves it in Japan
ledger() { printf '%b' "$1" | iconv -f UTF-8 -t CP932 >ledger.csv; }
ledger '管理番号,機器名,IPアドレス,担当メモ\r\nA-1,監視端末,127.0.0.1,能代\r\n'
both "ledger.csv:1: field '担当メモ': is not a column" 'CP932 with a wrong column' ledger.yaml
ledger '管理番号,機器名,IPアドレス\r\nA-1,監視端末,127.0.0.1\r\nA-2,予備,127.0.0.300\r\n'
both "ledger.csv:3: field 'IPアドレス': '127.0.0.300'" 'CP932 with a wrong address' ledger.yaml
ledger '管理番号,機器名,IPアドレス\r\nA-1,監視端末,127.0.0.1\r\nA-1,予備,127.0.0.2\r\n'
both "ledger.csv:3: field '管理番号': 'A-1' stands on line 2" 'the same asset twice' ledger.yaml
printf 'id,address\nA-1,127.0.0.1\377\n' >ledger.csv
both 'ledger.csv:2: is neither UTF-8 nor CP932' 'neither UTF-8 nor CP932' ledger.yaml
printf 'id,name,address\nA-1,"open,127.0.0.1\n' >ledger.csv
both 'ledger.csv:2: a quote is not closed' 'a quote that does not end' ledger.yaml
printf '\377\376i\0d\0' >ledger.csv
both 'ledger.csv: is UTF-16' 'UTF-16' ledger.yaml
cp ledger.csv shut.csv
chmod 000 shut.csv
sed 's/ledger.csv/shut.csv/' ledger.yaml >shut.yaml
refuses 2 'shut.csv' 'a ledger that may not be read' $powerless "$TENKEN" site check shut.yaml
that 'no refused run left a file' test -z "$(find . -name '*.tenken*' -o -name '*.html' -o -name '*.sqlite*')"

ledger '管理番号,機器名,IPアドレス\r\nA-1,監視端末,127.0.0.1\r\nA-2,ソ能ー表,127.0.0.2\r\n'
ends 0 'a good CP932 ledger' "$TENKEN" site check ledger.yaml
that 'nothing to complain' test ! -s err
ends 0 'a scan with it' "$TENKEN" scan $wait_option -c ledger.yaml --quiet --no-html -p 25399 127.0.0.1-2
that 'its names reach the store as they were meant, also with 0x5c inside' \
	holds ledger.tenken 'SELECT group_concat(name) FROM (SELECT name FROM ledger ORDER BY id)' \
	監視端末,ソ能ー表
that 'its hosts are the assets of the ledger' \
	holds ledger.tenken "SELECT group_concat(ledger_id) FROM (SELECT ledger_id FROM host ORDER BY address)" \
	A-1,A-2
tap_done
