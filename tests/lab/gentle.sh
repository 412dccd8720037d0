#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What reaches an OT device, counted at the device (doc/safety.md holds the figures): over whole
# default scans beside a working operator panel, at every kind of early end, and when the device
# gets into trouble. fragile.py is the device; a peer scanner proves that the counters can fail.
# A whole scan of one device takes a second per port: everything else runs beside it.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
troubles='slow stamped refuse silent deny tardy stuck'
cells="ot un stop peer mix $troubles"
lab_known=net
for cell in $cells; do
	lab_known="$lab_known $cell-scan $cell-dev $cell-hmi"
done
lab_known="$lab_known mix-it"
lab_need tcpdump jq
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
cd "$lab_dir" || exit 99

# ---- cells: a segment of its own with a scanner (.1), the device (.2) and its panel (.3) ----
cell() {
	in_host net ip link add "br-$1" type bridge && in_host net ip link set "br-$1" up &&
		lab_host "$1-scan" "$1" "10.78.$2.1/28" && lab_host "$1-dev" "$1" "10.78.$2.2/28" &&
		lab_host "$1-hmi" "$1" "10.78.$2.3/28" &&
		in_host "$1-dev" ip address flush dev eth0 # fragile.py speaks for it
}
net_of() {
	number=0
	for one in $cells; do
		number=$((number + 1))
		[ "$one" != "$1" ] || echo "10.78.$number"
	done
}

# device CELL LOG [NAME=VALUE...]: the device and a capture of all that reaches it
device() {
	at_cell=$1 log=$lab_logs/$2
	shift 2
	in_host "$at_cell-dev" "$lab_python" "$lab_tests/lab/fragile.py" device "$(net_of "$at_cell").2" \
		"$log.device" "$@" >"$log.device.err" 2>&1 </dev/null &
	in_host "$at_cell-dev" tcpdump -i eth0 -n -U --immediate-mode -B 8192 -Z root -w "$log.pcap" \
		>"$log.tcpdump" 2>&1 </dev/null &
	within 10 grep -q 'listening on' "$log.tcpdump" && within 10 grep -qs ready "$log.device"
}
# quit LOG: its program writes what it counted, and ends
quit() {
	kill -TERM "$(cat "$1.pid")" && within 5 test -s "$1.json"
}
# device_end CELL LOG
device_end() {
	quit "$lab_logs/$2.device"
	capture_end "$1-dev"
}
panel() {
	in_host "$1-hmi" "$lab_python" "$lab_tests/lab/fragile.py" hmi "$(net_of "$1").2" \
		"$lab_logs/$1.panel" >"$lab_logs/$1.panel.err" 2>&1 </dev/null &
	within 10 grep -qs poll "$lab_logs/$1.panel"
}

# scan CELL NAME OPTION...: in the background; its process is $scan
scan() {
	from=$1 kept=$2
	shift 2
	ip netns exec "lab-$from-scan" "$TENKEN" scan --store "$kept.tenken" --json "$kept.json" \
		--html "$kept.html" --quiet "$@" >"$lab_logs/$kept.out" 2>"$lab_logs/$kept.err" \
		</dev/null 9>&- &
	scan=$!
}

# figures CELL LOG [UNIX-TIME]: the capture's figures as f_NAME, the device's own as d_NAME
figures() {
	"$lab_python" "$lab_tests/lab/gentle-figures.py" "$(net_of "$1").2" "$(net_of "$1").1" \
		"$lab_logs/$2.pcap" ${3:+"$3"} >"$lab_logs/$2.figures" || return 1
	eval "$(sed 's/^/f_/' "$lab_logs/$2.figures")"
	eval "$(jq -r 'to_entries[] | select(.value | type == "number") | "d_\(.key)=\(.value)"' \
		"$lab_logs/$2.device.json")"
	tr '\n' ' ' <"$lab_logs/$2.figures" | note
	echo
}
that() {
	words=$1
	shift
	"$@" >/dev/null
	result $? "$words"
}
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
now() { date +%s.%N; }

