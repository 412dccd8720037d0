#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A sweep by frames that is killed again and again goes on where it was: its end is that of a sweep that
# nobody disturbed, and the target is not asked twice for more than was under way.
# shellcheck disable=SC2086 # lists of words
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net near far'
lab_need tcpdump setsid pgrep
cd "$lab_dir" || exit 99
rate=1500

near() { in_host near "$@"; }
far() { in_host far "$@"; }
sql() { "$lab_python" "$lab_tests/cli/ask.py" "$@"; }

build() {
	for host in near far; do
		ip netns add "lab-$host" && in_host "$host" ip link set lo up || return 1
	done
	for leg in e0 e1; do
		near ip link add "$leg" type veth peer name "$leg" netns lab-far &&
			near ip link set "$leg" up && far ip link set "$leg" up || return 1
	done
	near ip address add 10.60.0.1/23 dev e0 && near ip address add 10.61.0.1/28 dev e1 &&
		far ip address add 10.60.0.2/23 dev e0 && far ip address add 10.61.0.2/28 dev e1 &&
		near ip route add 10.62.0.0/22 via 10.60.0.2 &&
		far sysctl -q -w net.ipv4.ip_forward=0 || return 1
	# The controller has a MAC of its own, else all of them would be one device.
	far sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 &&
		far ip link add c0 link e0 type macvlan mode bridge && far ip link set c0 up &&
		far ip address add 10.60.0.34/32 dev c0 || return 1
	for i in 12 77 140 201; do
		far ip address add 10.60.0.$i/23 dev e0 && far ip address add 10.60.1.$i/23 dev e0 &&
			far ip address add 10.62.$((i % 4)).$i/32 dev lo &&
			far ip address add 10.62.3.$((i + 3))/32 dev lo || return 1
	done
	far ip address add 10.61.0.9/28 dev e1
}

# peer KIND [ADDRESS:]PORT...
peer() {
	log=$lab_logs/peer.$1.log
	far "$lab_python" "$lab_tests/cli/peers.py" "$@" >"$log" 2>&1 </dev/null &
	within 10 grep -q '^ready' "$log"
}

# A controller among the office hosts (port 502), and a segment of controllers.
site() {
	cat >"$1.yaml" <<-END
		site: here
		ledger: $1.csv
		zones:
		  - {name: office, kind: it, networks: [10.60.0.0/23]}
		  - {name: rooms, kind: it, networks: [10.62.0.0/22]}
		  - {name: line, kind: ot, networks: [10.61.0.0/28]}
		exclude: [10.60.0.201]
		limits: {rate: $rate, host_rate: 400}
	END
	printf 'id,address,name\nA1,10.62.0.7,silent\nA2,10.62.0.12,press\n' >"$1.csv"
}

# begin NAME [OPTION...]: the scan in a process group of its own; its id is $scan
begin() {
	name=$1
	shift
	setsid ip netns exec lab-near "$TENKEN" scan -c $name.yaml --no-html --quiet "$@" \
		>>$lab_logs/$name.out 2>>$lab_logs/$name.err </dev/null 9>&- &
	scan=$!
	within 10 test -e $name.tenken.journal
}
kill_all() {
	kill -s KILL -- "-$scan"
	wait "$scan" 2>/dev/null
	within 10 group_gone
}
group_gone() { ! pgrep -g "$scan" >/dev/null; }

# How often the target was asked by frames, with the ports of that: "ADDRESS.PORT TIMES" lines.
listen() {
	far tcpdump -i any -n -B 16384 -Z root -w "$lab_logs/$1.pcap" \
		'tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn and inbound and src portrange 61000-65100' \
		>"$lab_logs/$1.tcpdump" 2>&1 </dev/null &
	within 10 grep -q 'listening on' "$lab_logs/$1.tcpdump"
}
asked() {
	capture_end far
	# IP ADDRESS.PORT > ADDRESS.PORT: Flags [S], ...
	tcpdump -n -r "$lab_logs/$1.pcap" 2>/dev/null |
		sed -n 's/.* > \([0-9.]*\): Flags \[S\].*/\1/p' | sort | uniq -c >"$1.asked"
}
total() { awk '{ n += $1 } END { print n + 0 }' $1.asked; }

