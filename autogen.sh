#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
#   ./autogen.sh [configure options]          bootstrap and configure this tree
#   sudo ./autogen.sh scan ADDRESS... [options]   build and scan
#   sudo ./autogen.sh check                   build and run every test, also under sanitizers
#
# The last two install missing packages (Debian, as root), build out of tree in _build/ and
# _build/asan, and leave no file of root's in the checkout of the user who called sudo. Details of
# each step are in _build/*.log. Exit status of check: 0, 1 (something failed), 2 (cannot start).
set -u
umask 022
here=$PWD
cd "$(dirname "$0")" || exit 2
top=$PWD
PATH=$PATH:/usr/sbin:/sbin
export PYTHONDONTWRITEBYTECODE=1

# package=how to see that it is there (a program, a pkg-config module, a file, a Python module)
bootstrap_packages='autoconf=program:autoreconf automake=program:automake pkg-config=program:pkg-config'
build_packages="$bootstrap_packages
	gcc=program:cc libc6-dev=file:/usr/include/stdlib.h make=program:make gettext=program:msgfmt
	libssl-dev=module:libssl libsqlite3-dev=module:sqlite3 libjansson-dev=module:jansson
	libyaml-dev=module:yaml-0.1 libseccomp-dev=module:libseccomp libssh-dev=module:libssh
	libpcap-dev=module:libpcap libcap-ng-dev=module:libcap-ng
	zlib1g-dev=module:zlib libndpi-dev=module:libndpi
	libpcre2-dev=module:libpcre2-8 libexpat1-dev=module:expat libxlsxwriter-dev=module:xlsxwriter
	libcurl4-openssl-dev=module:libcurl
	libnet1-dev=file:/usr/include/libnet.h libcmocka-dev=module:cmocka
	ieee-data=file:/usr/share/ieee-data/oui.csv"
lab_packages='iproute2=program:ip nftables=program:nft tcpdump=program:tcpdump nmap=program:nmap
	ndiff=program:ndiff mandoc=program:mandoc python3-jsonschema=python:jsonschema
	python3-libnmap=python:libnmap python3-openpyxl=python:openpyxl
	bind9=program:named bind9-dnsutils=program:dig
	jq=program:jq dnsmasq-base=program:dnsmasq unbound=program:unbound avahi-daemon=program:avahi-daemon
	python3=program:python3 python3-pymodbus=python:pymodbus python3-serial-asyncio=python:serial_asyncio
	python3-serial=python:serial curl=program:curl
	openssl=program:openssl openssh-server=program:sshd openssh-client=program:ssh
	ssh-audit=program:ssh-audit tinysshd=program:tinysshd lsh-server=program:lshd
	python3-paramiko=python:paramiko python3-asyncssh=python:asyncssh
	dropbear-bin=program:dropbear samba=program:smbd smbclient=program:smbclient
	xrdp=program:xrdp xvfb=program:Xvfb freerdp2-shadow-x11=program:freerdp-shadow-cli nginx-light=program:nginx vsftpd=program:vsftpd
	inetutils-telnetd=program:telnetd inetutils-inetd=program:inetutils-inetd
	postfix=program:postfix redis-server=program:redis-server mosquitto=program:mosquitto
	chrony=program:chronyd snmpd=program:snmpd
	charon-systemd=program:charon-systemd openipmi=program:ipmi_sim openvpn=program:openvpn
	dovecot-imapd=program:dovecot dovecot-pop3d=file:/usr/lib/dovecot/pop3 slapd=program:slapd
	memcached=program:memcached rsync=program:rsync rpcbind=program:rpcbind microsocks=program:microsocks
	dante-server=program:danted ser2net=program:ser2net
	unbound=program:unbound faketime=program:faketime
	mariadb-server-core=program:mariadbd mariadb-client-core=program:my_print_defaults postgresql-15=file:/usr/lib/postgresql/15/bin/postgres
	etcd-server=program:etcd docker.io=program:dockerd squid=program:squid tinyproxy=program:tinyproxy
	cups-daemon=program:cupsd qbittorrent-nox=program:qbittorrent-nox deluge-web=program:deluge-web
	tigervnc-standalone-server=program:Xtigervnc xauth=program:xauth
	samba-ad-dc=program:samba samba-ad-provision=file:/usr/share/samba/setup/provision.ldif wsdd2=program:wsdd2 tftpd-hpa=program:in.tftpd
	krb5-kdc=program:krb5kdc nfs-ganesha=program:ganesha.nfsd nfs-common=program:showmount
	nfs-ganesha-vfs=file:/usr/share/doc/nfs-ganesha-vfs
	fingerd=program:in.fingerd finger=program:finger rsh-server=program:in.rexecd
	kamailio=program:kamailio libcoap3-bin=program:coap-server-notls
	gnutls-bin=program:gnutls-serv libnss3-tools=program:selfserv stunnel4=program:stunnel4
	haproxy=program:haproxy apache2-bin=program:apache2 openjdk-17-jre-headless=program:java
	lighttpd=program:lighttpd lighttpd-mod-openssl=file:/usr/lib/lighttpd/mod_openssl.so
	lighttpd-mod-gnutls=file:/usr/lib/lighttpd/mod_gnutls.so
	lighttpd-mod-nss=file:/usr/lib/lighttpd/mod_nss.so
	lighttpd-mod-mbedtls=file:/usr/lib/lighttpd/mod_mbedtls.so
	lighttpd-mod-wolfssl=file:/usr/lib/lighttpd/mod_wolfssl.so
	nodejs=program:node npm=program:npm chromium=program:chromium
	poppler-utils=program:pdftotext'