for cell in $cells; do
	cell "$cell" "$(net_of "$cell" | sed 's/.*\.//')" || {
		not_ok "the cell $cell stands"
		tap_done
		exit 1
	}
done

# ---- whole default scans, in the background ----
# The zone of kind ot is declared in a site file; the other scan has none: all is unassigned.
cat >ot.yaml <<END
site: gentle
timezone: UTC
authorisation: {by: lab, reference: LAB-1, from: 2026-01-01, until: 2099-12-31, contact: lab}
vantage: {name: bastion, zone: plant}
zones:
  - {name: plant, kind: ot, networks: [$(net_of ot).0/28]}
END
for whole in ot un; do
	device "$whole" "$whole"
	result $? "$whole: the device stands"
	panel "$whole"
	result $? "$whole: its panel polls it"
done
# Used by eval below.
# shellcheck disable=SC2034
{
	scan ot ot -c ot.yaml
	scan_ot=$scan
	scan un un "$(net_of un).0/28"
	scan_un=$scan
}

# ---- a device beside an office, in the background ----
# One interface of the bastion leads to both. Hosts of the office are found and swept by raw frames
# meanwhile; the segment is the same for everybody.
office=10.79.$(net_of mix | sed 's/.*\.//')
lab_host mix-it mix "$office.2/27" && in_host mix-scan ip address add "$office.1/27" dev eth0
result $? 'mix: the office stands'
for port in 22 80; do
	in_host mix-it "$lab_python" -m http.server "$port" --directory "$lab_dir" \
		>"$lab_logs/mix-it.$port" 2>&1 </dev/null &
done
wait_port mix-it 22 && wait_port mix-it 80
result $? 'mix: a host of the office listens'
cat >mix.yaml <<END
site: gentle
timezone: UTC
authorisation: {by: lab, reference: LAB-1, from: 2026-01-01, until: 2099-12-31, contact: lab}
vantage: {name: bastion, zone: plant}
zones:
  - {name: plant, kind: ot, networks: [$(net_of mix).0/28]}
  - {name: office, kind: it, networks: [$office.0/27]}
END
device mix mix
result $? 'mix: the device stands'
panel mix
result $? 'mix: its panel polls it'
capture mix-it
result $? 'mix: the office is watched'
scan mix mix -c mix.yaml -p 502,80,22,44818,102,81-90
# shellcheck disable=SC2034 # used by eval below
scan_mix=$scan

# ---- a device in trouble, in the background ----
# Open ports stand among the first ten, so that what stood before can be missed.
few=502,102,2404,4840,20000,44818,80,443,22,23,8080,9600
for trouble in $troubles; do
	open=102,502,2404,4840,20000
	case $trouble in
	slow) options='change=slow after=3 latency=0.06' ;;
	stamped) options='change=slow after=3 latency=0.06 timestamps=yes' ;;
	refuse | silent) options="change=$trouble after=5" ;;
	deny) open=502,80,443,22,23 options='change=refuse after=12' ;; # when the sweep is over
	tardy) open=502,80 options=hold=15 ;; # longer than a question waits, and then the page is due
	stuck) options=close=never ;;
	esac
	# shellcheck disable=SC2086 # a list of words
	device "$trouble" "$trouble" open=$open $options
	result $? "$trouble: the device stands"
	scan "$trouble" "$trouble" --zone ot -p "$few" "$(net_of "$trouble").2"
	eval "scan_$trouble=$scan"
done

