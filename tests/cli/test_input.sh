#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is wrong on the command line is said in one line that names it, with status 2, before
# anything is sent or written.
# Options and commands in variables are words; scripts for inner shells stand in single quotes.
# shellcheck disable=SC1010,SC2086,SC2016,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

scan() {
	scan_text=$1 scan_words=$2
	shift 2
	refuses 2 "$scan_text" "$scan_words" "$TENKEN" scan "$@"
}

# ---- commands and options ----
refuses 2 "unknown command 'frobnicate'" 'unknown command' "$TENKEN" frobnicate
refuses 2 "--lang takes ja or en, not 'xx'" '--lang xx' "$TENKEN" --lang xx scan 127.0.0.1
refuses 2 "not 'japanese'" '--lang=japanese' "$TENKEN" --lang=japanese scan 127.0.0.1
scan "'--frobnicate'" 'unknown long option' --frobnicate 127.0.0.1
scan "'-Z'" 'unknown short option' -Z 127.0.0.1
scan "'-ZZ'" 'unknown short options behind each other' 127.0.0.1 -ZZ
scan "'--ports'" 'option without its value' 127.0.0.1 --ports
scan "'-c'" 'short option without its value' 127.0.0.1 -c
scan "'--no-html=x'" 'a value that no option takes' --no-html=x 127.0.0.1
scan "'high!'" '--fail-on with another word' --fail-on 'high!' 127.0.0.1
scan "'0'" '--threads 0' --threads 0 127.0.0.1
scan "'8x'" '--threads 8x' --threads 8x 127.0.0.1
scan "'-5'" '--rate -5' --rate=-5 127.0.0.1
scan "'fast'" '--rate fast' --rate fast 127.0.0.1
scan "'harbour'" '--zone harbour' --zone harbour 127.0.0.1
scan "'attack'" '--risk attack' --risk attack 127.0.0.1
scan '--risk login' '--risk login without authorisation' --risk login 127.0.0.1
scan "'70000'" 'a port beyond 65535' -p 70000 127.0.0.1
scan "'90-80'" 'ports the wrong way round' -p 90-80 127.0.0.1
scan "'nosuchservice'" 'a service that nobody knows' -p nosuchservice 127.0.0.1
scan "'nosuchprofile'" 'a guideline that does not exist' --profile nosuchprofile 127.0.0.1
scan 'nothing.yaml' 'a file of checks that is not there' --checks nothing.yaml 127.0.0.1
refuses 2 "'now'" 'tenken stop takes no argument' "$TENKEN" stop now

# ---- targets ----
scan 'nothing to scan' 'no target'
scan "'10.0.0.0/33'" 'a prefix beyond 32' 10.0.0.0/33
scan "'10.0.0.0/x'" 'a prefix that is no number' 10.0.0.0/x
scan "'10.0.0.0/'" 'a prefix that is empty' 10.0.0.0/
scan "'10.0.0.300'" 'an octet beyond 255' 10.0.0.300
scan "'10.0.0.9-3'" 'a range the wrong way round' 10.0.0.9-3
scan "'fe80::1'" 'link-local without its interface' fe80::1
scan "'::/0'" 'all of IPv6' ::/0
scan "'224.0.0.1'" 'multicast' 224.0.0.1
scan "''" 'an empty target' ''
scan "'a b'" 'a target with a blank' 'a b'
# shellcheck disable=SC2016 # meant as it stands
scan 'neither an address nor a name' 'a target that a shell would run' '$(reboot)'
scan "'all..dots'" 'a name that cannot be one' all..dots
if apart; then
	scan "'plc-1.invalid' does not resolve" 'a name that does not resolve' plc-1.invalid
	scan "'plc-1.invalid' does not resolve" 'a good target beside a bad name' 127.0.0.1 plc-1.invalid
else
	skip 'a name that does not resolve' 'would ask the resolver of this machine'
	skip 'a good target beside a bad name' 'would ask the resolver of this machine'
fi
: >empty
printf '# nothing yet\n\n' >comment
printf '127.0.0.1\n10.0.0.0/40\n' >wrong
printf '127.0.0.1\0\001\377\n' >binary
scan 'empty' 'an empty file of targets' @empty
scan 'the list of targets is empty' 'a file of comments alone' -iL comment
scan "wrong:2: '10.0.0.0/40'" 'file and line of a wrong target' @wrong
scan 'binary' 'a file of targets that is no text' @binary
scan 'missing' 'a file of targets that is not there' @missing
scan "$dir" 'a folder for a file of targets' "@$dir"
scan 'missing' 'a file of exclusions that is not there' --exclude-file missing 127.0.0.1
scan "'10.0.0.0/40'" 'a wrong exclusion' --exclude 10.0.0.0/40 127.0.0.1
scan 'excluded' 'everything excluded' --exclude 127.0.0.0/8 127.0.0.1
cp wrong unreadable
chmod 000 unreadable
refuses 2 'unreadable' 'a file of targets that may not be read' $powerless "$TENKEN" scan @unreadable

# ---- public addresses (documentation ranges; nothing is sent) ----
scan "'192.0.2.1': is public" 'a public address' 192.0.2.1
scan "'198.51.100.0/24': is public" 'a public network' 198.51.100.0/24
scan "'2001:db8::1': is public" 'a public IPv6 address' 2001:db8::1
scan "'192.0.2.1': is public" 'a public address beside a good one' 127.0.0.1 192.0.2.1
scan "'192.0.2.1': is public" 'a public address with --dry-run' --dry-run 192.0.2.1
scan "--owned: '192.0.2.0/24'" '--owned admits nothing by itself' --owned 192.0.2.0/24 127.0.0.1

# ---- nothing was written ----
that 'no refused run left a file' test "$(echo *)" = 'binary comment empty err out unreadable wrong'

# ---- languages ----
run "$TENKEN" --lang ja scan 10.0.0.0/33
if grep -q '[^ -~]' err && [ "$status" = 2 ] && [ "$(wc -l <err)" = 1 ]; then
	ok '--lang ja: the message is Japanese'
else
	not_ok '--lang ja: the message is Japanese'
	tell
fi
run env LC_ALL=ja_JP.UTF-8 "$TENKEN" scan
that 'a Japanese locale that the system lacks still speaks Japanese' grep -q '[^ -~]' err
run env LC_ALL=C "$TENKEN" scan
that 'LC_ALL=C speaks English' grep -q '^error: nothing to scan' err
for command in '' scan report export site profile; do
	# shellcheck disable=SC2086 # an empty one is none
	ends 0 "tenken $command --help" "$TENKEN" $command --help
done
tap_done
