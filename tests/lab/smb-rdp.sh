#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SMB and RDP as real servers speak them: Samba by dialects, signing, encryption and strangers, xrdp by
# security layer and level, FreeRDP's shadow server with and without NLA. What the probes say of each
# stands here as it was configured, and beside it what nmap and smbclient say.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
smb_hosts='nt1 two three strict all plain chosen'
rdp_hosts='xlow xmedium xhigh xfips xtls xany frdp ftls fnla fany'
# shellcheck disable=SC2086 # lists of words
lab_known="net looker$(printf ' sr-%s' $smb_hosts $rdp_hosts)"
lab_need awk
converse=$TENKEN_BUILD/tests/lab/converse
[ -x "$converse" ] || skip_all 'tests/lab/converse is not built'
cd "$lab_dir" || exit 99
missing=

have() {
	for program; do
		command -v "$program" >/dev/null || {
			missing="$missing $program"
			return 1
		}
	done
}
up() { wait_port "sr-$1" "$2" || failed="$failed $1"; }
failed=

# ---- the servers ----
samba() { # NAME LAST-BYTE, options on standard input
	mkdir -p "$1/share" "$1/state" && chmod 755 "$1" "$1/share"
	{
		echo '[global]'
		for place in 'lock directory' 'state directory' 'cache directory' 'pid directory' \
			'private dir' 'ncalrpc dir' 'binddns dir'; do
			echo "$place = $lab_dir/$1/state"
		done
		cat <<-END
			workgroup = KITA
			netbios name = $1
			server role = standalone server
			interfaces = 10.80.0.$2/24 lo
			bind interfaces only = yes
			smb ports = 445
			disable netbios = yes
			load printers = no
			printing = bsd
			printcap name = /dev/null
			log file = $lab_logs/$1.smbd.log
		END
		cat
	} >"$1/smb.conf"
	lab_host "sr-$1" sr "10.80.0.$2/24" || return 1
	serve "sr-$1" "$1" smbd --foreground --no-process-group --configfile="$lab_dir/$1/smb.conf"
}
sambas() {
	have smbd || return 0
	samba nt1 11 <<-END
		server min protocol = NT1
		server max protocol = NT1
	END
	samba two 12 <<-END
		server min protocol = SMB2_02
		server max protocol = SMB2_10
		server signing = disabled
	END
	samba three 13 <<-END
		server min protocol = SMB3_00
		server max protocol = SMB3_02
		server smb encrypt = desired
		restrict anonymous = 1
		[plans]
		path = $lab_dir/three/share
	END
	samba strict 14 <<-END
		server min protocol = SMB3_11
		server signing = mandatory
		server smb encrypt = required
		restrict anonymous = 2
		map to guest = Never
	END
	samba all 15 <<-END
		server min protocol = NT1
		server signing = auto
		map to guest = Bad User
		[public]
		path = $lab_dir/all/share
		guest ok = yes
		[hidden$]
		path = $lab_dir/all/share
	END
	samba plain 16 <<-END
		server min protocol = SMB2_10
		server signing = mandatory
		server smb encrypt = off
	END
	samba chosen 17 <<-END
		server min protocol = SMB2_10
		server smb3 encryption algorithms = AES-256-GCM AES-128-CCM
		server smb3 signing algorithms = HMAC-SHA256
	END
	for host in $smb_hosts; do up "$host" 445; done
}

xrdp_server() { # NAME LAST-BYTE SECURITY-LAYER CRYPT-LEVEL
	lab_host "sr-$1" sr "10.80.0.$2/24" || return 1
	cat >"$1.ini" <<-END
		[Globals]
		ini_version=1
		fork=true
		port=tcp://10.80.0.$2:3389
		security_layer=$3
		crypt_level=$4
		certificate=$lab_dir/rdp.pem
		key_file=$lab_dir/rdp.key
		ssl_protocols=TLSv1.2, TLSv1.3
		[Logging]
		LogFile=$lab_logs/$1.xrdp.log
		LogLevel=INFO
		EnableSyslog=false
		[Xorg]
		name=Xorg
		lib=libxup.so
		username=ask
		password=ask
	END
	serve "sr-$1" "$1" xrdp --nodaemon --config "$lab_dir/$1.ini"
}
xrdps() {
	have xrdp openssl || return 0
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=rdp.kita.example \
		-keyout rdp.key -out rdp.pem 2>/dev/null || return 1
	xrdp_server xlow 21 rdp low && xrdp_server xmedium 22 rdp medium && xrdp_server xhigh 23 rdp high &&
		xrdp_server xfips 24 rdp fips && xrdp_server xtls 25 tls high &&
		xrdp_server xany 26 negotiate high || return 1
	for host in xlow xmedium xhigh xfips xtls xany; do up "$host" 3389; done
}