# ---- early ends ----
# The packets process holds the journal too; only the guard watches sockets by epoll.
guard_of() {
	for kid in $(pgrep -P "$1"); do
		[ -z "$(find "/proc/$kid/fd" -lname "*.journal" 2>/dev/null)" ] ||
			[ -z "$(find "/proc/$kid/fd" -lname "anon_inode:*eventpoll*" 2>/dev/null)" ] || echo "$kid"
	done
}
# shellcheck disable=SC2046 # lists of numbers
end_by() {
	case $1 in
	stop) in_host stop-scan "$TENKEN" stop >/dev/null 2>&1 ;;
	TERM | INT) kill "-$1" "$scan" ;;
	main) kill -KILL "$scan" ;;
	guard) kill -KILL "$(guard_of "$scan")" ;;
	all) kill -KILL "$scan" $(pgrep -P "$scan") ;;
	power) # nothing gets out any more, not even what the kernel would say
		in_host net ip link set v-stop-scan down
		kill -KILL "$scan" $(pgrep -P "$scan")
		;;
	esac
}
nobody_scans() { [ -z "$(ip netns pids lab-stop-scan)" ]; }

# interrupted WAY MOMENT EVENT [OPTION...]: ended once the device has seen the event
interrupted() {
	way=$1 moment=$2 event=$3 name=stop-$1-$2
	shift 3
	device stop "$name" "$@" || not_ok "$name: the device stands"
	scan stop "$name" --zone ot -p "$ports" "$(net_of stop).2"
	within 20 grep -qsE "$event" "$lab_logs/$name.device" || not_ok "$name: the moment came"
	at=$(now)
	end_by "$way"
	within 10 nobody_scans
	result $? "$name: every process ends"
	sleep 2.5 # what comes late is to be seen
	device_end stop "$name"
	figures stop "$name" "$at" || not_ok "$name: figures"
	case $moment in
	# What the device says to nobody, our kernel resets, however late.
	tardy)
		that "$name: a second later nothing is sent but resets ($f_late_resets of $f_late)" \
			[ "$f_late" = "$f_late_resets" ]
		;;
	# A close takes as long as the way there and back.
	far)
		that "$name: a second later nothing is sent but acknowledgements ($f_late_acks of $f_late)" \
			[ "$f_late" = "$f_late_acks" ]
		;;
	*) that "$name: nothing is sent a second later ($f_late)" [ "$f_late" = 0 ] ;;
	esac
	if [ "$way" = power ]; then
		# The counter of such connections is seen to work here.
		that "$name: one connection is left open ($f_left_open), no slot more is lost ($d_slots_free of 4 are free)" \
			[ "$f_left_open-$d_slots_free" = 1-3 ]
		return
	fi
	that "$name: one connection at a time ($f_at_once)" [ "$f_at_once" = 1 ]
	that "$name: no connection is left open ($f_left_open)" [ "$f_left_open" = 0 ]
	case $way-$moment in
	main-* | guard-* | all-* | *-tardy)
		that "$name: at most the one connection in progress ends by reset ($f_resets)" \
			[ "$f_resets" -le 1 ]
		that "$name: at most its slot is lost ($d_slots_free of 4 are free)" [ "$d_slots_free" -ge 3 ]
		;;
	*)
		that "$name: no half-open connection ($f_half_open), no reset ($f_resets)" \
			[ "$f_half_open$f_resets" = 00 ]
		that "$name: all slots are free ($d_slots_free of 4)" [ "$d_slots_free" = 4 ]
		;;
	esac
}
for way in TERM INT stop main guard all; do
	ports=502,81,82,83,84
	interrupted "$way" sweep 'syn 82'
	ports=502,81
	interrupted "$way" talk 'request function 43' hold=0.6
done
interrupted TERM tardy 'request function 43' hold=2
# A SYN on its way: its answer finds nobody where the processes are gone.
interrupted TERM syn 'syn 502' latency=0.2
interrupted TERM far 'syn 502' latency=0.6
interrupted all syn 'syn 502' latency=0.2
# The last one: the bastion's kernel keeps what it could not say.
interrupted power talk 'request function 43' hold=0.6

# ---- a peer scanner: the counters can fail ----
if ! command -v nmap >/dev/null; then
	skip 'the counters can fail' 'nmap is not installed'
