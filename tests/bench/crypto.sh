# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# The cryptography parts of the benchmark, sourced by bench.sh: TLS and SSH servers in depth beside
# sslscan, testssl.sh, ssh-audit and nmap. Two namespaces and one link; 256 servers are one machine that
# answers for a block of addresses by a local route.
crypto_all='crypto-one crypto-many crypto-ssh'
crypto_limit=${TENKEN_BENCH_CRYPTO_LIMIT:-600}
crypto_runs=${TENKEN_BENCH_CRYPTO_RUNS:-3}
crypto_hosts=${TENKEN_BENCH_CRYPTO_HOSTS:-256}
crypto_a=$ns-ca crypto_b=$ns-cb
crypto_one_address=10.97.0.1 crypto_ssh_address=10.97.1.1

crypto_down() {
	for one in "$crypto_a" "$crypto_b"; do
		[ -e "/run/netns/$one" ] || continue
		pids=$(ip netns pids "$one")
		# shellcheck disable=SC2086 # a list of numbers
		[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
		ip netns del "$one"
	done
}

crypto_up() {
	crypto_down
	{
		ip netns add "$crypto_a" && ip netns add "$crypto_b" && tune "$crypto_a" && tune "$crypto_b" &&
			ip -n "$crypto_a" link set lo up && ip -n "$crypto_b" link set lo up &&
			ip -n "$crypto_a" link add c0 type veth peer name d0 netns "$crypto_b" &&
			ip -n "$crypto_a" address add 172.31.1.1/30 dev c0 &&
			ip -n "$crypto_b" address add 172.31.1.2/30 dev d0 &&
			ip -n "$crypto_a" link set c0 up && ip -n "$crypto_b" link set d0 up &&
			ip -n "$crypto_a" route add 10.97.0.0/16 via 172.31.1.2 &&
			ip -n "$crypto_b" route add local 10.97.0.0/16 dev lo &&
			ip netns exec "$crypto_b" nft -f - <<-END
				table ip bench {
					counter syn {
					}
					chain incoming {
						type filter hook input priority 0
						iif d0 tcp flags & (syn | ack) == syn counter name syn
					}
				}
			END
	} || fail 'network namespaces cannot be made here'
}

crypto_wait() { # PORT LOG
	tries=0
	until ip netns exec "$crypto_b" ss -Hltn | grep -q ":$1 "; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || fail "nobody listens on port $1; see $2"
		sleep 0.1
	done
}

# All that OpenSSL still has from TLS 1.0 on, but for what needs no certificate or a shared key.
crypto_tls_server() {
	for kind in rsa ec; do
		case $kind in
		rsa) set -- -newkey rsa:2048 ;;
		ec) set -- -newkey ec -pkeyopt ec_paramgen_curve:P-256 ;;
		esac
		openssl req -x509 "$@" -nodes -days 3650 -subj "/O=Kita Waterworks/CN=www.kita.example" \
			-keyout "$bench_dir/crypto.$kind.key" -out "$bench_dir/crypto.$kind.pem" \
			2>>"$bench_logs/openssl.log" || fail "no keys; see $bench_logs/openssl.log"
	done
	openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out "$bench_dir/crypto.dh" ||
		fail 'no parameters'
	cat >"$bench_dir/crypto.conf" <<-END
		daemon off;
		user root;
		worker_processes 2;
		worker_rlimit_nofile 32768;
		pid $bench_dir/crypto.pid;
		error_log $bench_dir/crypto.log crit;
		events { worker_connections 16384; }
		http {
		access_log off;
		client_body_temp_path $bench_dir/crypto.1; proxy_temp_path $bench_dir/crypto.2;
		fastcgi_temp_path $bench_dir/crypto.3; uwsgi_temp_path $bench_dir/crypto.4;
		scgi_temp_path $bench_dir/crypto.5;
		server {
		listen 443 ssl backlog=4096;
		ssl_certificate $bench_dir/crypto.rsa.pem; ssl_certificate_key $bench_dir/crypto.rsa.key;
		ssl_certificate $bench_dir/crypto.ec.pem; ssl_certificate_key $bench_dir/crypto.ec.key;
		ssl_dhparam $bench_dir/crypto.dh;
		ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
		ssl_ciphers ALL:COMPLEMENTOFALL:!aNULL:!PSK:!SRP:@SECLEVEL=0;
		return 200 notices;
		}
		}
	END
	# In a shell of its own: this one would tell of its end.
	(ip netns exec "$crypto_b" nginx -e "$bench_dir/crypto.log" -c "$bench_dir/crypto.conf" \
		>"$bench_logs/crypto-nginx.log" 2>&1 9>&- &)
	crypto_wait 443 "$bench_logs/crypto-nginx.log"
}