# One screen for all of them: a socket in a file is the same in every network namespace. It must not
# begin anew (-noreset) when the first of them has had a look.
shadow() { # NAME LAST-BYTE OPTIONS...
	name=$1 byte=$2
	shift 2
	lab_host "sr-$name" sr "10.80.0.$byte/24" || return 1
	mkdir -p "$name.home"
	serve "sr-$name" "$name" env HOME="$lab_dir/$name.home" DISPLAY=":$(cat display)" \
		freerdp-shadow-cli /port:3389 "/bind-address:10.80.0.$byte" -auth "$@"
}
shadows() {
	have Xvfb freerdp-shadow-cli || return 0
	# Its sockets are our own where the mount namespace is, and no file of it is left behind.
	[ -d /tmp/.X11-unix ] || mkdir -m 1777 /tmp/.X11-unix || return 1
	[ -z "${TENKEN_LAB_ALONE:-}" ] || mount -t tmpfs -o mode=1777 tmpfs /tmp/.X11-unix || return 1
	in_host looker Xvfb -displayfd 3 -nolock -noreset -screen 0 320x240x24 -nolisten tcp 3>display \
		>"$lab_logs/xvfb.log" 2>&1 </dev/null &
	within 10 test -s display || return 1
	shadow frdp 31 /sec:rdp && shadow ftls 32 /sec:tls && shadow fnla 33 /sec:nla &&
		shadow fany 34 -sec-nla || return 1
	for host in frdp ftls fnla fany; do up "$host" 3389; done
}

build() { # no leg of the router in the segment: there is no way out, not even by mistake
	in_host net ip link add br-sr type bridge && in_host net ip link set br-sr up &&
		lab_host looker sr 10.80.0.1/24 && sambas && xrdps && shadows
}
build >"$lab_logs/build.log" 2>&1
built=$?
result $built 'the servers are built'
note <"$lab_logs/build.log"
[ -z "$failed" ]
result $? "every server listens in time$failed"
in_host looker ip route show default | grep -q . && not_ok 'no default route leads out'

# ---- what the probes say ----
cat >facts.py <<'END'
"""facts.py smb|rdp FILE: the document behind the first line, as short words in a fixed order."""
import json, sys
text = open(sys.argv[2]).read()
d = json.loads(text[text.index("{"):])
yes = lambda key: "-" if key not in d else "yes" if d[key] else "no"
if sys.argv[1] == "smb":
    def signing(row):
        return "required" if row["signing_required"] else "enabled" if row["signing_enabled"] else "off"
    rows = [r["dialect"].replace("NT LM 0.12", "1") + ":" + signing(r) for r in d.get("by_dialect", [])]
    listed = [s["name"] for s in d.get("shares", [])]
    words = [" ".join(rows), "smb1=" + yes("smb1"), "encryption=" + yes("encryption"),
             "ciphers=" + ",".join(d.get("ciphers", [])), "signings=" + ",".join(d.get("signings", [])),
             "null=" + yes("null_session"), "shares=" + ",".join(listed) + d.get("shares_refused", ""),
             "samba=" + yes("samba"), "build" if "build" in d else "",
             "dialects" if [r.split(":")[0] for r in rows] !=
             [x.replace("NT LM 0.12", "1") for x in d.get("dialects", [])] else ""]
else:
    words = [k + "=" + yes(k) for k in ("standard", "tls", "credssp", "credssp_early", "nla_required")]
    words += ["level=" + d.get("encryption_level", "-"),
              "methods=" + ",".join(m.split()[0] for m in d.get("encryption_methods", [])),
              "bits=%s" % d.get("certificate", {}).get("bits", "-"),
              "build=%s" % d.get("build", "-")]