else
	device peer peer-syn && panel peer
	result $? 'peer-syn: the device stands, its panel polls it'
	in_host peer-scan nmap -n -Pn --disable-arp-ping -sS -p 502,80,44818,81-90 "$(net_of peer).2" \
		>"$lab_logs/peer-syn.nmap" 2>&1
	in_host peer-scan nmap -n -sn -PR "$(net_of peer).0/28" >"$lab_logs/peer-arp.nmap" 2>&1
	quit "$lab_logs/peer.panel"
	device_end peer peer-syn
	figures peer peer-syn 1 || not_ok 'peer-syn: figures'
	that "peer-syn: what comes late is seen ($f_late)" [ "$f_late" -gt 0 ]
	that "peer-syn: more than 5 broadcasts a second are seen ($f_broadcasts_a_second)" \
		[ "$f_broadcasts_a_second" -gt 5 ]
	that "peer-syn: half-open connections are seen ($f_half_open)" [ "$f_half_open" -ge 3 ]
	that "peer-syn: several at once are seen ($f_at_once)" [ "$f_at_once" -gt 1 ]
	that "peer-syn: more than 10 packets a second are seen ($f_a_second)" [ "$f_a_second" -gt 10 ]
	that "peer-syn: the device has lost its slots ($d_leaked of 4)" [ "$d_leaked" = 3 ]

	device peer peer-connect && panel peer
	result $? 'peer-connect: the device stands, its panel polls it'
	in_host peer-scan "$lab_python" "$lab_tests/lab/ask.py" "$(net_of peer).2" 502 3 'GET / HTTP/1.0\r\n\r\n' \
		>"$lab_logs/peer-connect.ask" 2>&1
	in_host peer-scan nmap -n -Pn --disable-arp-ping -sT -p 502,80,44818,81-90 "$(net_of peer).2" \
		>"$lab_logs/peer-connect.nmap" 2>&1
	quit "$lab_logs/peer.panel"
	lost=$(jq .lost "$lab_logs/peer.panel.json")
	that "peer-connect: polls that the panel lost are seen ($lost)" [ "$lost" -ge 1 ]
	device_end peer peer-connect
	figures peer peer-connect || not_ok 'peer-connect: figures'
	that "peer-connect: resets are seen ($f_resets)" [ "$f_resets" -ge 1 ]
	that "peer-connect: no second between is seen ($f_gap_ms ms)" [ "$f_gap_ms" -lt 995 ]
	that "peer-connect: the device has lost slots ($d_leaked of 4)" [ "$d_leaked" -ge 1 ]
	that "peer-connect: the malformed question is seen ($d_malformed)" [ "$d_malformed" -ge 1 ]
fi

# ---- a device in trouble ----
# left_alone NAME: the host's state and a remark in the store, a line in the page
left_alone() {
	"$lab_python" - "$1.tenken" <<-END &&
		import sqlite3, sys
		d = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
		host = d.execute("SELECT count(*) FROM host WHERE state = 'distress'").fetchone()
		remark = d.execute("SELECT count(*) FROM remark WHERE kind = 'distress'").fetchone()
		sys.exit(host != (1,) or remark != (1,))
	END
		grep -q 'left alone' "$1.html"
}
in_export() {
	jq -e '([.hosts[] | select(.state == "distress" and .reason != null and .treated == "ot")] | length == 1)
		and ([.remarks[] | select(.kind == "distress")] | length == 1)' "$1.json" >/dev/null
}
for trouble in $troubles; do
	eval "scan=\$scan_$trouble"
	within 120 gone "$scan" && wait "$scan"
	result $? "$trouble: the scan ends with status 0"
	device_end "$trouble" "$trouble"
	figures "$trouble" "$trouble" || not_ok "$trouble: figures"
	that "$trouble: no half-open connection ($f_half_open)" [ "$f_half_open" = 0 ]
	that "$trouble: at most 10 packets a second ($f_a_second)" [ "$f_a_second" -le 10 ]
	closed="no connection is left open ($f_left_open) or reset ($f_resets), all slots are free ($d_slots_free of 4)"
	that "$trouble: one connection at a time ($f_at_once)" [ "$f_at_once" = 1 ]
	case $trouble in
	stuck)
		that "$trouble: nothing follows the connection that it does not close ($f_stood)" [ "$f_stood" = 1 ]
		that "$trouble: nor is that one reset ($f_resets), one slot is its own fault ($d_slots_free of 4 are free)" \
			[ "$f_resets-$d_slots_free" = 0-3 ]
		;;
	*) that "$trouble: $closed" [ "$f_left_open-$f_resets-$d_slots_free" = 0-0-4 ] ;;
	esac
	case $trouble in
	slow | stamped | deny)
		that "$trouble: it is left alone within three attempts ($d_attempts_in_trouble)" \
			[ "$d_attempts_in_trouble" -le 3 ]
		;;
	silent) # three, and then one more look at a port that was open
		that "$trouble: it is left alone within four attempts ($d_attempts_in_trouble)" \
			[ "$d_attempts_in_trouble" -le 4 ]
		;;
	# Its closed ports are no sign; the question to a port that was open is, and the look behind it.
	refuse) ;;
	tardy)
		that "$trouble: it is waited for, which is no distress" \
			jq -e '.hosts[0].state == "answering"' "$trouble.json"
		continue
		;;
	esac
	that "$trouble: store and page say so" left_alone "$trouble"
	that "$trouble: the JSON export says so" in_export "$trouble"
