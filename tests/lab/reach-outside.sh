#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From outside: the owned public addresses are scanned where the beacon stands, the results travel as a signed file
# to a plant without a path to it, and are judged there as a vantage of their own.
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net far portal bastion office'
lab_need tcpdump jq nginx dropbear
"$lab_python" -c 'import pymodbus.server' 2>/dev/null || skip_all 'python3-pymodbus is not installed'
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
cd "$lab_dir" || exit 99

# Two worlds: the router leads from neither into the other.
lab_segment world 198.51.100.1/24
lab_segment border 203.0.113.9/29
lab_segment plant 192.168.1.1/24
lab_host far world 198.51.100.10/24 203.0.113.8/29 198.51.100.1
lab_host portal border 203.0.113.10/29 198.51.100.0/24 203.0.113.9
lab_host bastion plant 192.168.1.10/24
lab_host office plant 192.168.1.20/24

site() { # FILE UNTIL: the site file of both sides
	cat >"$1" <<SITE
site: kita-plant
authorisation: {by: 施設管理責任者, reference: R8-031, from: 2020-01-01, until: $2, contact: "1234"}
vantage: {name: bastion-1, zone: office}
zones:
  - {name: office, kind: it, networks: [192.168.1.0/24]}
  - {name: border, kind: public, networks: [203.0.113.8/29]}
owned: [203.0.113.8/29]
exclude: [203.0.113.9]
SITE
}
mkdir outside inside
site outside/site.yaml 2099-12-31
site inside/site.yaml 2099-12-31

# The sign by which a portal of a VPN is known.
mkdir www && echo '<html><head><title>GlobalProtect Portal</title></head></html>' >www/index.html
cat >nginx.conf <<NGINX
daemon off;
pid $PWD/nginx.pid;
error_log stderr;
events { }
http { access_log off; server { listen 80; root $PWD/www; } }
NGINX
serve portal nginx nginx -c "$PWD/nginx.conf" -p "$PWD"
serve portal dropbear dropbear -F -E -R -p 22
serve portal modbus "$lab_python" "$lab_tests/lab/odd.py" modbus 203.0.113.10 502
sed 's/nginx.pid/office.pid/' nginx.conf >office.conf
serve office nginx-office nginx -c "$PWD/office.conf" -p "$PWD"
wait_port office 80
wait_port portal 80
wait_port portal 22
wait_port portal 502

reach() { # HOST ARGUMENT...
	where=$1
	shift
	in_host "$where" "$TENKEN" reach "$@" >"$lab_logs/out" 2>err </dev/null
}
# refused WORDS PATTERN HOST ARGUMENT...: status 2 and one line
refused() {
	words=$1 pattern=$2
	shift 2
	reach "$@"
	good=$(($? != 2))
	[ "$(wc -l <err)" = 1 ] && grep -q "^error: .*$pattern" err || good=1
	result $good "$words"
	[ $good = 0 ] || note <err
}

# ---- keys ----
that 'a key that signs' reach far --make-sign-key sign.key
that 'is its owner'\''s alone' same "$(stat -c %a sign.key) $(stat -c %a sign.key.pub)" '600 644'
refused 'is never overwritten' 'is there already' far --make-sign-key sign.key
reach far --make-sign-key other.key
in_host far "$TENKEN" beacon --make-key token.key >/dev/null