# What the scan learnt, without times.
learnt() {
	# Which address of a machine gave the sign for both depends on the order in which they were met.
	sql $1.tenken 'SELECT address, zone, kind, treated, state, reason, mac, ledger_id, complete,
		planned, open, closed, filtered, silent FROM host ORDER BY address'
	sql $1.tenken 'SELECT first, last, addresses, state, reason, zone, kind, treated, complete, planned
		FROM quiet ORDER BY scope, first_key'
	# A port that frames found open may have been tried by a connection too, or not yet at the end.
	sql $1.tenken "SELECT address, port, state, CASE state WHEN 'open' THEN '' ELSE reason END, name,
		protocol, product, version, spoken, limited FROM service ORDER BY address, port"
	sql $1.tenken 'SELECT address, port, probe, ending, document FROM evidence
		ORDER BY address, port, probe'
	sql $1.tenken 'SELECT fingerprint, check_id, severity, status, asset, address, port, detail
		FROM finding ORDER BY fingerprint'
	# Who shows itself outside the targets depends on the moment.
	sql $1.tenken "SELECT kind, subject, text FROM remark WHERE kind NOT IN ('resumed', 'outside-targets')
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
result $built 'two legs stand'
if [ $built != 0 ]; then
	note <"$lab_logs/build.log"
	tap_done
	exit 1
fi
peer redis 0.0.0.0:6379 && peer silent 10.60.0.34:502 10.61.0.9:502
result $? 'and have servers'
options='-p 502,6379,21000-21007 --threads 8'

# ---- nobody disturbs it ----
site whole
listen whole
begin whole $options
wait "$scan"
result $? 'a scan that nobody disturbs'
asked whole
fastest=$(tcpdump -tt -n -r "$lab_logs/whole.pcap" 2>/dev/null |
	awk '{ n = ++second[int($1)]; most = n > most ? n : most } END { print most + 0 }')
learnt whole >whole.learnt
cp whole.learnt whole.asked "$lab_logs"
is 'it swept by frames and found what is there' whole \
	"SELECT count(*) FROM service WHERE port = 6379 AND state = 'open'" 19
is 'one host by its sign was the business of connections' whole \
	"SELECT group_concat(ot_sign) FROM host WHERE zone = 'office' AND ot_sign IS NOT NULL" \
	'port 502 (modbus)'

targets=$(sql whole.tenken 'SELECT (SELECT sum(addresses) FROM quiet) + (SELECT count(*) FROM host)')
[ "$targets" -gt 1500 ]
result $? "every address has its row ($targets)"

# compare NAME KILLS WORDS
compare() {
	asked $1
	learnt $1 >$1.learnt
	cp $1.learnt $1.asked "$lab_logs"
	diff whole.learnt $1.learnt >$1.diff
	good=$?
	result $good "$3: its end is that of a scan that nobody disturbed"
	[ $good = 0 ] || note <$1.diff
	is "$3: it is one scan, and done" $1 "SELECT count(*) || ' ' || min(status) FROM scan" '1 done'
	is "$3: no address has two rows" $1 "SELECT count(*) FROM quiet a JOIN quiet b ON
		a.scope = b.scope AND a.first_key < b.first_key AND a.last_key >= b.first_key" 0
	is "$3: and each has one" $1 'SELECT (SELECT sum(addresses) FROM quiet) +
		(SELECT count(*) FROM host)' "$targets"
	# A place is told once a second; what was asked in the second before that may still have had no answer.
	# What was sent in that time may be sent again, and nothing else (doc/architecture.md, "Going on after
	# an early end").
	before=$(total whole)
	after=$(total $1)
	[ "$before" -gt 10000 ] && [ "$after" -le $((before + 2 * $2 * fastest)) ]
	result $? "$3: not more than what was under way is asked again ($before, $after)"
	# Once more for each time that it went on; one more is the sample of what gets lost.
	awk -v kills=$2 'NR == FNR { most = $1 > most ? $1 : most; next } $1 > most + kills + 1 { print; bad = 1 }
		END { exit bad }' whole.asked $1.asked >$1.often
	good=$?
	result $good "$3: no port of a host is asked more often for that"
	[ $good = 0 ] || head -20 $1.often | note
	grep -q '10\.60\.0\.201\.' $1.asked
	[ $? = 1 ]
	result $? "$3: nothing went to the excluded address"
}

# ---- killed at several moments ----
site cut
listen cut
begin cut $options
kills=0
for moment in 11 4.2 5.1; do
	sleep $moment
	kill_all
	kills=$((kills + 1))
	begin cut --resume --threads 8
done
wait "$scan"
result $? 'killed three times: it goes on to its end'
[ -s "$lab_logs/cut.err" ] && note <"$lab_logs/cut.err"
compare cut $kills 'killed three times'
is 'killed three times: it went on three times' cut \
	"SELECT count(*) FROM remark WHERE kind = 'resumed'" $kills

# ---- stopped ----
site stop
listen stop
begin stop $options
sleep 4
kill -TERM "$scan"
wait "$scan"
[ $? = 3 ]
result $? 'stopped: status 3'
is 'stopped: it has a place' stop 'SELECT count(*) > 0 FROM place WHERE length(place) > 0' 1
begin stop --resume --threads 8
wait "$scan"
result $? 'stopped: it goes on to its end'
compare stop 1 'stopped'
tap_done