# What Debian does not have, for the lab; its tests are skipped where it cannot be had.
lab_modules='node-opcua@2.182.2 aedes@0.51.3 ajv@8.20.0 ajv-formats@3.0.1 ajv-draft-04@1.0.0 @microsoft/jest-sarif@1.0.0-beta.0 playwright-core@1.65.1 axe-core@4.14.1'

say() { printf '%s\n' "$*"; }
stop() { printf 'error: %s\n' "$*" >&2; exit 2; }

present() {
	case $1 in
	program:*) command -v "${1#*:}" >/dev/null 2>&1 ;;
	module:*) pkg-config --exists "${1#*:}" 2>/dev/null ;;
	file:*) test -e "${1#*:}" ;;
	python:*) "$(system_python)" -c "import ${1#*:}" >/dev/null 2>&1 ;;
	esac
}

# The interpreter that the distribution's Python packages belong to.
system_python() {
	if [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else echo python3; fi
}

# The packages of a list that are not there.
missing() {
	for row in $1; do
		present "${row#*=}" || printf ' %s' "${row%%=*}"
	done
}

# ---- whose checkout this is ----
builder=
if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ] &&
	runuser -u "$SUDO_USER" -- test -w "$top"; then
	builder=$SUDO_USER
fi

as_builder() {
	if [ -n "$builder" ]; then
		runuser -u "$builder" -- env -u SUDO_USER -u SUDO_UID -u SUDO_GID -u SUDO_COMMAND \
			HOME="$(getent passwd "$builder" | cut -d: -f6)" "$@"
	else
		"$@"
	fi
}

