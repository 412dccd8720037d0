#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Audit bundles: what is in them, that they prove themselves, also to tools of others, and what does not pass.
# Options and commands in variables are words.
# shellcheck disable=SC2086,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

make_sample=${TENKEN_BUILD:?run by make check}/tests/report/make_sample
[ -x "$make_sample" ] || exit 99
"$make_sample" "$TENKEN_DATA" plant.tenken || exit 99
export="$TENKEN export plant.tenken"
verify="$TENKEN verify"
same() { cmp -s "$1" "$2"; }
# change FILE OFFSET TEXT: bytes of the file
change() {
	"$python" -c 'import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    f.write(sys.argv[3].encode())' "$@"
}

# ---- the command line ----
"$TENKEN" reach --make-sign-key key >/dev/null || exit 99
"$TENKEN" reach --make-sign-key other >/dev/null || exit 99
refuses 2 'a bundle is signed' 'no key' $export --bundle x.tar
refuses 2 'a bundle has no --format' 'a form' $export --bundle x.tar --sign-key key --format csv
refuses 2 '-o does not go with' 'a file too' $export --bundle x.tar --sign-key key -o x
refuses 2 'none: No such file' 'no such key' $export --bundle x.tar --sign-key none
refuses 2 'is no key that signs' 'the public half' $export --bundle x.tar --sign-key plant.tenken
cp key loose && chmod 644 loose
refuses 2 'loose: holds a key and may be read by others' 'a key that others may read' $export --bundle x.tar --sign-key loose
refuses 2 'none/x.tar: cannot be written' 'no such folder' $export --bundle none/x.tar --sign-key key
echo 'site: kita' >bare.yaml
refuses 2 "bare.yaml: names no 'signing_key'" 'a site file without a key' $export --bundle x.tar -c bare.yaml
cp plant.tenken whole.tenken
refuses 2 'plant.tenken: is read by this command' 'over the store' $export --bundle plant.tenken --sign-key key
refuses 2 'key: is read by this command' 'over the key' $export --bundle key --sign-key key
refuses 2 './plant.tenken: is read by this command' 'an export over the store' $export --format json -o ./plant.tenken
refuses 2 'plant.tenken: is read by this command' 'tickets over the store' $export --format redmine -o plant.tenken
refuses 2 'plant.tenken: is read by this command' 'a page over the store' "$TENKEN" report plant.tenken --html plant.tenken
refuses 2 'plant.tenken: is read by this command' 'changes over the store' "$TENKEN" diff plant.tenken --json plant.tenken
that 'the store is as it was' same plant.tenken whole.tenken
that 'none of them left a file' test -z "$(find . -name 'x.tar*')"
refuses 2 'which bundle?' 'nothing to prove' $verify
refuses 2 'one bundle at a time' 'two' $verify a b
refuses 2 'none.tar: cannot be read: No such file' 'no such bundle' $verify none.tar --key key.pub
refuses 2 'is no public key' 'a key that is none' $verify plant.tenken --key key
refuses 2 "--key-digest: 'ab' is no SHA-256" 'a digest that is none' $verify plant.tenken --key-digest ab

# ---- a bundle ----
ends 0 'made' $export --bundle a.tar --sign-key key
that 'its owner alone may read it' test "$(stat -c %a a.tar)" = 600
ends 0 'made again' $export --bundle b.tar --sign-key key
that 'the same bytes' same a.tar b.tar
printf 'site: kita\nsigning_key: key\n' >site.yaml
ends 0 'with the key of the site file' $export --bundle c.tar -c site.yaml
that 'the same bytes' same a.tar c.tar
that 'nothing else is left' test -z "$(find . -name '*.store.*' -o -name '*.tar.*')"
ends 0 'it holds' $verify a.tar --key other.pub --key key.pub
that 'which is said' grep -q '^It holds: ' out
that 'whose it is' grep -q '^Site: 北浄水場 <Kita>   as of 2026-11-21T00:30:00Z' out
digest=$(sed -n 's/^Signed by the key //p' out)
ends 0 'by the digest of the key' $verify a.tar --key-digest "$digest"
ends 0 'quietly' $verify -q a.tar --key key.pub
that 'nothing is said' test ! -s out -a ! -s err
ends 0 'in Japanese' $verify a.tar --key key.pub --lang ja
ends 1 'without a key of ours' $verify a.tar
that 'it is in one piece, and nobody knows whose' grep -q 'only the key within says so' err
ends 1 'with a key that did not sign' $verify a.tar --key other.pub
that 'which is said' grep -q "is signed by the key $digest, which is none of those named" err
that 'and it does not hold' grep -qx 'IT DOES NOT HOLD.' out

# ---- proven by others ----
mkdir x
that 'tar reads it' tar xf a.tar -C x
members=$(tar tf a.tar | tr '\n' ' ')
that 'its members' test "$members" = 'store.tenken report.html export.json findings.csv journal-2.json SHA256SUMS MANIFEST.json MANIFEST.sig KEY.pub '
that 'sha256sum finds them as they are' sh -c 'cd x && sha256sum --quiet --strict -c SHA256SUMS'
if command -v openssl >/dev/null; then
	base64 -d x/MANIFEST.sig >x/raw
	that 'openssl proves the signature' openssl pkeyutl -verify -pubin -inkey key.pub -rawin -in x/MANIFEST.json -sigfile x/raw
