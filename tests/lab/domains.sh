#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Zones and mail domains that the site file names, at BIND: "weak" hands its zones to everybody and has a mail
# domain without records, "firm" has the same zones in order, "inner" looks names up for the plant. What is
# found, what is asked and what is not, beside dig.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net dm-scan dm-weak dm-firm dm-inner'
lab_need named dig tcpdump jq
cd "$lab_dir" || exit 99

in_host net ip link add br-dm type bridge && in_host net ip link set br-dm up &&
	lab_host dm-scan dm 10.86.0.1/24 && lab_host dm-weak dm 10.86.0.11/24 && lab_host dm-firm dm 10.86.0.12/24 &&
	lab_host dm-inner dm 10.86.0.13/24
built=$?
result $built 'a scanner and three hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }
# ---- servers ----
zone() { # FILE, its records on standard input
	# shellcheck disable=SC2016 # a directive of the file
	printf '$TTL 60\n@ SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 192.0.2.53\nplc1 A 192.0.2.1\n' >"$1"
	cat >>"$1"
}
server() { # NAME ADDRESS OPTIONS, zones on standard input
	mkdir "$1"
	{
		cat <<-END
			options {
				directory "$lab_dir/$1";
				listen-on { $2; };
				listen-on-v6 { none; };
				pid-file "$lab_dir/$1/pid";
				session-keyfile none;
				dnssec-validation no;
				notify no;
				$3
			};
			controls { };
		END
		cat
	} >"$1.conf"
	serve "$1" "$1-named" named -g -c "$lab_dir/$1.conf" -u root
}
zone full.zone <<END
@ TXT "v=spf1 mx -all"
_dmarc TXT "v=DMARC1; p=reject"
k1._domainkey TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
END
# A text that only looks like one, and a key that was withdrawn.
zone bare.zone <<END
@ TXT "v=spf10 -all"
k1._domainkey TXT "v=DKIM1; p="
END
zones() { # NAME FILE...: a zone each
	while [ $# -gt 1 ]; do
		printf 'zone "%s" { type primary; file "%s"; };\n' "$1" "$lab_dir/$2"
		shift 2
	done
}
zones plant.example full.zone bare.example bare.zone |
	server dm-weak 10.86.0.11 'recursion no; allow-transfer { any; };'
# Transfers for a secondary server alone; the version is nobody's business.
zones plant.example full.zone bare.example full.zone |
	server dm-firm 10.86.0.12 'recursion no; allow-transfer { 10.86.0.99; }; version none;'
server dm-inner 10.86.0.13 'recursion yes; allow-transfer { none; }; version none; forward only; forwarders { 10.86.0.11; };' \
	</dev/null
up=0
for at in weak firm inner; do
	wait_port "dm-$at" 53 || { up=1; echo "no server at $at" | note; }
done
result $up 'all servers stand'

ask() { in_host dm-scan dig +time=2 +tries=2 "@10.86.0.$1" "$2" "$3"; }
that 'dig: the weak one hands the zone out' same "$(ask 11 bare.example AXFR | grep -c plc1)" 1
that 'dig: the firm one does not' same "$(ask 12 bare.example AXFR | grep -c 'Transfer failed')" 1
that 'dig: the inner one looks a domain up' same "$(ask 13 plant.example TXT | grep -c spf1)" 1

# ---- scans ----
scan() { # NAME ADDRESSES, the site file's last lines on standard input
	{
		printf 'site: lab\nzones:\n  - {name: office, kind: it, networks: [10.86.0.0/24]}\n'
		printf 'authorisation: {by: lab, from: 2020-01-01, until: 2099-12-31}\n'
		cat
	} >"$1.yaml"
	rm -f s.tenken s.json
	# shellcheck disable=SC2086 # a list of addresses
	in_host dm-scan "$TENKEN" scan -c "$1.yaml" --store s.tenken --json s.json --no-html --quiet -p T:53,U:53 $2 \
		>"$lab_logs/$1.out" 2>"$lab_logs/$1.err" </dev/null
	status=$?
	[ $status = 0 ] || [ $status = 1 ]
	good=$?
	result $good "$1: the scan"
	[ $good = 0 ] || note <"$lab_logs/$1.err"
	cp s.json "$lab_logs/$1.json" 2>/dev/null
}
findings="SELECT check_id || ' ' || address || ' ' || port || ' ' || detail FROM finding WHERE status = 'open'
	AND check_id IN ('dns.zone-transfer', 'mail.auth-records-missing') ORDER BY 1"
# of ITEM: its verdict, and of how many services its checks were run
of() { jq -r --arg i "$1" '.controls[] | select(.item == $i) | "\(.verdict) \(.coverage.checked)"' s.json; }
transfers_item=A2-2.4.3-4 mail_item=5.1.3.7-7
# shellcheck disable=SC2016 # a word of jq
transfers='[.hosts[].services[].evidence["dns-tcp"].transfers[]? | "\(.zone) \(.transfer)"] | sort | .[]'
# shellcheck disable=SC2016
mail='.hosts[].services[].evidence.dns.mail[]? | "\(.domain) \(.spf) \(.dmarc) \(.dkim)"'

capture dm-weak
scan both '10.86.0.11-10.86.0.13' <<'END'
dns: {zones: [plant.example, bare.example]}
mail: {domains: [plant.example, bare.example], selectors: [k1]}
END
capture_end dm-weak
is 'both: a zone that is handed out is found, at the weak server alone' "$findings" <<'END'
dns.zone-transfer 10.86.0.11 53 bare.example
dns.zone-transfer 10.86.0.11 53 plant.example
END
# The firm server shows the records of the domain that the weak one has none of.
that 'both: what each answered to a transfer' same "$(jq -r "$transfers" s.json)" 'bare.example allowed
bare.example refused
bare.example refused
plant.example allowed
plant.example refused
plant.example refused'
that 'both: what each answered of the mail domains' same "$(jq -r "$mail" s.json)" \
	'plant.example present present present
bare.example absent absent absent
plant.example present present present
bare.example present present present
plant.example present present present
bare.example absent absent absent'
zones_said=$(tcpdump -nr "$lab_logs/dm-weak.pcap" 'src host 10.86.0.1 and tcp dst port 53' 2>/dev/null |
	sed -n 's/.* AXFR? \([^ ]*\) .*/\1/p' | sort | tr '\n' ' ')
that 'both: transfers of the declared zones are asked for, each once' same "$zones_said" 'bare.example. plant.example. '
that 'both: no record of a zone is kept' same "$(grep -c plc1 s.json)" 0

scan weak 10.86.0.11 <<'END'
dns: {zones: [plant.example]}
mail: {domains: [plant.example, bare.example], selectors: [k1]}
END
is 'weak: and a domain without the records' "$findings" <<'END'
dns.zone-transfer 10.86.0.11 53 plant.example
mail.auth-records-missing 10.86.0.11 53 bare.example
END
that 'weak: all of them are named' same "$(jq -c '.findings[] | select(.check == "mail.auth-records-missing") |
	.evidence.missing' s.json)" '["dkim","dmarc","spf"]'

that 'weak: a missing SPF record is a gap by the guideline' same "$(of A2-2.4.1-12)" 'violated 1'

scan firm 10.86.0.12 <<'END'
dns: {zones: [plant.example, bare.example]}
mail: {domains: [plant.example, bare.example], selectors: [k1]}
END
is 'firm: nothing is found but that one server alone answers for each zone' "SELECT check_id || ' ' || detail FROM finding
	WHERE status = 'open' AND (check_id LIKE 'dns.%' OR check_id LIKE 'mail.%') ORDER BY 1" <<'END'
dns.single-authoritative bare.example
dns.single-authoritative plant.example
END
that 'firm: and both checks were run' same "$(of $transfers_item), $(of $mail_item)" 'not-run 1, not-run 1'

# ---- nothing that nobody declared ----
capture dm-inner
scan none 10.86.0.13 </dev/null
capture_end dm-inner
that 'none: without declared names none is asked for' same "$(tcpdump -nr "$lab_logs/dm-inner.pcap" \
	'src host 10.86.0.1 and dst port 53' 2>/dev/null | grep -cE 'AXFR|example')" 0
that 'none: and nothing is called clean' same "$(of $transfers_item), $(of $mail_item)" 'not-run 0, not-run 0'
scan elsewhere 10.86.0.12 <<'END'
mail: {domains: [elsewhere.example]}
END
that 'elsewhere: a domain that no server knows is not called clean' same "$(of $mail_item)" 'not-run 0'

printf 'site: lab\nzones:\n  - {name: plant, kind: ot, networks: [10.86.0.0/24]}\n%s\n%s\n' \
	'dns: {zones: [plant.example]}' 'mail: {domains: [plant.example]}' >ot.yaml
capture dm-firm
in_host dm-scan "$TENKEN" scan -c ot.yaml --store ot.tenken --json ot.json --no-html --quiet -p T:53,U:53 10.86.0.12 \
	>"$lab_logs/ot.out" 2>"$lab_logs/ot.err" </dev/null
capture_end dm-firm
that 'ot: at controllers none of it is asked' same "$(jq '[.hosts[].services[] | select(.state == "open")] | length > 0' \
	ot.json) $(tcpdump -nr "$lab_logs/dm-firm.pcap" 'src host 10.86.0.1 and dst port 53' 2>/dev/null |
	grep -cE 'AXFR|example|version')" 'true 0'
tap_done
