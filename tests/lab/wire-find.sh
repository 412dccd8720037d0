#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# scan --discover (-sn): hosts are looked for, no port is tried. What far sees is what counts.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_need tcpdump nft jq setpriv
# shellcheck source=tests/lab/wire-pair.sh
. "$lab_tests/lab/wire-pair.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA

# On the link 10.80.0.0/24 is there; behind the gateway 10.90.0.0/24 is, and 10.90.1.0/24 is silent.
pair_build >"$lab_logs/build.log" 2>&1 && pair_listen 22 80 &&
	far nft 'table ip f { chain i { type filter hook input priority 0; ip daddr 10.90.1.0/24 drop; }; }'
result $? 'near and far stand'
cat >site.yaml <<'END'
site: find
timezone: UTC
vantage: {name: bastion, zone: office}
limits: {rate: 1000, host_rate: 40}
zones:
  - {name: office, kind: it, networks: [10.80.0.0/27, "fd80::/124"]}
  - {name: plant, kind: ot, networks: [10.80.0.64/28, 10.90.0.64/28]}
  - {name: remote, kind: it, networks: [10.90.0.0/26, 10.90.1.0/24]}
END

# find NAME OPTION...: what far saw is counted, the JSON is $name.json
find_hosts() {
	kept=$1
	shift
	heard "$kept" timeout 100 "$TENKEN" --lang en scan --store "$lab_dir/$kept.tenken" \
		--json "$lab_logs/$kept.json" --html "$lab_dir/$kept.html" "$@"
}
# so_many KIND NETWORK-PATTERN: addresses that far saw frames of this kind for
so_many() { hosts_of "^$2 $1 "; }
holds() {
	words=$1
	shift
	that "$words" jq -e "$1" "$lab_logs/$kept.json"
}
answering() {
	jq "[.hosts[] | select(.state == \"answering\" and (.address | test(\"$1\")))] | length" "$lab_logs/$kept.json"
}

find_hosts plain -c site.yaml -sn 10.80.0.3-10 10.80.0.64/28 10.90.0.1-8 10.90.0.64/28 10.90.1.1-4 fd80::3-fd80::6
that 'it ends well' [ $status = 0 ]
link="$(answering '^10.80.0.([3-9]|10)$')-$(answering '^fd80::')-$(answering '^10.80.0.(6[4-9]|7[0-9])$')"
that "on the link all are found, by ARP and neighbour discovery ($link)" [ "$link" = 8-4-16 ]
holds 'with their MAC addresses' "[.hosts[] | select(.address | test(\"^(10.80|fd80)\")) | .mac == \"$(far cat /sys/class/net/e0/address)\"] | all"
that "behind the gateway by echo requests ($(answering '^10.90.0'))" [ "$(answering '^10.90.0')" = 8 ]
that "who is silent there is asked once more, at least ($(got '^10.90.1.[1-4] echo'))" \
	[ "$(got '^10.90.1.[1-4] echo')" -ge 8 ]
that "hosts on the link get no echo request ($(so_many echo '10.80.*'))" [ "$(so_many echo '10.80.*')" = 0 ]
that "an ot zone behind the gateway gets nothing ($(got '^10.90.0.(6[4-9]|7[0-9]) '))" \
	[ "$(got '^10.90.0.(6[4-9]|7[0-9]) ')" = 0 ]
that "no port is tried ($(got ' (syn|tcp|rst|other) '))" [ "$(got ' (syn|tcp|rst|other) ')" = 0 ]
holds 'no host is called complete' '[.hosts[] | select(.complete)] == []'
holds 'nobody is called clean' '[.controls[] | select(.verdict == "no-violation-observed")] == []'
that 'the page says why' grep -q 'hosts were only looked for' "$lab_dir/plain.html"
that 'in Japanese, too' grep -q '機器の有無だけを確認した' "$lab_dir/plain.html"

# Nobody answers: no more than 100 attempts are open at once, and each is waited for a second. Else all
# 256 would leave in the first one.
find_hosts silent -c site.yaml -sn 10.90.1.0/24
that "to silence: every address twice ($(got '^10.90.1.[0-9]* echo'))" [ "$(got '^10.90.1.[0-9]* echo')" = 512 ]
that "to silence: at most 100 unanswered ones at once ($(got '^most all'))" [ "$(got '^most all')" -le 180 ]

# The scan that goes on is the same one. By its rate the first round of its questions takes five seconds.
# shellcheck disable=SC2016 # expanded by the inner shell
heard killed timeout 100 sh -c '"$0" scan -c site.yaml --rate 50 --store killed.tenken --no-html --quiet -sn 10.90.1.0/24 &
	scan=$!
	sh "$1" sent e0 40 - true; kill -KILL $scan $(pgrep -P $scan); wait' "$TENKEN" "$lab_tests/lab/when.sh"
cp "$out.heard" "$out.killed"
kept=resumed
heard resumed timeout 100 "$TENKEN" scan --resume --store killed.tenken --no-html --json "$lab_logs/resumed.json" --quiet
that 'one that was killed goes on' [ $status = 0 ]
that "and tries no port either ($(got ' (syn|tcp|rst|other) '))" [ "$(got ' (syn|tcp|rst|other) ')-$(got ' echo ' | awk '{ print ($1 > 0) }')" = 0-1 ]
first=$(grep -c ' echo ' "$out.killed") all=$(cat "$out.killed" "$out.heard" | awk '$2 == "echo" { print $1 }' | sort -u | wc -l)
that "what was not asked before is asked then ($first of 256 addresses, then $all)" [ "$first" -lt 256 -a "$all" = 256 ]

# ---- what it does not go together with ----
refused() {
	words=$1
	shift
	near "$@" >"$out" 2>&1 </dev/null
	[ $? = 2 ] && [ "$(wc -l <"$out")" = 1 ]
	good=$?
	result $good "$words"
	[ $good = 0 ] || note <"$out"
}
refused 'no ports beside it' "$TENKEN" scan -sn -p 22 10.80.0.3
refused 'no connections beside it' "$TENKEN" scan -sn --connect 10.80.0.3
refused 'without CAP_NET_RAW it says so' setpriv --bounding-set=-net_raw --inh-caps=-net_raw "$TENKEN" scan -sn 10.80.0.3
near "$TENKEN" --lang en scan -c site.yaml -sn --dry-run 10.80.0.3 10.80.0.64/28 >"$out" 2>&1
grep -q 'no port is tried' "$out" && grep -q 'behind a gateway nothing is sent' "$out" && ! grep -q 'TCP port' "$out"
good=$?
result $good '--dry-run says it'
[ $good = 0 ] || note <"$out"
tap_done
