#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `tenken export --push`: what is sent and how, what is tried again, what never is, what is remembered.
# Options and commands in variables are words.
# shellcheck disable=SC2086,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

command -v openssl >/dev/null || skip_all 'openssl is not installed'
make_sample=${TENKEN_BUILD:?run by make check}/tests/report/make_sample
[ -x "$make_sample" ] || exit 99
"$make_sample" "$TENKEN_DATA" plant.tenken || exit 99
cp plant.tenken fresh.tenken
export="$TENKEN export"

# ---- an authority of our own, and servers ----
certificate() { # NAME SUBJECT ALTERNATIVE ISSUER
	printf 'subjectAltName=%s\n' "$3" >ext
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out req -subj "/CN=$2" 2>/dev/null &&
		openssl x509 -req -in req -CA "$4.pem" -CAkey "$4.key" -days 3650 -extfile ext -out "$1.pem" 2>/dev/null
}
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 3650 \
		-subj "/CN=$1" 2>/dev/null
}
authority ca && authority stranger && certificate right localhost IP:127.0.0.1 ca &&
	certificate name other.example DNS:other.example ca && certificate forged localhost IP:127.0.0.1 stranger || exit 99
serve() { # NAME [CERTIFICATE KEY]: $port
	name=$1
	shift
	"$python" "$TENKEN_TESTS/cli/push_server.py" "$dir/$name.log" "$@" >"$name.out" 2>"$name.err" </dev/null &
	children="$children $!"
	within 10 grep -q '^ready' "$name.out" || exit 99
	port=$(sed -n 's/^ready //p' "$name.out")
}
serve right right.pem right.key
https=https://127.0.0.1:$port
serve name name.pem name.key
misnamed=https://127.0.0.1:$port
serve forged forged.pem forged.key
unknown=https://127.0.0.1:$port
serve plain
http=http://127.0.0.1:$port
push="$export plant.tenken --ca-file ca.pem --tries 3"
# requests PATH [LOG]: how many came; field PATH NAME: of the last of them
requests() { grep -c "\"path\": \"$1\"" "${2:-right}.log"; }
field() {
	"$python" -c 'import json, sys
print([o for o in map(json.loads, open("right.log")) if o["path"] == sys.argv[1]][-1].get(sys.argv[2]))' "$@"
}
all_objects() {
	"$python" -c 'import json, sys
print(sum(o["objects"] for o in map(json.loads, open("right.log")) if o["path"] == sys.argv[1]))' "$1"
}

# ---- the command line ----
refuses 2 '--push: is not https' 'in clear to others' $export plant.tenken --push http://192.0.2.1/x
refuses 2 '--push: is neither https nor http' 'another protocol' $export plant.tenken --push ftp://127.0.0.1/x
refuses 2 '--push: is no URL' 'no URL' $export plant.tenken --push 'x y'
refuses 2 '--push: is no URL' 'no URL, with a secret' $export plant.tenken --push 'https://u:hunter2@[x/'
that 'it is not said again' sh -c '! grep -q hunter2 err'
refuses 2 '--since does not go with' 'changes since a day' $export plant.tenken --push https://127.0.0.1/ --since 2026-01-01
refuses 2 '--push: names a user: secrets stand in a file' 'a secret in the URL' $export plant.tenken --push https://u:hunter2@127.0.0.1/
that 'it is not said again' sh -c '! grep -q hunter2 err'
refuses 2 'no site file with' 'servers of no site file' $export plant.tenken --push site
refuses 2 "--tries: '0' is no number from 1" 'no attempt' $export plant.tenken --push $https/ok --tries 0
refuses 2 "--timeout: 'x' is no number" 'a timeout that is none' $export plant.tenken --push $https/ok --timeout x
refuses 2 'not csv' 'a form that is no JSON' $export plant.tenken --push $https/ok --format csv
refuses 2 'not jira-json' 'tickets' $export plant.tenken --push $https/ok --format jira-json
refuses 2 '-o does not go with --push' 'a file too' $export plant.tenken --push $https/ok -o x
refuses 2 'are two commands' 'a bundle too' $export plant.tenken --push $https/ok --bundle x --sign-key y
refuses 2 'none.pem: cannot be opened' 'no such certificates' $export plant.tenken --push $https/ok --ca-file none.pem
refuses 2 'plant.tenken: holds no certificate' 'certificates that are none' $export plant.tenken --push $https/ok --ca-file plant.tenken
echo secret >open.secret && chmod 644 open.secret
refuses 2 'holds a secret and may be read by others' 'a secret that others may read' $push --push $https/ok --secret-file open.secret
printf 'two words\n' >bad.secret && chmod 600 bad.secret
refuses 2 'is not a secret' 'a secret that would break the header' $push --push $https/ok --secret-file bad.secret
that 'nothing was sent so far' test ! -s right.log

