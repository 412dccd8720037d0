#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The packets process holds scope and rate by itself, whoever asks and whatever its lanes hold, and
# keeps no right that it needs no more. What far sees is what counts.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_need tcpdump setpriv nft
# shellcheck source=tests/lab/wire-pair.sh
. "$lab_tests/lab/wire-pair.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA

# One MAC is one machine, and a machine that is declared as control equipment is that with all its
# addresses: those of the ot zone have one of their own.
control_machine() {
	far ip link add link e0 name ot0 type macvlan mode bridge && far ip link set ot0 up &&
		far nft -f - <<'END'
table arp machines {
	chain input {
		type filter hook input priority 0
		iifname "e0" arp daddr ip 10.80.0.32/27 drop
		iifname "ot0" arp daddr ip != 10.80.0.32/27 drop
	}
}
END
}

pair_build >"$lab_logs/build.log" 2>&1 && control_machine >>"$lab_logs/build.log" 2>&1 &&
	pair_listen 22 80 443
result $? 'near and far stand'

cat >true.yaml <<'END'
site: gate
timezone: UTC
authorisation: {by: lab, reference: LAB-1, from: 2026-01-01, until: 2099-12-31, contact: lab}
vantage: {name: bastion, zone: office}
owned: [8.8.8.0/29]
exclude: [10.80.0.7, 10.90.0.7, "fd80::7", "fd90::7"]
limits: {rate: 1000, host_rate: 1000}
zones:
  - {name: office, kind: it, networks: [10.80.0.0/27, "fd80::/124"], passive_only: [10.80.0.9, "fd80::9"]}
  - {name: plant, kind: ot, networks: [10.80.0.32/27, 10.90.0.32/27]}
  - {name: remote, kind: it, networks: [10.90.0.0/27, "fd90::/124"]}
  - {name: outside, kind: public, networks: [8.8.8.0/29]}
END
# The same with everything open.
cat >wrong.yaml <<'END'
site: wrong
timezone: UTC
authorisation: {by: lab, reference: LAB-1, from: 2026-01-01, until: 2099-12-31, contact: lab}
vantage: {name: bastion, zone: office}
owned: [8.8.8.0/24]
limits: {rate: 1000, host_rate: 1000}
zones:
  - {name: office, kind: it, networks: [10.80.0.0/24, "fd80::/120"]}
  - {name: plant, kind: it, networks: [10.90.0.0/24]}
  - {name: remote, kind: it, networks: ["fd90::/120"]}
END
true_targets='target=10.80.0.0/26 target=10.90.0.0/26 target=fd80::/124 target=fd90::/124 target=8.8.8.0/30 owned=8.8.8.0/30'

# Whoever may be asked for: 10.80.0.3-62 but 7 and 9. SYN: of them up to 31. Gateways may be.
on_link() { grep -E '^(10\.80\.|fd80:)' "$out.heard"; }
wrong_find() { on_link | grep -vE '^(10\.80\.0\.([0-9]|[1-5][0-9]|6[0-3])|fd80::[0-9a-f]?) ' | awk '{ n += $3 } END { print n + 0 }'; }
wrong_frames() {
	grep -E ' (syn|echo|other|tcp|rst|icmp) ' "$out.heard" | grep -v '^most' |
		grep -vE '^(10\.[89]0\.0\.([0-9]|[12][0-9]|3[01])|8\.8\.8\.[0-3]|fd[89]0::[0-9a-f]?) ' |
		awk '{ n += $3 } END { print n + 0 }'
}
excluded='^(10\.[89]0\.0\.7|10\.80\.0\.9|fd[89]0::7|fd80::9) '
excluded() { got "$excluded"; }
nothing_outside() {
	that "$1: nobody else is asked for ($(wrong_find))" [ "$(wrong_find)" = 0 ]
	that "$1: no other frame leaves the scope ($(wrong_frames))" [ "$(wrong_frames)" = 0 ]
	that "$1: nothing reaches who is excluded or listened to only ($(excluded))" [ "$(excluded)" = 0 ]
	shown "$excluded"
}

# ---- the plain run: the counters see what is there ----
# shellcheck disable=SC2086 # a list of words
{
	heard plain "$requester" site=true.yaml $true_targets ports=22,80,81
	that 'plain: it ends well' [ $status = 0 ]
	nothing_outside plain
	that "plain: SYNs to all that may get them, on the link and behind it ($(hosts_of ' syn '))" \
		[ "$(hosts_of '^10.80.0.[0-9.]* syn ')-$(hosts_of '^10.90.0.[0-9.]* syn ')-$(hosts_of '^fd80::[0-9a-f]* syn ')-$(hosts_of '^fd90::[0-9a-f]* syn ')-$(hosts_of '^8.8.8.[0-9]* syn ')" = 29-31-7-15-4 ]
	that 'plain: those of the ot zone on the link were only asked for' \
		[ "$(hosts_of '^10.80.0.(3[2-9]|[45][0-9]|6[0-3]) arp ')-$(got '^10.80.0.(3[2-9]|[45][0-9]|6[0-3]) syn ')" = 32-0 ]
}

