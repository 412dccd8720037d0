#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A scan of IPv6 networks too large to sweep, whose hosts show themselves when the segment is asked, is
# killed while it sweeps them: it goes on where it was, and ends as one that nobody disturbed.
# shellcheck disable=SC2086 # lists of words
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net near far'
lab_need tcpdump setsid pgrep
cd "$lab_dir" || exit 99

near() { in_host near "$@"; }
far() { in_host far "$@"; }
sql() { "$lab_python" "$lab_tests/cli/ask.py" "$@"; }

# member LEG NUMBER ADDRESS: a machine of its own on the segment, as far as anybody there can tell
member() {
	far ip link add m$2 link $1 type macvlan mode bridge &&
		far sysctl -q -w net.ipv6.conf.m$2.accept_dad=0 net.ipv6.conf.m$2.accept_ra=0 &&
		far ip address add $3/64 dev m$2 nodad && far ip link set m$2 up &&
		far ip -6 rule add from $3 lookup $((100 + $2)) &&
		far ip -6 route add ${3%%::*}::/64 dev m$2 table $((100 + $2))
}

build() {
	for host in near far; do
		ip netns add "lab-$host" && in_host "$host" ip link set lo up || return 1
	done
	for leg in e0 e1; do
		near ip link add "$leg" type veth peer name "$leg" netns lab-far || return 1
		near sysctl -q -w net.ipv6.conf.$leg.accept_dad=0 net.ipv6.conf.$leg.accept_ra=0 &&
			far sysctl -q -w net.ipv6.conf.$leg.disable_ipv6=1 &&
			near ip link set "$leg" up && far ip link set "$leg" up || return 1
	done
	near ip address add fd60::1/64 dev e0 nodad && near ip address add fd61::1/64 dev e1 nodad ||
		return 1
	for i in 11 12 13 14 15 16 17 18 19 20 21 22 23 24 34; do
		member e0 $i fd60::a:$i || return 1
	done
	# Excluded, and of no target at all.
	member e0 40 fd60::dead && member e0 41 fd62::41 &&
		member e1 51 fd61::b:51 && member e1 52 fd61::b:52
}

# peer KIND [ADDRESS:]PORT...
peer() {
	log=$lab_logs/peer.$1.log
	far "$lab_python" "$lab_tests/cli/peers.py" "$@" >"$log" 2>&1 </dev/null &
	within 10 grep -qs '^ready' "$log"
}

# A controller among the office hosts (port 502), and a segment of controllers that may be asked.
site() {
	cat >"$1.yaml" <<-END
		site: here
		zones:
		  - {name: office, kind: it, networks: ['fd60::/64']}
		  - {name: line, kind: ot, networks: ['fd61::/64'], discovery: multicast}
		exclude: ['fd60::dead']
		limits: {rate: 1000, host_rate: 4}
	END
}

# begin NAME [OPTION...]: the scan in a process group of its own; its id is $scan
begin() {
	name=$1
	shift
	setsid ip netns exec lab-near "$TENKEN" scan -c $name.yaml --no-html --quiet "$@" \
		>>$lab_logs/$name.out 2>>$lab_logs/$name.err </dev/null 9>&- &
	scan=$!
}
group_gone() { ! pgrep -g "$scan" >/dev/null; }
kill_all() {
	kill -s KILL -- "-$scan"
	wait "$scan" 2>/dev/null
	within 10 group_gone
}