# ---- outside ----
far() { # ARGUMENT...
	reach far --from-outside --sign-key sign.key --out results "$@"
}
site outside/late.yaml 2020-12-31
sed '/^owned/d; /^exclude/d' outside/site.yaml >outside/none.yaml
refused 'not without authorisation' 'authorisation' far --from-outside --sign-key sign.key --out results -c outside/late.yaml
refused 'not without owned addresses' 'owned' far --from-outside --sign-key sign.key --out results -c outside/none.yaml
refused 'not signed by a token key' 'no key that signs' far --from-outside --sign-key token.key --out results -c outside/site.yaml
refused 'not without a file to leave in' 'needs -c SITE' far --from-outside --sign-key sign.key -c outside/site.yaml
that 'nothing was left so far' test ! -e results
capture far
far -c outside/site.yaml -p T:22,80,443,502,3389,U:500 --vantage beacon-tokyo --quiet
result $? 'the scan from outside'
[ "$(wc -c <err)" = 0 ] || note <err
capture_end far
tcpdump -nr "$lab_logs/far.pcap" 'src 198.51.100.10 and not arp and not dst net 203.0.113.8/29' 2>/dev/null >strange
that 'nobody but the owned addresses was asked' same "$(wc -l <strange)" 0
tcpdump -nr "$lab_logs/far.pcap" 'src 198.51.100.10 and dst host 203.0.113.9' 2>/dev/null >excluded
that 'nor what is excluded' same "$(wc -l <excluded)" 0
that 'the results are signed' same "$(head -n 1 results)" 'tenken results 1'
that 'for their owner alone' same "$(stat -c %a results)" 600
sed -n 2p results | jq -r '"\(.site) \(.vantage)"' >facts
that 'and say whose they are' same "$(cat facts)" 'kita-plant beacon-tokyo'
that 'nothing else is left' same "$(find . -name 'results*' | sort | tr '\n' ' ')" './results '
mv outside/site-outside.tenken "$lab_logs/outside.tenken"
cp "$lab_logs/outside.tenken" s.tenken
kind="SELECT kind || ' ' || vantage || ' ' || vantage_kind || ' ' || coalesce(vantage_zone, '-') FROM scan"
is 'the run is one from outside' "$kind" <<'END'
outside beacon-tokyo public -
END
that 'the journal has it' sh -c "$TENKEN journal s.tenken --address 203.0.113.10 | grep -q 203.0.113.10"

# ---- inside ----
in_host bastion "$TENKEN" scan -c inside/site.yaml -p 80 --quiet --no-html 192.168.1.20 >"$lab_logs/scan.out" 2>&1
cp inside/site.tenken before.tenken
import() { # FILE [KEY]
	reach bastion --import "$1" --verify-key "${2:-sign.key.pub}" -c inside/site.yaml --no-html --quiet
}
take() { echo bastion --import "$1" --verify-key "${2:-sign.key.pub}" -c "${3:-inside/site.yaml}" --no-html --quiet; }
unchanged() {
	cp inside/site.tenken s.tenken
	same "$(sql 'SELECT count(*) FROM scan')" 1 && same "$(find inside -name '*import*')" ''
}
"$lab_python" - <<'END'
data = open("results", "rb").read()
head, rest = data.split(b"\n", 1)
manifest, rest = rest.split(b"\n", 1)
def write(name, content):
    with open(name, "wb") as f:
        f.write(content)
write("changed-content", data[:-1] + bytes([data[-1] ^ 1]))
write("changed-facts", data.replace(b"beacon-tokyo", b"beacon-osaka", 1))
write("cut", data[:-4096])
write("longer", data + b"\0")
write("no-signature", head + b"\n" + manifest + b"\n" + rest.split(b"\n", 1)[1])
write("empty", b"")
END
cp "$lab_logs/outside.tenken" store-alone
sed 's/^site: .*/site: minami-plant/' inside/site.yaml >minami.yaml
# shellcheck disable=SC2046 # words
{
	refused 'another key' 'is signed by the key' $(take results other.key.pub)
	refused 'a secret key to check by' 'no public key' $(take results sign.key)
	refused 'a token key to check by' 'no public key' $(take results token.key)
	refused 'changed content' 'changed after it was signed' $(take changed-content)
	refused 'changed facts' 'changed after it was signed' $(take changed-facts)
	refused 'cut off' 'changed after it was signed' $(take cut)
	refused 'longer' 'changed after it was signed' $(take longer)
	refused 'without signature' 'holds no results' $(take no-signature)
	refused 'a bare store' 'holds no results' $(take store-alone)
	refused 'an empty file' 'holds no results' $(take empty)
	refused 'no file at all' 'No such file' $(take nowhere)
	refused 'another site' "is of the site 'kita-plant'" $(take results sign.key.pub minami.yaml)
}
that 'none of them left anything' unchanged
cp before.tenken inside/site.tenken