# ---- a wrong main ----
for seed in 1 2; do
	# shellcheck disable=SC2086
	heard "orders-$seed" "$requester" site=true.yaml $true_targets ports=22,80,81 orders=$seed
	nothing_outside "orders and nonsense, $seed"
	that "orders and nonsense, $seed: the process ended by itself" says 'ended 0'
	that "orders and nonsense, $seed: the true targets were swept" [ "$(lines '^port .* open')" = "$(grep -cE '^port .* open' "$lab_logs/plain.txt")" ]
done

# ---- wrong lanes ----
wrong_targets='wrong-target=10.80.0.0/24 wrong-target=10.90.0.0/24 wrong-target=fd80::/120 wrong-target=fd90::/120'
# shellcheck disable=SC2086
heard lanes "$requester" site=true.yaml $true_targets ports=22,80 wrong-site=wrong.yaml $wrong_targets
nothing_outside 'wrong lanes'
that 'wrong lanes: the process goes on to its end' says 'ended 0'
that 'wrong lanes: the report is told' says 'remark a fault: frames outside the scope were held back'
that "wrong lanes: the true targets were swept ($(hosts_of ' syn ') addresses)" [ "$(hosts_of ' syn ')" = 82 ]
# shellcheck disable=SC2086
heard hop "$requester" site=true.yaml $true_targets ports=22,80 wrong-site=wrong.yaml wrong-target=10.90.0.0/24 \
	wrong-hop=10.80.0.7
nothing_outside 'a wrong gateway'
that 'a wrong gateway: it is not asked for' [ "$(got '^10.80.0.7 ')" = 0 ]

# ---- rate ----
# rate N: whole, zone, host and broadcasts of far's own count
for rate in 40 200 1000; do
	zone=$((rate / 2)) host=$((rate / 8))
	cat >rate.yaml <<-END
		site: rate
		timezone: UTC
		authorisation: {by: lab, reference: LAB-1, from: 2026-01-01, until: 2099-12-31, contact: lab}
		vantage: {name: bastion, zone: office}
		limits: {rate: $rate, host_rate: $host}
		zones:
		  - {name: office, kind: it, networks: [10.80.0.0/25], rate: $zone}
		  - {name: remote, kind: it, networks: [10.90.0.0/25], rate: $zone}
		  - {name: dmz, kind: dmz, networks: [10.90.1.0/25]}
		  - {name: plant, kind: ot, networks: [10.80.0.128/25]}
	END
	# Neighbours are asked for at five a second, so there are few of them.
	n=8
	[ $rate -lt 1000 ] || n=60
	near ip neigh flush all # our kernel asks by itself too, for the gateway as well
	heard "rate-$rate" timeout 60 "$requester" site=rate.yaml target=10.80.0.3-10 \
		target=10.90.0.1-$n target=10.90.1.1-$n target=10.80.0.130-131 ports=22,80,81,82,83,84,85,86,443,445
	that "rate $rate: it ends well" [ $status = 0 ]
	that "rate $rate: the whole ($(got '^most all'))" [ "$(got '^most all')" -le "$rate" ]
	that "rate $rate: it is used" [ "$(got '^most all')" -ge $((rate * 6 / 10)) ]
	that "rate $rate: every host ($(got '^most host') of $host)" [ "$(got '^most host')" -le "$host" ]
	# With an ot target in it the segment gets five.
	that "rate $rate: broadcasts ($(got '^most broadcast'))" [ "$(got '^most broadcast')" -le 5 ]
	zone_most=$("$lab_python" "$wire_far" count "$lab_logs/rate-$rate.pcap" "$mac" 10.80.0.0/25 | awk '/^most all/ { print $3 }')
	that "rate $rate: the zone on the link ($zone_most of $zone)" [ "$zone_most" -le "$zone" ]
	zone_most=$("$lab_python" "$wire_far" count "$lab_logs/rate-$rate.pcap" "$mac" 10.90.0.0/25 | awk '/^most all/ { print $3 }')
	that "rate $rate: the zone behind the gateway ($zone_most of $zone)" [ "$zone_most" -le "$zone" ]
done

# Where broadcasts have no limit the kernel's own questions, before its resets, are packets all the same.
near ip neigh flush all
heard kernel timeout 60 "$requester" zone=it rate=200 target=10.80.0.3-62 ports=22,80,443
that 'the kernel asks: it ends well' [ $status = 0 ]
that "the kernel asks: it does, by itself ($(got '^10.80.0.[0-9]* arp') questions to 60 hosts)" [ "$(got '^10.80.0.[0-9]* arp')" -ge 120 ]
that "the kernel asks: the whole holds ($(got '^most all') of 200)" [ "$(got '^most all')" -le 200 ]
tap_done