words += d.get("oddities", [])
print(" ".join(w for w in words if w))
END
# says PROBE HOST LAST-BYTE PORT EXPECTED
says() {
	if [ ! -e "/run/netns/lab-sr-$2" ]; then
		skip "$2" "not installed:$missing"
		return
	fi
	in_host looker timeout 60 "$converse" "$1" "10.80.0.$3" "$4" >"$lab_logs/$2.json" 2>&1 </dev/null
	got=$("$lab_python" facts.py "$1" "$lab_logs/$2.json" 2>&1)
	[ "$got" = "$5" ]
	good=$?
	result $good "$1 $2: as configured"
	[ $good = 0 ] || printf 'expected %s\ngot      %s\n' "$5" "$got" | note
}
every='AES-128-GCM,AES-128-CCM,AES-256-GCM,AES-256-CCM'
signs='AES-GMAC,AES-CMAC,HMAC-SHA256'
smb() { says smb "$1" "$2" 445 "$3"; }
smb nt1 11 '1:off smb1=yes encryption=no ciphers= signings= null=- shares= samba=yes'
smb two 12 '2.0.2:enabled 2.1:enabled smb1=no encryption=no ciphers= signings= null=yes shares=IPC$ samba=yes'
smb three 13 '3.0:enabled 3.0.2:enabled smb1=no encryption=yes ciphers= signings= null=yes shares=pipe samba=yes'
smb strict 14 "3.1.1:required smb1=no encryption=yes ciphers=$every signings=$signs null=no shares=session samba=yes"
smb all 15 "2.0.2:enabled 2.1:enabled 3.0:enabled 3.0.2:enabled 3.1.1:enabled 1:enabled smb1=yes encryption=yes ciphers=$every signings=$signs null=yes shares=public,hidden\$,IPC\$ samba=yes"
smb plain 16 "2.1:required 3.0:required 3.0.2:required 3.1.1:required smb1=no encryption=no ciphers= signings=$signs null=yes shares=IPC\$ samba=yes"
# Without AES-CMAC there is no 3.0.
smb chosen 17 '2.1:enabled 3.1.1:enabled smb1=no encryption=yes ciphers=AES-256-GCM,AES-128-CCM signings=HMAC-SHA256 null=yes shares=IPC$ samba=yes'

rdp() { says rdp "$1" "$2" 3389 "$3"; }
classic='standard=yes tls=no credssp=no credssp_early=no nla_required=no'
rdp xlow 21 "$classic level=low methods=40-bit bits=2048 build=-"
rdp xmedium 22 "$classic level=client-compatible methods=40-bit bits=2048 build=-"
rdp xhigh 23 "$classic level=high methods=128-bit bits=2048 build=-"
rdp xfips 24 "$classic level=fips methods=FIPS bits=2048 build=-"
rdp xtls 25 'standard=no tls=yes credssp=no credssp_early=no nla_required=no level=- methods= bits=- build=-'
rdp xany 26 'standard=yes tls=yes credssp=no credssp_early=no nla_required=no level=high methods=128-bit bits=2048 build=-'
rdp frdp 31 "$classic level=client-compatible methods=40-bit,56-bit,128-bit,FIPS bits=2048 build=-"
rdp ftls 32 'standard=no tls=yes credssp=no credssp_early=no nla_required=no level=- methods= bits=- build=-'
rdp fnla 33 'standard=no tls=no credssp=yes credssp_early=no nla_required=yes level=- methods= bits=- build=7601'
rdp fany 34 'standard=yes tls=yes credssp=no credssp_early=no nla_required=no level=client-compatible methods=40-bit,56-bit,128-bit,FIPS bits=2048 build=-'

# ---- beside others ----
cat >beside.py <<'END'
"""beside.py smb|rdp NMAP-OUTPUT NAME FILE...: where nmap and the document differ, a line each."""
import json, re, sys
kind, output, rest = sys.argv[1], open(sys.argv[2]).read(), sys.argv[3:]
blocks = {m.group(1): m.group(0) for m in
          re.finditer(r"Nmap scan report for (\S+)\n.*?(?=\nNmap |\Z)", output, re.S)}
