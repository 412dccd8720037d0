#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `tenken listen -r`: capture files of every kind, good and bad; what it says, how it ends, what it keeps.
# Options and commands in variables are words.
# shellcheck disable=SC1010,SC2016,SC2086,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

"$python" "$TENKEN_TESTS/cli/captures.py" "$TENKEN_TESTS/listen" "$dir" || skip_all 'the captures cannot be made'
# read FILE...: into a store of its own
listen="$TENKEN listen --no-html --quiet --store"
flows='SELECT count(*), sum(sent_packets + received_packets) FROM flow'
watched='SELECT kind, packets, note FROM watch'
fresh() { rm -f store*; }
warned() { [ "$(wc -l <err)" = 1 ] && grep -q '^warning: ' err && grep -qF -e "$1" err; }

# ---- the command line ----
refuses 2 'nothing to listen to' 'neither interface nor file' $TENKEN listen
refuses 2 '-i and -r exclude each other' 'both' $TENKEN listen -i lo -r plain.pcap
refuses 2 "'-r' needs a value" 'no file' $TENKEN listen -r
refuses 2 'files are named behind -r' 'a file without -r' $TENKEN listen plain.pcap
refuses 2 'files are read to their end' 'how long a file' $TENKEN listen -r plain.pcap --for 1h
refuses 2 "24h or 7d, not 'soon'" 'no time' $TENKEN listen -i lo --for soon
refuses 2 "16 or more, not '3'" 'too little memory' $TENKEN listen -r plain.pcap --memory 3
refuses 2 'nowhere.pcap: cannot be read: No such file' 'no such file' $TENKEN listen -r plain.pcap nowhere.pcap
refuses 2 "needs a site file (-c) with an 'authorisation'" 'an interface without a site file' $TENKEN listen -i lo
printf 'site: kita\n' >site.yaml
refuses 2 "site.yaml: field 'authorisation': missing" 'an interface that nobody permitted' $TENKEN listen -c site.yaml -i lo
printf 'site: kita\nauthorisation: {by: x, from: 2001-01-01, until: 2001-02-01, contact: "1"}\n' >site.yaml
refuses 2 "site.yaml: field 'authorisation': not valid now" 'one that is over' $TENKEN listen -c site.yaml -i lo
refuses 2 'nothing to listen to' 'a site file that names no interface' $TENKEN listen -c site.yaml
that 'none of them made a store' test ! -e tenken.sqlite -a ! -e site.tenken

# ---- good files ----
for file in plain.pcap swapped.pcap nano.pcap plain.pcapng packed.pcap.gz cooked.pcap cooked2.pcap raw.pcap null.pcap ppp.pcap; do
	fresh
	ends 0 "$file is read" $listen store -r $file
	that "$file: nothing is said" test ! -s err
	that "$file: the same conversations" holds store "$flows" '3|11'
	that "$file: the same times" holds store 'SELECT first_ms, last_ms FROM watch' '1700000000000|1700000100000'
	that "$file: in its words" holds store 'SELECT kind, status, reason FROM scan' 'listen|done|'
done
fresh
ends 0 'standard input' sh -c "exec $listen store -r - <plain.pcap"
that 'standard input: the same' holds store "$flows" '3|11'
fresh
ends 0 'a folder' $listen store -r folder
that 'what is no capture there is passed over, in one line' warned 'folder/readme.txt: passed over: it is no capture file'
that 'the folder: as one file, in the order of time' holds store "$flows" '3|11'
that 'both were watched, the earlier one first' holds store 'SELECT group_concat(name) FROM watch' 'folder/b.pcap,folder/a.pcap'
fresh
ends 0 'several files' $listen store -r folder/a.pcap folder/b.pcap
that 'in the order of time as well' holds store 'SELECT group_concat(name) FROM watch' 'folder/b.pcap,folder/a.pcap'
that 'a connection that goes on in the next file is one' holds store 'SELECT max(connections) FROM flow' 1
fresh
ends 0 'a file without a packet' $listen store -r no-packet.pcap
that 'has no time' holds store 'SELECT packets, first_ms FROM watch' '0|'
fresh
ends 0 'a snapped capture' $listen store -r snapped.pcap
that 'says how many packets are not whole' holds store 'SELECT snapped > 5, packets FROM watch' '1|11'
that 'and counts the bytes that were on the wire' holds store 'SELECT sum(sent + received) FROM flow' "$(
	$listen other -r plain.pcap >/dev/null 2>&1
	sql other 'SELECT sum(sent + received) FROM flow')"

# ---- bad files ----
for file in truncated.pcap cut.pcap.gz; do
	fresh
	ends 3 "$file: what came before is kept" $listen store -r $file
	that "$file: one line says where" warned "$file: it ends within a packet, after 10 packets"
	that "$file: kept" holds store "$watched" 'file|10|truncated'
	that "$file: the scan is not complete" holds store 'SELECT status, reason FROM scan' 'incomplete|a capture was not whole'
done
fresh
ends 3 'an absurd length' $listen store -r absurd.pcap
that 'an absurd length: one line' warned 'absurd.pcap: it is damaged after 11 packets'
that 'an absurd length: kept' holds store "$watched" 'file|11|damaged'
fresh
ends 0 'a clock that goes backwards' $listen store -r backwards.pcap
that 'a clock that goes backwards is said' warned 'backwards.pcap: its clock goes backwards at 10 places'
that 'and kept' holds store "$watched" 'file|11|clock went backwards'
that 'the times are in order' holds store 'SELECT first_ms < last_ms FROM watch' 1
fresh
ends 0 'a time at the end of the clock' $listen store -r far.pcap
refuses 2 'empty.pcap: cannot be read: it is empty' 'an empty file' $listen none -r empty.pcap
refuses 2 'head.pcap: cannot be read: it ends within its header' 'half a header' $listen none -r head.pcap
refuses 2 'text.pcap: cannot be read: it is no capture file' 'a text' $listen none -r text.pcap
refuses 2 'wifi.pcap: cannot be read: its link layer is not known: IEEE802_11' 'another link layer' $listen none -r wifi.pcap
refuses 2 'nothing: the folder holds no file' 'an empty folder' $listen none -r nothing
refuses 2 'are read alone' 'standard input among others' $listen none -r - plain.pcap
that 'none of them made a store' test ! -e none
fresh
ends 3 'one of two is no capture' $listen store -r text.pcap plain.pcap
that 'one line says so' warned 'text.pcap: passed over: it is no capture file'
that 'the other one was read' holds store "$watched ORDER BY number LIMIT 1" 'file|11|'
that 'what was passed over is written down' holds store "$watched ORDER BY number DESC LIMIT 1" 'file|0|not a capture file'

# ---- the store ----
fresh
$TENKEN scan --zone it -p 9 --no-html --quiet $wait_option --store store 127.0.0.1 >/dev/null 2>&1
ends 0 'a store of a scan' $listen store -r plain.pcap
that 'holds both' holds store 'SELECT group_concat(kind) FROM scan' 'scan,listen'
: >store.stop
refuses 2 'the stop file store.stop is there' 'a stop file' $listen store -r plain.pcap
rm store.stop
if [ "$(id -u)" = 0 ] && apart && mkdir full && mount -t tmpfs -o size=1m tmpfs full 2>/dev/null; then
	run $listen full/store -r many.pcap
	that 'a full disk: status 3, one line' test "$status" = 3 -a "$(wc -l <err)" = 1
	that 'a full disk: which says so' grep -q '^error: full/store: .*space' err
else
	skip 'a full disk' 'nothing can be mounted here'
fi

tap_done