# ---- sending ----
printf 'Zt9.hunter2\n' >secret && chmod 600 secret
$export fresh.tenken --format ndjson -o all.ndjson
objects=$(wc -l <all.ndjson)
ends 0 'to a server' $push --push $https/ok?room=3 --secret-file secret
that 'it says where and how much' grep -q "^$https/ok: $objects objects in [0-9]* batches taken, 0 batches" err
that 'every object arrived' test "$(all_objects '/ok?room=3')" = "$objects"
that 'in batches' test "$(requests '/ok?room=3')" -gt 1
that 'with the secret' test "$(field '/ok?room=3' authorization)" = 'Bearer Zt9.hunter2'
that 'which is not said' sh -c '! grep -q hunter2 out err'
that 'with a key that is made of the content' test "$(field '/ok?room=3' idempotency-key)" = "\"$(field '/ok?room=3' sha256)\""
that 'with the run' test "$(field '/ok?room=3' tenken-run)" = 00000000-0000-4000-8000-000000000002
that 'as lines of JSON' test "$(field '/ok?room=3' content-type)" = application/x-ndjson
that 'the store says what was taken, without what stands behind ?' holds plant.tenken \
	"SELECT group_concat(DISTINCT target) || sum(objects) FROM pushed" "$https/ok$objects"
that 'and no secret' sh -c '! grep -q hunter2 plant.tenken'
ends 0 'the journal' "$TENKEN" journal plant.tenken
that 'tells what was sent to whom' grep -q "^  $https/ok   $objects objects, [0-9]* bytes   20" out
before=$(requests '/ok?room=3')
ends 0 'once more' $push --push $https/ok?room=3
that 'nothing is sent twice' test "$(requests '/ok?room=3')" = "$before"
that 'which is said' grep -q "0 objects in 0 batches taken, $before batches were there already" err
ends 0 'unless that is wanted' $push --push $https/ok?room=3 --all
that 'then all of it' test "$(requests '/ok?room=3')" = $((2 * before))
ends 0 'as one document' $push --push $https/document --format json
that 'it is one' test "$(requests /document)" = 1 -a "$(field /document content-type)" = application/json
ends 0 'without being remembered' $push --push $https/quiet --no-record
that 'it is not' holds plant.tenken "SELECT count(*) FROM pushed WHERE target LIKE '%/quiet'" 0
ends 0 'on this machine in clear' $export plant.tenken --push $http/ok
that 'it arrived' test "$(requests /ok plain)" -gt 0

# ---- what passes ----
ends 0 'two failures, then an answer' $push --push $https/twice --format json
that 'three attempts' test "$(requests /twice)" = 3
that 'under one key' test "$(grep '"path": "/twice"' right.log | grep -o '"idempotency-key": "[^,]*' | sort -u | wc -l)" = 1
that 'each wait is told' test "$(grep -c '^waiting [12] s: it answers 500' err)" = 2
ends 0 'too many requests' $push --push $https/later --format json
that 'it waits as long as it is asked to' grep -q '^waiting 2 s: it answers 429' err
ends 3 'a server that never has time' $push --push $https/never --format json --tries 1
that 'is left' test "$(requests /never)" = 1
ends 3 'a server that is down' $push --push $https/always --format json --tries 2
that 'it is said in one line' grep -q "^error: $https/always: batch 1 was not taken: it answers 503\$" err
that 'nothing counts as taken' holds plant.tenken "SELECT count(*) FROM pushed WHERE target LIKE '%/always'" 0
ends 3 'a server that says nothing' $push --push $https/hang --format json --timeout 1 --tries 2
that 'was tried twice' test "$(requests /hang)" = 2
ends 3 'half an answer' $push --push $https/half --format json --tries 1
ends 3 'nobody there' $push --push https://127.0.0.1:1/x --tries 1
ends 0 'an answer of a megabyte' $push --push $https/large --format json
that 'was an answer' test "$(requests /large)" = 1