policy=/usr/sbin/policy-rc.d
policy_made=
tidy() {
	if [ -n "$policy_made" ]; then
		rm -f "$policy"
		policy_made=
	fi
	if [ -n "$builder" ] && [ -d "$top/_build" ]; then
		find "$top/_build" -user root -exec chown -h "$builder:" {} +
	fi
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- steps ----

# step LOG WORDS COMMAND...: one line; the end of the log where it fails
step() {
	log=_build/$1.log
	say "$2"
	shift 2
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 25 "$log" >&2
		return 1
	fi
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends --no-upgrade \
		-o DPkg::Lock::Timeout=300 -o Acquire::Retries=1 -o Acquire::http::Timeout=30 "$@"
}

apt_lists() {
	apt-get update -q -o APT::Update::Error-Mode=any -o Acquire::Retries=1 \
		-o Acquire::http::Timeout=30
}

installed() {
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u
}

# A server that came for the tests must start neither now nor at the next boot.
keep_servers_off() {
	installed | comm -13 "$1" - | while read -r package; do
		dpkg -L "$package" | sed -n \
			's,^\(/usr\)\{0,1\}/lib/systemd/system/\([^/@]*\.\(service\|socket\|timer\)\)$,\2,p' |
			while read -r unit; do
				if command -v systemctl >/dev/null; then
					systemctl disable --quiet "$unit"
				else
					DPKG_MAINTSCRIPT_PACKAGE=$package deb-systemd-helper disable "$unit"
				fi
			done
		dpkg -L "$package" | sed -n 's,^/etc/init\.d/\([^/]*\)$,\1,p' | while read -r script; do
			! command -v update-rc.d >/dev/null || update-rc.d "$script" disable
		done
	done
}

install_packages() {
	if [ ! -e "$policy" ]; then
		policy_made=yes
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" || return 1
	fi
	before=$(mktemp) || return 1
	installed >"$before"
	apt_install "$@" || { apt_lists && apt_install "$@"; }
	result=$?
	keep_servers_off "$before"
	rm -f "$before"
	return $result
}

# need COMMAND PACKAGES: whatever is missing is installed, or named
need() {
	absent=$(missing "$2")
	[ -n "$absent" ] || return 0
	system=$(sed -n 's/^ID=//p' /etc/os-release 2>/dev/null | tr -d '"')
	if [ "$system" != debian ] || ! command -v apt-get >/dev/null; then
		stop "this is no Debian: install what these packages are here, then run it again:$absent"
	fi
	[ "$(id -u)" = 0 ] ||
		stop "packages are missing (run: sudo ./autogen.sh $1):$absent"
	as_builder mkdir -p _build || stop "_build cannot be made"
	say "packages: installing$absent"
	# shellcheck disable=SC2086 # a list of words
	if ! install_packages $absent >_build/packages.log 2>&1 </dev/null; then
		stop "packages cannot be installed (no network? see _build/packages.log):$absent"
	fi
	absent=$(missing "$2")
	[ -z "$absent" ] || stop "still missing after the installation:$absent"
}

# All in one order: what an order does not name it takes away.
node_modules() {
	for module in $lab_modules; do
		[ -d "_build/npm/node_modules/${module%@*}" ] && continue
		as_builder mkdir -p _build/npm
		# shellcheck disable=SC2086 # a list of words
		step npm "packages: $lab_modules" as_builder npm install --prefix _build/npm --cache _build/npm/cache \
			--ignore-scripts --no-audit --no-fund --no-save $lab_modules ||
			say "not installed, needed by the lab only: $lab_modules"
		return
	done
}

bootstrap() {
	if [ ! -x configure ] || [ ! -e build-aux/tap-driver.sh ] ||
		[ -n "$(find configure.ac -newer configure)" ]; then
		step bootstrap 'bootstrap' as_builder autoreconf --install --force
	fi
}

# A tree that was configured in place hides its objects in the way of every other build.
leave_the_tree() {
	[ ! -e config.status ] ||
		step distclean 'clean: this tree was configured in place (make distclean)' \
			as_builder make distclean
}

# configured DIR OPTIONS...: with at least these options
configured() {
	dir=$1
	shift
	as_builder mkdir -p "$dir" || return 1
	if [ -e "$dir/config.status" ]; then
		options=$("$dir/config.status" --config)
		for option; do
			case $options in
			*"$option"*) ;;
			*) options= ;;
			esac
		done
		[ -z "$options" ] && [ $# -gt 0 ] || return 0
		as_builder make -C "$dir" clean
	fi
	# shellcheck disable=SC2016 # expanded by the inner shell
	as_builder sh -c 'cd "$1" && shift && "$@"' sh "$dir" "$top/configure" "$@"
}

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