# All that reaches the segments, but neighbour discovery of single addresses.
listen() {
	for leg in e0 e1; do
		far tcpdump -i $leg -n -U --immediate-mode -B 4096 -Q in -Z root -w "$lab_logs/$1.$leg.pcap" \
			'ip6 and not (icmp6 and (ip6[40] = 135 or ip6[40] = 136))' \
			>"$lab_logs/$1.$leg.tcpdump" 2>&1 </dev/null &
		within 10 grep -qs 'listening on' "$lab_logs/$1.$leg.tcpdump" || return 1
	done
}
# TIME IP6 ADDRESS.PORT > ADDRESS.PORT: Flags [S], ...
asked() {
	capture_end far
	for leg in e0 e1; do
		tcpdump -tt -n -r "$lab_logs/$1.$leg.pcap" 2>/dev/null
	done >$1.seen
	sed -n 's/^\([0-9.]*\) IP6 [0-9a-f:]*\.\([0-9]*\) > \([0-9a-f:.]*\): Flags \[S\].*/\1 \2 \3/p' \
		$1.seen >$1.syns
	# Frames leave by a port from 61000 on, connections by one of the kernel's below.
	awk '$2 >= 61000 { print $3 }' $1.syns | sort | uniq -c >$1.frames
	awk '$2 < 61000 { print $3 }' $1.syns | sort | uniq -c >$1.connections
	cp $1.seen $1.syns $1.frames $1.connections "$lab_logs"
}
total() { awk '{ n += $1 } END { print n + 0 }' $1; }

# What the scan learnt, without times.
learnt() {
	sql $1.tenken 'SELECT address, zone, kind, treated, state, reason, ot_sign, mac, complete, planned,
		open, closed, filtered, silent FROM host ORDER BY address'
	sql $1.tenken 'SELECT first, last, state FROM quiet ORDER BY scope, first_key'
	sql $1.tenken "SELECT address, port, state, CASE state WHEN 'open' THEN '' ELSE reason END, name,
		protocol, product, version, spoken, limited FROM service ORDER BY address, port"
	sql $1.tenken 'SELECT address, port, probe, ending, document FROM evidence
		ORDER BY address, port, probe'
	sql $1.tenken 'SELECT fingerprint, check_id, status, asset, address, port, detail FROM finding
		ORDER BY fingerprint'
	sql $1.tenken "SELECT kind, subject, text FROM remark WHERE kind <> 'resumed'
		ORDER BY kind, subject, text"
}
# is WORDS NAME QUERY VALUE
is() {
	got=$(sql $2.tenken "$3")
	[ "$got" = "$4" ]
	good=$?
	result $good "$1"
	[ $good = 0 ] || echo "# $3: got $got, wanted $4"
}

build >"$lab_logs/build.log" 2>&1
built=$?
result $built 'two segments stand'
if [ $built != 0 ]; then
	note <"$lab_logs/build.log"
	tap_done
	exit 1
fi
peer redis :::6379 && peer silent fd60::a:34:502 fd61::b:51:502
result $? 'and have servers'
options='-p 502,6379,21000-21030 --threads 8'

# ---- nobody disturbs it ----
site whole
listen whole
begin whole $options
wait "$scan"
result $? 'a scan that nobody disturbs'
asked whole
fastest=$(awk '$2 >= 61000 { n = ++second[int($1)]; most = n > most ? n : most } END { print most + 0 }' whole.syns)
learnt whole >whole.learnt
cp whole.learnt "$lab_logs"
is 'it found who showed itself, and no other' whole \
	"SELECT group_concat(n) FROM (SELECT count(*) n FROM host WHERE state = 'answering' GROUP BY zone
	ORDER BY zone)" '2,15'
is 'with what is open there' whole \
	"SELECT count(*) FROM service WHERE port = 6379 AND state = 'open'" 17
is 'one host by its sign was the business of connections' whole \
	"SELECT address || ' ' || ot_sign FROM host WHERE zone = 'office' AND ot_sign IS NOT NULL" \
	'fd60::a:34 port 502 (modbus)'
[ "$(total whole.frames)" -ge 450 ] && [ "$(total whole.connections)" -ge 96 ]
result $? "every port was tried ($(total whole.frames) by frames, $(total whole.connections) by connections)"