done

# ---- the device beside the office ----
within 120 gone "$scan_mix" && wait "$scan_mix"
result $? 'mix: the scan ends with status 0'
capture_end mix-it
"$lab_python" "$lab_tests/lab/gentle-figures.py" "$office.2" "$office.1" "$lab_logs/mix-it.pcap" \
	>"$lab_logs/mix-it.figures" 2>"$lab_logs/mix-it.err"
eval "$(sed 's/^/o_/' "$lab_logs/mix-it.figures")"
that "mix: the office was swept by frames that leave half-open connections ($o_resets reset)" \
	[ "$o_resets" -ge 2 ]
cp "$lab_logs/mix.panel" "$lab_logs/mix.panel.kept"
device_end mix mix
figures mix mix || not_ok 'mix: figures'
that "mix: beside that, the device has no half-open connection ($f_half_open) and no reset ($f_resets)" \
	[ "$f_half_open$f_resets" = 00 ]
that "mix: one connection at a time ($f_at_once), all closed by both sides (left open $f_left_open)" \
	[ "$f_at_once-$f_left_open" = 1-0 ]
that "mix: a second between connections (least $f_gap_ms ms)" [ "$f_gap_ms" -ge 995 ]
that "mix: nothing but TCP reaches it (others $f_other, echoes $f_echo)" [ "$f_other$f_echo" = 00 ]
that "mix: absent hosts of both networks are asked for ($f_broadcasts broadcasts)" \
	[ "$f_broadcasts" -ge 30 ]
that "mix: at most 5 broadcasts and multicasts a second, of kernel and frames together ($f_broadcasts_a_second)" \
	[ "$f_broadcasts_a_second" -le 5 ]
that "mix: all of them are ARP ($f_no_arp others)" [ "$f_no_arp" = 0 ]
that "mix: all slots but the panel's are free ($d_slots_free of 4)" [ "$d_slots_free" = 3 ]
lost=$(grep -c lost "$lab_logs/mix.panel.kept")
that "mix: the panel lost no poll ($lost)" [ "$lost" = 0 ]
that 'mix: ports of device and office are found' \
	jq -e '[.hosts[] | {a: .address, p: [.services[].port]} | select(.p | contains([80]))] | length == 2' mix.json