build() {
	name=$1 words=$2 dir=$3
	shift 3
	step "configure-$name" "configure: $words" configured "$dir" "$@" &&
		step "build-$name" "build: $words" as_builder make -C "$dir" -j"$jobs" all
}

# ---- tests ----
passed=0 failed=0 skipped=0

# The lab needs root and a machine of its own; the rest runs as the user whose tree it is.
# run_tests DIR LAB JOBS
run_tests() {
	as_builder make -C "$1" -j$((2 * jobs)) check-base # half of them mostly wait
	others=$?
	env -u SUDO_USER -u SUDO_UID -u SUDO_GID -u SUDO_COMMAND make -C "$1" -j"$3" "$2"
	lab=$?
	[ $others = 0 ] && [ $lab = 0 ]
}

# Counts what the result files of one build say; names what did not pass.
count() {
	results=$(find "$1" -path "$1/asan" -prune -o -name '*.trs' -print)
	seen=0
	for trs in $results; do
		while read -r key verdict; do
			[ "$key" = :test-result: ] || continue
			seen=$((seen + 1))
			case $verdict in
			PASS* | XFAIL*) passed=$((passed + 1)) ;;
			SKIP*) skipped=$((skipped + 1)) ;;
			*) failed=$((failed + 1)) ;;
			esac
		done <"$trs"
		sed -n -e 's/^SKIP: /skipped: /p' -e 's/^\(FAIL\|XPASS\|ERROR\): /FAILED: /p' "${trs%.trs}.log"
	done
	[ "$seen" -gt 0 ]
}

# test_build LAB JOBS NAME WORDS DIR OPTIONS...
test_build() {
	lab_target=$1 lab_jobs=$2
	shift 2
	name=$1 words=$2 dir=$3
	if ! build "$@"; then
		failed=$((failed + 1))
		say "FAILED: build: $words"
		return
	fi
	find "$dir" -path "$dir/asan" -prune -o \( -name '*.trs' -o -path '*/tests/*.log' \) -exec rm -f {} +
	before=$failed
	log=_build/check-$name.log
	say "tests: $words"
	run_tests "$dir" "$lab_target" "$lab_jobs" >"$log" 2>&1 </dev/null
	result=$?
	count "$dir"
	counted=$?
	if [ $counted != 0 ] || { [ $result != 0 ] && [ "$failed" = "$before" ]; }; then
		tail -n 25 "$log" >&2
		failed=$((failed + 1))
		say "FAILED: make check: $words"
	fi
}

case ${1-} in
scan)
	[ $# -gt 1 ] || stop 'scan needs at least one address: ./autogen.sh scan 192.0.2.1'
	shift
	need scan "$build_packages"
	as_builder mkdir -p _build && leave_the_tree && bootstrap && build release release _build || exit 2
	tidy
	cd "$here" || exit 2
	TENKEN_DATA=$top exec "$top/_build/src/tenken" scan "$@"
	;;
check)
	[ $# = 1 ] || stop 'check takes no further argument'
	if [ "$(id -u)" = 0 ]; then
		need check "$build_packages $lab_packages"
	else
		need check "$build_packages"
		absent=$(missing "$lab_packages")
		[ -z "$absent" ] || say "not installed, needed by the lab only:$absent"
	fi
	as_builder mkdir -p _build && leave_the_tree && bootstrap || exit 2
	[ "$(id -u)" != 0 ] || node_modules
	# What counts at a device with a watch in the hand runs alone; the rest of the lab mostly waits.
	test_build check-lab-alone 1 release release _build --enable-werror
	test_build check-lab-beside $((2 * jobs)) sanitizers 'with sanitizers' _build/asan --enable-werror --enable-sanitizers
	say "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
	;;
-h | --help)
	sed -n '4,6s/^# *//p' "$0"
	say 'configure options: ./configure --help, once this has run'
	;;
'' | -* | *=*)
	absent=$(missing "$bootstrap_packages")
	[ -z "$absent" ] || stop "packages are missing:$absent"
	autoreconf --install --force && ./configure "$@"
	;;
*)
	stop "unknown word '$1': scan, check, or options of configure"
	;;
esac