# One with the new and many of the old algorithms, keys of three types, no throttle.
crypto_ssh_server() {
	for type in rsa ecdsa ed25519; do
		ssh-keygen -q -N '' -t $type -f "$bench_dir/crypto.ssh.$type" || fail 'no keys'
	done
	mkdir -p "$bench_dir/sshd"
	cat >"$bench_dir/crypto.sshd" <<-END
		Port 22
		HostKey $bench_dir/crypto.ssh.rsa
		HostKey $bench_dir/crypto.ssh.ecdsa
		HostKey $bench_dir/crypto.ssh.ed25519
		PidFile none
		UsePAM no
		UseDNS no
		AuthorizedKeysFile none
		MaxStartups 4000:30:8000
		PerSourceMaxStartups none
		KexAlgorithms +diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1
		HostKeyAlgorithms +ssh-rsa
		Ciphers +3des-cbc,aes128-cbc,aes256-cbc
		MACs +hmac-md5,hmac-sha1-96
		LogLevel ERROR
	END
	# shellcheck disable=SC2016 # expanded by the inner shell
	(ip netns exec "$crypto_b" unshare --mount sh -c 'mount -t tmpfs tmpfs /run && mkdir -p /run/sshd &&
		exec "$@"' sh "$(command -v sshd)" -D -e -f "$bench_dir/crypto.sshd" \
		>"$bench_logs/crypto-sshd.log" 2>&1 </dev/null 9>&- &)
	crypto_wait 22 "$bench_logs/crypto-sshd.log"
}

crypto_syn() {
	ip netns exec "$crypto_b" nft list counter ip bench syn | awk '/packets/ { print $2 }'
}

# The processor time in hundredths of a second that the servers have used, with their children that ended.
crypto_servers() {
	for pid in $(ip netns pids "$crypto_b"); do
		case $(cat "/proc/$pid/comm" 2>/dev/null) in
		nginx | sshd) sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null ;;
		esac
	done | awk '{ n += $12 + $13 + $14 + $15 } END { print n + 0 }'
}

# crypto_run NAME COMMAND...: measured from the scanner's namespace; openings and endings of its
# connections are captured at the servers
crypto_run() {
	name=$1
	shift
	echo "bench: $name: $*" >&2
	if ! "$python" -c 'import shutil, sys; sys.exit(not shutil.which(sys.argv[1]))' "$1"; then
		echo "$1" >"$bench_out/$name.missing" # command -v would find a function
		return
	fi
	capture=
	if command -v tcpdump >/dev/null; then
		ip netns exec "$crypto_b" tcpdump -i d0 -n -s 60 -B 16384 -U --immediate-mode -w "$bench_dir/$name.pcap" \
			'tcp[13] & 7 != 0' 2>"$bench_logs/$name.tcpdump" 9>&- &
		capture=$!
		sleep 1
	fi
	before=$(crypto_syn) servers=$(crypto_servers)
	ip netns exec "$crypto_a" "$python" "$bench_tests/measure.py" "$bench_out/$name.run" "$crypto_limit" "$@" \
		>"$bench_logs/$name.out" 2>&1 9>&-
	sleep 0.5
	echo $(($(crypto_syn) - before)) >"$bench_out/$name.syn"
	echo $(($(crypto_servers) - servers)) >"$bench_out/$name.servers"
	if [ -n "$capture" ]; then
		kill -TERM $capture 2>/dev/null
		wait $capture 2>/dev/null
		"$python" "$bench_tests/crypto_table.py" --together "$bench_dir/$name.pcap" >"$bench_out/$name.together" ||
			rm -f "$bench_out/$name.together"
		rm -f "$bench_dir/$name.pcap"
	fi
}