else
	skip 'openssl proves the signature' 'openssl is not installed'
fi
"$TENKEN" report x/store.tenken --html again.html --quiet
that 'the report is that of the store beside it' same again.html x/report.html
"$TENKEN" export x/store.tenken --format json -o again.json
that 'so is the export' same again.json x/export.json
that 'the journal says what was sent' "$python" -m json.tool x/journal-2.json
that 'no key that signs is in it' sh -c '! grep -q "PRIVATE KEY" a.tar'

# ---- what does not hold ----
size=$(stat -c %s a.tar)
cp a.tar bad.tar
change bad.tar 3000 X
ends 1 'a byte of the store' $verify bad.tar --key key.pub
that 'which is said' grep -q 'error: bad.tar: store.tenken: was changed' err
head -c $((size - 512)) a.tar >bad.tar
ends 1 'cut off' $verify bad.tar --key key.pub
head -c 700 a.tar >bad.tar
ends 1 'cut off early' $verify bad.tar --key key.pub
(cat a.tar && echo more) >bad.tar
ends 1 'with more behind it' $verify bad.tar --key key.pub
(cd x && tar cf ../bad.tar store.tenken report.html export.json findings.csv journal-2.json SHA256SUMS MANIFEST.json MANIFEST.sig KEY.pub)
ends 1 'packed again by another tool' $verify bad.tar --key key.pub
cp plant.tenken bad.tar
ends 1 'a store' $verify bad.tar --key key.pub
: >empty
ends 1 'nothing' $verify empty --key key.pub
# Signed again by a key of one's own.
ends 0 'a bundle of somebody else' $export --bundle forged.tar --sign-key other
ends 1 'is not ours' $verify forged.tar --key key.pub
ends 2 'a folder' $verify x --key key.pub

# ---- a scan of one's own: the files that it was declared with, and no secret ----
"$python" -c 'open("ledger.csv", "wb").write("ID,名称,IPアドレス\nA-1,台帳の機器,127.0.0.1\n".encode("cp932"))'
printf 'Zt9.hunter2\n' >push.secret && chmod 600 push.secret
printf 'attestations:\n  - {guideline: mlit-water, item: 1.1.1-1, answer: met, by: 課長, at: 2026-01-01}\n' >answers.yaml
cat >kita.yaml <<'END'
site: kita
zones: [{name: here, kind: it, networks: [127.0.0.0/8]}]
ledger: ledger.csv
answers: answers.yaml
signing_key: key
push: [{url: "https://192.0.2.1/", secret_file: push.secret}]
END
ends 0 'a scan' "$TENKEN" scan $wait_option -c kita.yaml -p 1-3 --no-html --quiet 127.0.0.1
cp kita.yaml then.yaml && cp ledger.csv then.csv && cp answers.yaml then-answers.yaml
ends 0 'its bundle with the same answers today' "$TENKEN" export kita.tenken --bundle kita.tar -c kita.yaml
that 'of which nothing is said' test ! -s err
that 'has them once' test "$(tar tf kita.tar | grep -c answers)" = 1
echo '# changed later' >>kita.yaml
: >ledger.csv
printf '  - {guideline: mlit-water, item: 1.1.1-2, answer: not-met, by: 課長, at: 2026-01-02}\n' >>answers.yaml
ends 0 'its bundle' "$TENKEN" export kita.tenken --bundle kita.tar --sign-key key
ends 0 'holds' $verify kita.tar --key key.pub
rm -rf x && mkdir x && tar xf kita.tar -C x
that 'the site file as the scan read it' same x/site.yaml then.yaml
that 'the ledger, to the byte' same x/ledger.csv then.csv
that 'so are the answers' same x/answers.yaml then-answers.yaml
that 'of today there are none' test ! -e x/answers-today.yaml
that 'no secret' sh -c '! grep -q -e hunter2 -e "PRIVATE KEY" kita.tar'
sed 's/^ledger:.*//' kita.yaml >today.yaml
ends 0 'with the answers of today' "$TENKEN" export kita.tenken --bundle today.tar -c today.yaml
that 'that it is not judged by them is said' grep -qx 'note: the bundle is judged by what was declared at the time of the run; what is declared today (-c) lies beside as a text' err
that 'in one line' test "$(wc -l <err)" = 1
ends 0 'it holds, too' $verify today.tar --key key.pub
rm -rf y && mkdir y && tar xf today.tar -C y
that 'the answers of the run' same y/answers.yaml then-answers.yaml
that 'and of today' same y/answers-today.yaml answers.yaml
that 'and the site file, which may have answers itself' same y/site-today.yaml today.yaml
that 'which stands there once where it is the same' sh -c '! tar tf kita.tar | grep -q site-today'
that 'the report counts those of the run' same y/report.html x/report.html
place=$(grep -abo 'not-met, by' today.tar | tail -n 1 | cut -d: -f1)
change today.tar "$place" 'yes-met'
ends 1 'an answer that was changed' $verify today.tar --key key.pub
that 'which is said' grep -q 'error: today.tar: answers-today.yaml: was changed' err
that 'the store beside it is one plain file' holds x/store.tenken 'SELECT count(*) FROM scan' 1
tap_done
