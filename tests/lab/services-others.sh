#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Dante as a proxy, aedes as a broker, ser2net as the way to a serial console: "open" lets everybody in, "shut" has
# the same with a login. What each is, and what is found of it.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net so-scan so-open so-shut'
lab_need danted ser2net jq
cd "$lab_dir" || exit 99

in_host net ip link add br-so type bridge && in_host net ip link set br-so up &&
	lab_host so-scan so 10.89.0.1/24 && lab_host so-open so 10.89.0.11/24 && lab_host so-shut so 10.89.0.12/24
built=$?
result $built 'a scanner and two hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }

dante() { # HOST ADDRESS METHOD
	cat >"$1.danted" <<-END
		logoutput: stderr
		internal: $2 port = 1080
		external: $2
		clientmethod: none
		socksmethod: $3
		user.privileged: root
		user.unprivileged: nobody
		client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
		socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
	END
	serve "$1" "$1-dante" danted -f "$lab_dir/$1.danted" -p "$lab_dir/$1.danted.pid"
}
broker() { # HOST ADDRESS WORD: "closed" asks for a name and a password
	serve "$1" "$1-aedes" node -e '
		(async () => {
			const m = require("aedes");
			const make = m.Aedes && m.Aedes.createBroker ? m.Aedes.createBroker : async () => m();
			const broker = await make();
			if (process.argv[2] === "closed")
				broker.authenticate = (client, user, password, done) =>
					done(user === "plant" ? null : Object.assign(new Error("no"), { returnCode: 5 }), user === "plant");
			require("net").createServer(broker.handle).listen(1883, process.argv[1]);
		})();' "$2" "$3"
}
console() { # HOST ADDRESS BANNER
	serve "$1" "$1-tty" "$lab_python" -c '
import os, sys, time, tty
ours, theirs = os.openpty()
tty.setraw(theirs)
os.symlink(os.ttyname(theirs), sys.argv[1])
time.sleep(600)' "$lab_dir/$1.tty"
	within 10 test -e "$lab_dir/$1.tty"
	cat >"$1.ser2net" <<-END
		%YAML 1.1
		---
		connection: &plc
		  accepter: telnet(rfc2217),tcp,$2,23
		  connector: serialdev,$(readlink "$lab_dir/$1.tty"),9600n81,local
		  options:
		    banner: "$3"
	END
	serve "$1" "$1-ser2net" ser2net -n -d -c "$lab_dir/$1.ser2net"
}
dante so-open 10.89.0.11 none
dante so-shut 10.89.0.12 username
console so-open 10.89.0.11 'pump 3 # '
console so-shut 10.89.0.12 'pump 3, login: '
brokers=0
node_has aedes && brokers=1
if [ $brokers = 1 ]; then
	broker so-open 10.89.0.11 open
	broker so-shut 10.89.0.12 closed
fi
up=0
for host in so-open so-shut; do
	for port in 23 1080 $([ $brokers = 0 ] || echo 1883); do
		within 30 listening $host "$port" || { up=1; echo "$host: no server at $port" | note; }
	done
done
result $up 'every server stands'
scan_services so-scan 23,1080,1883 10.89.0.11-10.89.0.12

is 'Dante: who may pass' "SELECT address || ' ' || iif(document->>'\$.open', 'open', document->>'\$.login') FROM evidence WHERE probe = 'socks' ORDER BY 1" <<END
10.89.0.11 open
10.89.0.12 password
END
is 'ser2net: Telnet, and what it says first' "SELECT address || ' ' || trim(document->>'\$.banner') FROM evidence
	WHERE probe = 'telnet' ORDER BY 1" <<END
10.89.0.11 pump 3 #
10.89.0.12 pump 3, login:
END
if [ $brokers = 1 ]; then
	is 'aedes: who is let in' "SELECT address || ' ' || (document->>'\$.anonymous') FROM evidence WHERE probe = 'mqtt' ORDER BY 1" <<END
10.89.0.11 1
10.89.0.12 0
END
else
	skip 'aedes: who is let in' 'aedes is not installed'
fi
found() {
	echo "SELECT check_id || ' ' || port FROM finding WHERE address = '$1' AND port IN (1080, $2) AND check_id IN
		('exposure.proxy-open', 'exposure.unauthenticated-service', 'credential.none-required') ORDER BY 1"
}
if [ $brokers = 1 ]; then
	is 'open: a way out for everybody, data for everybody, a console without login' "$(found 10.89.0.11 '23, 1883')" <<END
credential.none-required 23
exposure.proxy-open 1080
exposure.unauthenticated-service 1883
END
else
	is 'open: a way out for everybody, a console without login' "$(found 10.89.0.11 23)" <<END
credential.none-required 23
exposure.proxy-open 1080
END
fi
is 'shut: nothing of that' "$(found 10.89.0.12 '23, 1883')" </dev/null
tap_done