# ---- what does not ----
ends 3 'a server that refuses' $push --push $https/refuse --format json
that 'is not asked again' test "$(requests /refuse)" = 1
that 'its words are cleaned' grep -q "^error: $https/refuse: batch 1 was not taken: it answers 400" err
that 'of what steers a terminal' sh -c '! LC_ALL=C grep -q "[^ -~]" err'
ends 3 'a server that sends on' $push --push $https/away --format json
that 'is not followed' test "$(requests /stolen)" = 0
that 'which is said' grep -q 'sends on to another address, which is not followed' err
ends 3 'a certificate for another name' $push --push $misnamed/ok --format json
that 'gets nothing' test ! -s name.log
ends 3 'a certificate of another authority' $push --push $unknown/ok --format json
that 'gets nothing' test ! -s forged.log
ends 3 'an authority that nobody trusts' $export plant.tenken --push $https/distrusted --format json
that 'gets nothing' test "$(requests /distrusted)" = 0
that 'and how to trust one is said' grep -qF "vouches for it (--ca-file, or 'trust' of the site file" err
that 'not even a second attempt' sh -c '! grep -q waiting err'
ends 0 'a proxy of the environment' env https_proxy=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 \
	ALL_PROXY=http://127.0.0.1:1 http_proxy=http://127.0.0.1:1 $push --push $https/direct --format json
that 'is not asked' test "$(requests /direct)" = 1
ends 3 'a proxy that is named' $push --push $https/proxied --format json --proxy http://127.0.0.1:1 --tries 1
that 'is' test "$(requests /proxied)" = 0

# ---- the middle ----
ends 3 'a server that stops after the first batch' $push --push $https/one --tries 1
that 'the first is remembered' holds plant.tenken "SELECT count(*) FROM pushed WHERE target LIKE '%/one'" 1
: >open
ends 0 'it goes on with the rest' $push --push $https/one --tries 1
that 'and the first is not sent again' grep -q '1 batches were there already' err
that 'all of it is there' holds plant.tenken "SELECT sum(objects) FROM pushed WHERE target LIKE '%/one'" "$objects"

# ---- the site file ----
cat >site.yaml <<END
site: 北浄水場 <Kita>
trust: ca.pem
push:
  - {url: $https/first, secret_file: secret}
  - {url: $https/second, format: json}
END
ends 0 'servers of the site file' $export plant.tenken -c site.yaml --push site
that 'both' test "$(requests /first)" -gt 1 -a "$(requests /second)" = 1
that 'each with what is its own' test "$(field /first authorization)" = 'Bearer Zt9.hunter2' -a "$(field /second authorization)" = None
ends 0 'one of them by its URL' $export plant.tenken -c site.yaml --push $https/first --all
that 'has its secret' test "$(field /first authorization)" = 'Bearer Zt9.hunter2'
# Judged by what is declared today, as --format is; without -c by what the run was declared with.
$export plant.tenken --format json -o run.json
cat >>site.yaml <<END
waivers:
  - {check: smb.v1, reason: 更新待ち, compensating: 隔離, approved_by: 課長, approved_at: 2026-11-22, until: 2099-12-31,
     applicant: 係長, clause: 規程5条, impact: 小, closing: 報告書}
END
ends 0 'with an exception of today' $export plant.tenken -c site.yaml --push $https/second
$export plant.tenken -c site.yaml --format json -o today.json
that 'what is pushed is what --format writes' test "$(field /second sha256)" = "$(sha256sum today.json | cut -d ' ' -f 1)"
that 'the exception is in it' grep -q 更新待ち today.json
that 'and was not in the run' sh -c '! grep -q 更新待ち run.json'
ends 0 'without a site file' $push --push $https/third --format json
that 'it is that of the run' test "$(field /third sha256)" = "$(sha256sum run.json | cut -d ' ' -f 1)"
sed 's/^site: .*/site: minami/' site.yaml >wrong.yaml
refuses 2 "wrong.yaml: is the file of the site 'minami'" 'the file of another site' $export plant.tenken -c wrong.yaml --push site
sed 's/json}/xml}/' site.yaml >wrong.yaml
refuses 2 "wrong.yaml:5: field 'format': is 'ndjson' or 'json', not 'xml'" 'a form that is none' $export plant.tenken -c wrong.yaml --push site
sed 's/url: https/url: file/' site.yaml >wrong.yaml
run $export plant.tenken -c wrong.yaml --push site
that 'a URL that is none' grep -q "^error: wrong.yaml:4: field 'url': 'file:" err

# ---- a store that is only read ----
cp fresh.tenken only.tenken
chmod 400 only.tenken
refuses 2 'only.tenken: cannot be written' 'nothing could be remembered' $powerless $export only.tenken --ca-file ca.pem --push $https/only
that 'so nothing is sent' test "$(requests /only)" = 0
ends 0 'unless nothing is to be' $powerless $export only.tenken --ca-file ca.pem --push $https/only --no-record
that 'then it is' test "$(requests /only)" -gt 1
tap_done
