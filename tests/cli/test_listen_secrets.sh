#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No password that crossed the wire is in anything that `tenken listen` leaves behind: the store (its bytes, with the
# log beside it while it is written), what it prints, the page and every export, with names masked and shown. Every
# login in tests/listen uses one planted account and password.
# shellcheck disable=SC1010,SC2016,SC2086,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

secret=PLANTED-SECRET-7f3a
recordings=$TENKEN_TESTS/listen

# ---- what is looked for: the password in the forms that protocols and carelessness give it ----
"$python" - $secret >forms <<'END'
import base64, hashlib, sys, urllib.parse
secret = sys.argv[1].encode()
forms = {secret, secret.lower(), secret[::-1]}
for prefix in (b'', b'x', b'xx'):  # the three places that base64 can begin at
    text = base64.b64encode(prefix + secret)
    whole = text[-(-len(prefix) * 8 // 6):]  # without what depends on what stands before and behind
    forms |= {whole[:20]}
for raw in (secret, secret.decode().encode('utf-16-le')):
    forms |= {raw.hex().encode(), raw.hex().upper().encode(), b':'.join(b'%02x' % c for c in raw)}
    for digest in ('md5', 'sha1', 'sha256', 'sha512'):
        forms |= {hashlib.new(digest, raw).hexdigest().encode(), base64.b64encode(hashlib.new(digest, raw).digest())}
forms |= {b''.join(b'%%%02X' % c for c in secret)}
forms |= {secret[:9]}
print(b'\n'.join(sorted(forms)).decode())
END
that 'the forms are made' test "$(wc -l <forms)" -ge 20
# leaks FILE...: one of the forms is in there, or UTF-16 of the password
leaks() {
	LC_ALL=C grep -aqiFf forms -- "$@" || LC_ALL=C grep -aqP 'P\x00L\x00A\x00N\x00T\x00E\x00D' -- "$@"
}
clean() { ! leaks "$@"; }

# The search finds what it should, so that its silence means something.
for name in ftp http imap ldap mqtt postgresql-clear redis rsh smtp socks; do
	that "the recording $name holds the password" leaks "$recordings/$name.pcap"
done
printf 'P\000L\000A\000N\000T\000E\000D\000' >wide
that 'it would be found as UTF-16' leaks wide
printf 'x' | cat - forms >plain
that 'it would be found in text' leaks plain

# ---- names masked, as without a site file ----
all=
for file in "$recordings"/*.pcap; do
	all="$all $file"
done
ends 0 'all recordings are read' $TENKEN listen -r $all --store masked.sqlite --html masked.html --json masked.json \
	--ndjson masked.ndjson --csv masked.csv
cat out >masked.out
cat err >masked.err
for form in json ndjson csv nmap-xml; do
	$TENKEN export masked.sqlite --format $form -o masked.export.$form 2>>masked.err
done
$TENKEN report masked.sqlite >masked.report 2>>masked.err
for file in masked.*; do
	that "$file: no password" clean "$file"
done
that 'and no account' sh -c '! LC_ALL=C grep -aqi planted masked.*'
that 'logins in the clear were seen' holds masked.sqlite \
	"SELECT count(DISTINCT value) >= 15 FROM heard WHERE kind = 'login.cleartext'" 1

# ---- names shown ----
cat >site.yaml <<'END'
site: names
zones:
  - {name: plant, kind: ot, networks: [192.168.78.0/24]}
listen: {mask_names: no}
END
ends 0 'the same with names shown' $TENKEN listen -c site.yaml -r $all --html shown.html --json shown.json \
	--ndjson shown.ndjson --csv shown.csv
cat out >shown.out
cat err >shown.err
cp site.tenken shown.sqlite
that 'the account is there' holds shown.sqlite \
	"SELECT count(*) > 0 FROM heard WHERE kind = 'login.account' AND value = 'planted-user'" 1
for file in shown.*; do
	that "$file: no password" clean "$file"
done

# ---- while it is written ----
mkfifo pipe
$TENKEN listen -r - --store live.sqlite --no-html <pipe >live.out 2>live.err &
child=$!
children="$children $child"
exec 9>pipe
cat "$recordings/http.pcap" >&9
that 'a store is being written' within 10 test -s live.sqlite-wal
for file in live.*; do
	that "$file: no password" clean "$file"
done
exec 9>&-
wait $child
that 'its end' test $? = 0
for file in live.*; do
	that "$file at the end: no password" clean "$file"
done
tap_done