import results
result $? 'the results are taken in'
[ -s err ] && note <err
cp inside/site.tenken s.tenken
is 'both vantages are in one store' 'SELECT kind || " " || vantage FROM scan ORDER BY id' <<'END'
scan bastion-1
outside beacon-tokyo
END
is 'with what was seen there' "SELECT s.port || '/' || s.transport FROM service s JOIN scan r ON r.id = s.scan
	WHERE r.kind = 'outside' AND s.address = '203.0.113.10' AND s.state = 'open' ORDER BY s.port" <<'END'
22/tcp
80/tcp
502/tcp
END
is 'and what was sent' "SELECT count(*) > 0 FROM journal j JOIN scan r ON r.id = j.scan WHERE r.kind = 'outside'" <<'END'
1
END
is 'declared is what the site file inside says' "SELECT count(*) FROM zone z JOIN scan r ON r.id = z.scan
	WHERE r.kind = 'outside'" <<'END'
2
END
is 'findings say from where they were seen' "SELECT DISTINCT vantage FROM finding WHERE status = 'open'
	AND address = '203.0.113.10'" <<'END'
beacon-tokyo
END
is 'control equipment that the Internet reaches is two' "SELECT DISTINCT check_id FROM finding WHERE status = 'open'
	AND vantage = 'beacon-tokyo' AND check_id IN ('exposure.ot-protocol-public', 'network.ot-internet-ingress')
	ORDER BY 1" <<'END'
exposure.ot-protocol-public
network.ot-internet-ingress
END
is 'a portal of a VPN, by its page' "SELECT detail, port FROM finding WHERE status = 'open' AND vantage = 'beacon-tokyo'
	AND check_id = 'network.vpn-endpoint'" <<'END'
Palo Alto GlobalProtect|80
END
sql "SELECT check_id, port FROM finding WHERE address = '203.0.113.10' ORDER BY 1, 2" | note
is 'findings from inside are still there' "SELECT count(*) > 0 FROM finding WHERE vantage = 'bastion-1' AND status = 'open'" <<'END'
1
END
# shellcheck disable=SC2046 # words
refused 'twice the same run' 'was taken in before' $(take results)
cp inside/site.tenken s.tenken
is 'changes nothing' 'SELECT count(*) FROM scan' <<'END'
2
END
in_host bastion "$TENKEN" report inside/site.tenken --html page.html >"$lab_logs/report.out" 2>&1
result $? 'a report of both'
that 'that names the vantage outside' grep -q beacon-tokyo page.html
in_host bastion "$TENKEN" export inside/site.tenken --format json -o both.json >"$lab_logs/export.out" 2>&1
result $? 'an export of both'
cp both.json page.html "$lab_logs" 2>/dev/null

# ---- no room ----
# room KIB: a folder with the store of before and so much room beside it
room() {
	mkdir -p small && mount -t tmpfs -o "size=$(($(stat -c %s before.tenken) / 1024 + $1))k" tmpfs small &&
		cp inside/site.yaml small/ && cp before.tenken small/site.tenken
}
packed=$(($(stat -c %s results) / 1024))
for kib in $((packed / 2)) $((packed + 40)); do
	room "$kib"
	reach bastion --import results --verify-key sign.key.pub -c small/site.yaml --no-html --quiet
	good=$?
	[ $good = 2 ] || [ $good = 3 ]
	result $? "with $kib KiB left it is not taken"
	that 'in one line' same "$(grep -c '^error: ' err) $(wc -l <err)" '1 1'
	note <err
	that 'nothing is left of it' same "$(find small -name '*import*')" ''
	cp small/site.tenken s.tenken
	is 'and the store is as it was' 'SELECT count(*) FROM scan' <<'END'
1
END
	umount small
done

# ---- stopped early: what was found leaves all the same ----
in_host far "$TENKEN" reach --from-outside --sign-key sign.key --out early -c outside/site.yaml --quiet \
	>early.out 2>&1 </dev/null &
early=$!
within 20 test -e outside/site-outside.tenken
sleep 1
in_host far "$TENKEN" stop >stop.out 2>&1
wait $early
that 'stopped' same $? 3
that 'its results leave' same "$(head -n 1 early)" 'tenken results 1'
import early
result $? 'and are taken in'
cp inside/site.tenken s.tenken
is 'as incomplete' "SELECT status FROM scan ORDER BY id DESC LIMIT 1" <<'END'
incomplete
END
tap_done