# compare NAME ENDS AMID WORDS: so many early ends, some of them amid the sweep by frames
compare() {
	asked $1
	learnt $1 >$1.learnt
	cp $1.learnt "$lab_logs"
	diff whole.learnt $1.learnt >$1.diff
	good=$?
	result $good "$4: its end is that of a scan that nobody disturbed"
	[ $good = 0 ] || note <$1.diff
	is "$4: it is one scan, and done" $1 "SELECT count(*) || ' ' || min(status) FROM scan" '1 done'
	# A place is told once a second; what was asked just before that may still have had no answer.
	before=$(total whole.frames)
	after=$(total $1.frames)
	[ "$after" -le $((before + $3 * 2 * fastest)) ]
	result $? "$4: not more than what was under way is asked again ($before, $after)"
	awk -v ends=$2 'NR == FNR { most = $1 > most ? $1 : most; next } $1 > most + ends { print; bad = 1 }
		END { exit bad }' whole.frames $1.frames >$1.often
	good=$?
	result $good "$4: no port of a host is asked more often for that"
	[ $good = 0 ] || head -20 $1.often | note
	# Of the three that are tried by connections each may have one under way, and each thread a talk.
	awk 'NR == FNR { n[$2] = $1; next } $1 > n[$2] { more += $1 - n[$2] } END { print more + 0 }' \
		whole.connections $1.connections >$1.more
	grep -E '\.210[0-9][0-9]$' $1.connections | awk '{ more += $1 - 1 } END { print more + 0 }' >$1.twice
	[ "$(cat $1.twice)" -le $((3 * $2)) ] && [ "$(cat $1.more)" -le $(((3 + 8) * $2)) ]
	good=$?
	result $good "$4: nor by connections (ports $(cat $1.twice), with talks $(cat $1.more))"
	[ $good = 0 ] || diff whole.connections $1.connections | note
	# Its first port shows the controller; at this pace the second may have left before the answer.
	grep 'fd60::a:34\.' $1.frames | grep -qvE '\.(502|6379)$'
	[ $? = 1 ]
	result $? "$4: a controller gets frames until it has shown itself, and no other"
	# To one host: of the targets that showed themselves. To all: the questions.
	awk '$2 == "IP6" { to = $5; sub(/:$/, "", to); sub(/\.[0-9]+$/, "", to); print to }' $1.seen |
		sort -u >$1.spoken
	grep -vE '^(fd60::a:(1[1-9]|2[0-4]|34)|fd61::b:5[12]|ff02::(1|2|fb|16))$' $1.spoken >$1.strange
	[ $? = 1 ] && [ "$(grep -c '^fd6' $1.spoken)" = 17 ]
	good=$?
	result $good "$4: nothing went to anybody else"
	[ $good = 0 ] || note <$1.strange
}
# The journal of the scan that was killed is gone; it may have a successor already.
begun_anew() { [ "$(head -n 1 cut.tenken.journal 2>/dev/null)" != "$first" ]; }
# Bytes that far has of the first segment so far (90 a packet); at least so many since $base.
heard() { stat -c %s "$lab_logs/cut.e0.pcap"; }
heard_more() { [ "$(heard)" -ge $((base + $1)) ]; }
# Both before and after the moment something was asked.
amid() {
	awk -v moment=$2 '$2 >= 61000 { n[$1 < moment]++ } END { exit !(n[0] >= 30 && n[1] >= 30) }' $1.syns
}
compare whole 0 0 'not disturbed'

# ---- killed at several moments ----
site cut
listen cut
begin cut $options
kills=0
moments=
for line in '^A .* echo-all ' '^R .* syn ' '^R .* syn ' '^O .* sweep$'; do
	within 20 grep -qs "$line" cut.tenken.journal
	good=$?
	case $line in
	*syn*)
		base=$(heard)
		within 20 heard_more 9000
		;;
	*sweep*) sleep 5.5 ;;
	esac
	[ $good = 0 ] && kill -0 "$scan"
	result $? "killed at $line"
	moments="$moments $(date +%s.%N)"
	kill_all
	kills=$((kills + 1))
	first=$(head -n 1 cut.tenken.journal)
	begin cut --resume --threads 8
	within 10 begun_anew
done
wait "$scan"
result $? 'killed four times: it goes on to its end'
[ -s "$lab_logs/cut.err" ] && note <"$lab_logs/cut.err"
compare cut $kills 2 'killed four times'
for moment in $(echo $moments | cut -d ' ' -f 2,3); do
	amid cut $moment
	result $? 'it was in the middle of hosts that had shown themselves'
done
is 'killed four times: it went on four times' cut \
	"SELECT count(*) FROM remark WHERE kind = 'resumed'" $kills
tap_done