# ---- the whole scans ----
# planned NAME: the most connections to the device by tenken's own forecast: one for each port, and
# those of the conversations with its open ports
planned() {
	sed -n '/conversations: every open port/,$d
		s/^  \([0-9]*\) TCP ports:.*/\1/p
		/^      modbus on \|^      http on \|^      any other port/s/.*at most \([0-9]*\) connections*,.*/\1/p' \
		"$1.plan" | awk '{ sum += $1 } END { print sum }'
}
# journal_sum STORE ADDRESS: the packets that tenken itself counted
journal_sum() {
	"$lab_python" -c 'import sqlite3, sys
d = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(d.execute("SELECT sum(packets) FROM journal WHERE address = ?", sys.argv[2:]).fetchone()[0])' "$@"
}
only_read() {
	jq -e '.requests | with_entries(select(.key | startswith("others")))
		== {"others function 43": 1, "others page": 1}' "$1" >/dev/null
}
in_host ot-scan "$TENKEN" scan --dry-run -c ot.yaml >ot.plan
in_host un-scan "$TENKEN" scan --dry-run "$(net_of un).0/28" >un.plan
for whole in ot un; do
	eval "scan=\$scan_$whole"
	within 300 gone "$scan" && wait "$scan"
	result $? "$whole: the whole default scan ends with status 0"
	sleep 1
	kept="$lab_logs/$whole"
	cp "$kept.panel" "$kept.panel.kept"
	kill -TERM "$(cat "$kept.device.pid")"
	within 5 test -s "$kept.device.json"
	capture_end "$whole-dev"
	polls=$(grep -c poll "$kept.panel.kept") lost=$(grep -c lost "$kept.panel.kept")
	worst=$(awk '$2 == "poll" && $3 > w { w = $3 } END { print w }' "$kept.panel.kept")
	figures "$whole" "$whole" || not_ok "$whole: figures"
	most=$(planned "$whole")
	that "$whole: no half-open connection ($f_half_open)" [ "$f_half_open" = 0 ]
	that "$whole: one connection at a time ($f_at_once)" [ "$f_at_once" = 1 ]
	that "$whole: every connection ended by the FINs of both sides (left open $f_left_open, reset $f_resets)" \
		[ "$f_left_open$f_resets" = 00 ]
	that "$whole: a second between connections (least $f_gap_ms ms; 5 ms are the clocks' own)" \
		[ "$f_gap_ms" -ge 995 ]
	that "$whole: at most 10 packets in any second ($f_a_second)" [ "$f_a_second" -le 10 ]
	that "$whole: every planned port was tried, and no more than planned ($f_attempts of at most $most)" \
		[ "$f_attempts" -ge 160 -a "$f_attempts" -le "$most" ]
	# A refused attempt is one packet, a connection four and three more for each request.
	that "$whole: no more packets than that allows ($f_packets)" \
		[ "$f_packets" -le $((f_attempts + 3 * f_stood + 3 * d_asked)) ]
	# What the kernel says behind the guard's close is one packet of a connection at most.
	counted=$(journal_sum "$whole.tenken" "$(net_of "$whole").2")
	that "$whole: the journal has them all, save one of a connection at most ($counted)" \
		[ "$counted" -le "$f_packets" -a "$counted" -ge $((f_packets - f_stood)) ]
	that "$whole: nothing but TCP and echo requests ($f_other)" [ "$f_other" = 0 ]
	that "$whole: at most 5 broadcasts a second in the segment ($f_broadcasts_a_second)" \
		[ "$f_broadcasts_a_second" -le 5 ]
	that "$whole: all of them are ARP, and no echo is asked for (others $f_no_arp, echoes $f_echo)" \
		[ "$f_no_arp$f_echo" = 00 ]
	that "$whole: all slots but the panel's are free ($d_slots_free of 4)" [ "$d_slots_free" = 3 ]
	that "$whole: no slot was ever missing ($d_full), at most one was ours ($d_most_slots in use)" \
		[ "$d_full" = 0 -a "$d_most_slots" -le 2 ]
	that "$whole: no malformed request ($d_malformed)" [ "$d_malformed" = 0 ]
	that "$whole: nothing was asked but one identification and one page" only_read "$kept.device.json"
	that "$whole: the panel lost none of its $polls polls (worst: $worst ms)" \
		[ "$polls" -ge 500 -a "$lost" = 0 ]
done
tap_done