for address, path in zip(rest[::2], rest[1::2]):
    text = open(path).read()
    d = json.loads(text[text.index("{"):])
    block = blocks.get(address, "")
    if kind == "smb":
        theirs = set(re.findall(r"^\|_?\s+(\d{3})\s*$", block, re.M)) \
            | ({"1"} if "NT LM 0.12" in block else set())
        theirs = {{"202": "2.0.2", "210": "2.1", "300": "3.0", "302": "3.0.2", "311": "3.1.1"}.get(t, t)
                  for t in theirs}
        ours = {x.replace("NT LM 0.12", "1") for x in d.get("dialects", [])}
        if theirs != ours:
            print(address, "dialects", sorted(ours), "nmap", sorted(theirs))
        if ours - {"1"}:
            required = "enabled and required" in block
            if required != d["signing_required"]:
                print(address, "signing", d["signing_required"], "nmap", required)
    else:
        theirs = set(re.findall(r"(\S+)(?: RC4| 140-1): SUCCESS", block))
        ours = {m.split()[0] for m in d.get("encryption_methods", [])}
        if theirs != ours:
            print(address, "methods", sorted(ours), "nmap", sorted(theirs))
        level = re.search(r"RDP Encryption level: (.*)", block)
        word = level.group(1).lower().replace(" compliant", "").replace(" ", "-") if level else "-"
        if word != d.get("encryption_level", "-"):
            print(address, "level", d.get("encryption_level", "-"), "nmap", word)
END
# beside KIND PORT SCRIPTS FIRST-BYTE HOST...: nmap tells the same of these
beside() {
	kind=$1 port=$2 scripts=$3 byte=$4
	shift 4
	addresses='' pairs=''
	for host; do
		if [ -e "/run/netns/lab-sr-$host" ]; then
			addresses="$addresses 10.80.0.$byte"
			pairs="$pairs 10.80.0.$byte $lab_logs/$host.json"
		fi
		byte=$((byte + 1))
	done
	if ! command -v nmap >/dev/null || [ -z "$addresses" ]; then
		skip "$kind: nmap tells the same" 'nmap or the servers are not installed'
		return
	fi
	# shellcheck disable=SC2086 # lists of words
	in_host looker nmap -n -Pn -p "$port" --script "$scripts" $addresses \
		>"$lab_logs/nmap-$kind-$byte.txt" 2>&1 </dev/null
	# shellcheck disable=SC2086
	differences=$("$lab_python" beside.py "$kind" "$lab_logs/nmap-$kind-$byte.txt" $pairs 2>&1)
	[ -z "$differences" ]
	good=$?
	result $good "$kind: nmap tells the same of$addresses"
	[ $good = 0 ] || printf '%s\n' "$differences" | note
}
# Of "chosen" nmap finds no dialect at all, as it lists no signing algorithm: smbclient is asked below.
beside smb 445 smb-protocols,smb2-security-mode 11 nt1 two three strict all plain
beside rdp 3389 rdp-enum-encryption 21 xlow xmedium xhigh xfips xtls xany
beside rdp 3389 rdp-enum-encryption 31 frdp ftls fnla fany

if command -v smbclient >/dev/null && [ -e /run/netns/lab-sr-all ]; then
	differences=
	for host in two:12 three:13 strict:14 all:15 plain:16 chosen:17; do
		theirs=$(in_host looker timeout 20 smbclient -s /dev/null -N -g -L "//10.80.0.${host#*:}" 2>/dev/null \
			</dev/null | sed -n 's/^[A-Za-z]*|\([^|]*\)|.*/\1/p' | sort | tr '\n' ' ')
		ours=$("$lab_python" -c 'import json, sys
text = open(sys.argv[1]).read()
print("".join(n + " " for n in sorted((s["name"] for s in json.loads(text[text.index("{"):]).get("shares", [])),
    key=lambda n: n.encode())), end="")' "$lab_logs/${host%:*}.json")
		[ "$theirs" = "$ours" ] || differences="$differences${host%:*}: $ours smbclient $theirs
"
	done
	for try in SMB2_02:no SMB2_10:yes SMB3_00:no SMB3_02:no SMB3_11:yes; do
		if in_host looker timeout 20 smbclient -s /dev/null -N -L //10.80.0.17 \
			--option="client min protocol=${try%:*}" --option="client max protocol=${try%:*}" \
			</dev/null 2>/dev/null | grep -q 'IPC\$'; then
			speaks=yes
		else
			speaks=no
		fi
		[ $speaks = "${try#*:}" ] || differences="${differences}chosen: ${try%:*} is spoken: $speaks
"
	done
	[ -z "$differences" ]
	good=$?
	result $good 'smb: smbclient lists the same shares to nobody'
	[ $good = 0 ] || printf '%s' "$differences" | note
else
	skip 'smb: smbclient lists the same shares to nobody' 'smbclient or smbd is not installed'
fi
tap_done
