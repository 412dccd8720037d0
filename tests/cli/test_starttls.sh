#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# TLS inside other protocols: found out, surveyed as a second document, left alone in limited depth.
# Scripts for inner shells stand in single quotes.
# shellcheck disable=SC1010,SC2016,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"
apart || skip_all 'no network namespace of its own'
command -v openssl >/dev/null || skip_all 'openssl is not installed'

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 365 \
	-subj /CN=mail.example.test >openssl.out 2>&1 || skip_all "openssl: $(tail -1 openssl.out)"
ip address add 10.99.0.1/32 dev lo || skip_all 'no second address'
serve() {
	"$python" "$TENKEN_TESTS/cli/starttls.py" certificate.pem key.pem "$@" >"peer.$1" 2>&1 </dev/null &
	children="$children $!"
	within 10 grep -q '^ready' "peer.$1" || note <"peer.$1"
}
serve smtp:25 pop3:110 imap:143 ldap:389 imap:1143 pop3-refused:1110 mysql:3306 xmpp:5222 \
	postgresql:5432 smtp-refused:587 imap-refused:2143 ldap-refused:3268
ADDRESS=10.99.0.1 serve smtp:25 imap:143

ends 0 'the scan ends' "$TENKEN" scan -p 25,110,143,389,587,1110,1143,2143,3268,3306,5222,5432 --zone it --rate 0 --host-rate 0 \
	--store a.sqlite --json a.json 127.0.0.1
# of PORT WORD: protocol | document of TLS | highest version | its protocol
of() {
	that "$3" holds a.sqlite "SELECT s.protocol || '|' || s.tls || '|' || ifnull(e.ending, 'none') || '|'
		|| ifnull(e.document->>'\$.best', '') || '|' || ifnull(e.document->>'\$.starttls', '')
		FROM service s LEFT JOIN evidence e ON e.scan = s.scan AND e.address = s.address AND e.port = s.port
		AND e.transport = s.transport AND e.probe = 'tls' WHERE s.port = $1" "$2"
}
of 25 'smtp|0|done|TLSv1.3|smtp' 'smtp'
of 110 'pop3|0|done|TLSv1.3|pop3' 'pop3'
of 143 'imap|0|done|TLSv1.3|imap' 'imap'
of 389 'ldap|0|done|TLSv1.3|ldap' 'ldap'
of 3306 'mysql|0|done|TLSv1.3|mysql' 'mysql'
of 5222 'xmpp|0|done|TLSv1.3|xmpp' 'xmpp'
of 5432 'postgresql|0|done|TLSv1.3|postgresql' 'postgresql'
of 1143 'imap|0|done|TLSv1.3|imap' 'imap on another port, by its greeting'
of 587 'smtp|0|closed||smtp' 'offered and then refused: a document without an answer'
of 1110 'pop3|0|none||' 'pop3 without TLS'
of 2143 'imap|0|none||' 'imap without TLS'
of 3268 'ldap|0|none||' 'ldap without TLS'
that 'mysql: few connections' holds a.sqlite \
	"SELECT connections <= 7 FROM evidence WHERE probe = 'tls' AND port = 3306" 1
that 'each has its finding' sh -c \
	'[ "$(grep -o "\"check\": *\"tls.certificate-untrusted\"" a.json | wc -l)" = 8 ]'

cat >site.yaml <<'END'
site: floor
timezone: UTC
zones:
  - {name: floor, kind: ot, networks: [10.99.0.0/24]}
END
ends 0 'a plant is scanned' "$TENKEN" scan -c site.yaml -p 25,143 --store ot.sqlite --json ot.json 10.99.0.1
that 'nobody asked for TLS' holds ot.sqlite \
	"SELECT ending || connections FROM evidence WHERE probe = 'tls' AND port = 25" done0
that 'and the checks of it are told so' sh -c \
	'grep -q "limited in OT" ot.json'
cat >office.yaml <<'END'
site: office
timezone: UTC
zones:
  - {name: office, kind: it, networks: [127.0.0.0/8]}
trust: certificate.pem
END
ends 0 'a site has its own authorities' "$TENKEN" scan -c office.yaml --rate 0 --host-rate 0 -p 143 \
	--store office.sqlite --json office.json 127.0.0.1
that 'which vouch for the certificate' holds office.sqlite \
	"SELECT (document->>'\$.certificates[0].trusted') || (document->>'\$.certificates[0].trust_store')
	FROM evidence WHERE probe = 'tls'" 1site
that 'without a finding' holds office.sqlite \
	"SELECT count(*) FROM finding WHERE check_id = 'tls.certificate-untrusted'" 0
echo nothing >empty.pem
sed -e '/^ [a-zA-Z0-9]/d' -e '3s/^....../!!!!!!/' certificate.pem >broken.pem
printf 'site: office\ntimezone: UTC\nzones: [{name: office, kind: it, networks: [127.0.0.0/8]}]\n' >wrong.yaml
printf 'trust: [empty.pem, broken.pem, absent.pem]\n' >>wrong.yaml
ends 2 'mistakes in it are told' "$TENKEN" site check wrong.yaml
that 'by file, line and field: a file without one' grep -q "wrong.yaml:4: field 'trust.*empty.pem" err
that 'a broken one' grep -q 'broken.pem:[0-9]*: ' err
that 'no file' grep -q 'absent.pem' err
that 'one connection for each port' holds ot.sqlite \
	"SELECT max(n) <= 2 FROM (SELECT count(*) AS n FROM journal GROUP BY port)" 1
tap_done