# crypto_tenken NAME PORT TARGET OPTIONS...
crypto_tenken() {
	named=$1 ports=$2 target=$3
	shift 3
	crypto_run "$named" "$TENKEN" scan --zone it -p "$ports" "$@" --store "$bench_dir/$named.sqlite" \
		--json "$bench_out/$named.found" --no-html --quiet "$target"
	rm -f "$bench_dir/$named".sqlite*
}

crypto_one() {
	crypto_up
	crypto_tls_server
	i=1
	while [ $i -le "$crypto_runs" ]; do
		crypto_tenken crypto-one-tenken-$i 443 $crypto_one_address --rate 0 --host-rate 0
		crypto_run crypto-one-sslscan-$i sslscan --no-colour --xml="$bench_out/crypto-one-sslscan-$i.found" \
			$crypto_one_address:443
		i=$((i + 1))
	done
	crypto_tenken crypto-one-pace-1 443 $crypto_one_address
	crypto_run crypto-one-nmap-1 nmap -n -Pn -p 443 --script ssl-enum-ciphers \
		-oX "$bench_out/crypto-one-nmap-1.found" $crypto_one_address
	rm -f "$bench_out/crypto-one-testssl-1.found"
	testssl=testssl
	command -v testssl >/dev/null || testssl=testssl.sh # as its authors call it
	crypto_run crypto-one-testssl-1 $testssl -p -E -S -f --quiet --color 0 --warnings off --nodns none \
		--jsonfile "$bench_out/crypto-one-testssl-1.found" $crypto_one_address:443
}

crypto_many() {
	crypto_up
	crypto_tls_server
	block=10.97.0.0/24
	[ "$crypto_hosts" = 256 ] || block=10.97.0.0-$((crypto_hosts - 1))
	nmap_block=10.97.0.0-$((crypto_hosts - 1))
	crypto_tenken crypto-many-tenken-1 443 "$block" --rate 0 --host-rate 0
	# shellcheck disable=SC2086 # a list of options
	crypto_run crypto-many-nmap-1 nmap -n -Pn $nmap_speed -p 443 --script ssl-enum-ciphers \
		-oX "$bench_out/crypto-many-nmap-1.found" "$nmap_block"
	crypto_tenken crypto-many-pace-1 443 "$block"
}

crypto_ssh() {
	crypto_up
	crypto_ssh_server
	i=1
	while [ $i -le "$crypto_runs" ]; do
		crypto_tenken crypto-ssh-tenken-$i 22 $crypto_ssh_address --rate 0 --host-rate 0
		crypto_run crypto-ssh-sshaudit-$i ssh-audit -j -n $crypto_ssh_address
		cp "$bench_logs/crypto-ssh-sshaudit-$i.out" "$bench_out/crypto-ssh-sshaudit-$i.found" 2>/dev/null
		i=$((i + 1))
	done
	# Its JSON does not tell what it thinks of them; not measured.
	! command -v ssh-audit >/dev/null || ip netns exec "$crypto_a" ssh-audit -n -l fail $crypto_ssh_address \
		>"$bench_out/crypto-ssh.weak" 2>/dev/null 9>&-
	crypto_tenken crypto-ssh-pace-1 22 $crypto_ssh_address
	crypto_run crypto-ssh-nmap-1 nmap -n -Pn -p 22 --script ssh2-enum-algos,ssh-hostkey,ssh-auth-methods \
		-oX "$bench_out/crypto-ssh-nmap-1.found" $crypto_ssh_address
}
