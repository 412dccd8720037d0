/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: one row per probe. */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

extern const struct probe probe_cldap;
extern const struct probe probe_coap;
extern const struct probe probe_community;
extern const struct probe probe_dns;
extern const struct probe probe_dns_tcp;
extern const struct probe probe_docker;
extern const struct probe probe_echo;
extern const struct probe probe_elasticsearch;
extern const struct probe probe_etcd;
extern const struct probe probe_finger;
extern const struct probe probe_ftp;
extern const struct probe probe_http;
extern const struct probe probe_ike;
extern const struct probe probe_imap;
extern const struct probe probe_ipmi;
extern const struct probe probe_ipp;
extern const struct probe probe_kerberos;
extern const struct probe probe_kubernetes;
extern const struct probe probe_ldap;
extern const struct probe probe_llmnr;
extern const struct probe probe_login;
extern const struct probe probe_login_udp;
extern const struct probe probe_mdns;
extern const struct probe probe_memcached;
extern const struct probe probe_modbus;
extern const struct probe probe_mongodb;
extern const struct probe probe_mqtt;
extern const struct probe probe_msrpc;
extern const struct probe probe_mssql;
extern const struct probe probe_mysql;
extern const struct probe probe_netbios_ns;
extern const struct probe probe_nfs;
extern const struct probe probe_ntp;
extern const struct probe probe_opcua;
extern const struct probe probe_openvpn;
extern const struct probe probe_oracle;
extern const struct probe probe_pop3;
extern const struct probe probe_portmap;
extern const struct probe probe_postgresql;
extern const struct probe probe_proxy;
extern const struct probe probe_rdp;
extern const struct probe probe_redis;
extern const struct probe probe_rexec;
extern const struct probe probe_rlogin;
extern const struct probe probe_rsh;
extern const struct probe probe_rsync;
extern const struct probe probe_sip;
extern const struct probe probe_smb;
extern const struct probe probe_smtp;
extern const struct probe probe_snmp;
extern const struct probe probe_socks;
extern const struct probe probe_ssdp;
extern const struct probe probe_ssh;
extern const struct probe probe_telnet;
extern const struct probe probe_tftp;
extern const struct probe probe_tls;
extern const struct probe probe_vnc;
extern const struct probe probe_winrm;
extern const struct probe probe_wsdiscovery;
extern const struct probe probe_x11;

/* clang-format off */
const struct probe *const probes[] = {
	&probe_ssh,
	&probe_smtp,
	&probe_ftp,
	&probe_telnet,
	&probe_tls,
	&probe_http,
	&probe_smb,
	&probe_rdp,
	&probe_msrpc,
	&probe_modbus,
	&probe_opcua,
	&probe_mqtt,
	&probe_redis,
	&probe_vnc,
	&probe_imap,
	&probe_pop3,
	&probe_mysql,
	&probe_mssql,
	&probe_rsync,
	&probe_memcached,
	&probe_mongodb,
	&probe_oracle,
	&probe_postgresql,
	&probe_ldap,
	&probe_kerberos,
	&probe_portmap,
	&probe_nfs,
	&probe_socks,
	&probe_x11,
	&probe_echo,
	&probe_finger,
	&probe_rexec,
	&probe_rlogin,
	&probe_rsh,
	&probe_llmnr,
	&probe_dns,
	&probe_dns_tcp,
	&probe_tftp,
	&probe_ntp,
	&probe_netbios_ns,
	&probe_snmp,
	&probe_ike,
	&probe_ipmi,
	&probe_openvpn,
	&probe_ssdp,
	&probe_wsdiscovery,
	&probe_sip,
	&probe_mdns,
	&probe_coap,
	&probe_cldap,
	&probe_docker,
	&probe_etcd,
	&probe_ipp,
	&probe_proxy,
	&probe_kubernetes,
	&probe_elasticsearch,
	&probe_winrm,
	/* By order of main only; they have no ports. */
	&probe_login,
	&probe_login_udp,
	&probe_community,
	NULL,
};
/* clang-format on */

const struct probe *probe_find(const char *name)
{
	for (size_t i = 0; probes[i] != NULL; i++)
		if (strcmp(probes[i]->name, name) == 0)
			return probes[i];
	return NULL;
}

static bool lists(const char *at, uint16_t port)
{
	while (at != NULL && *at != '\0') {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (port >= first && port <= last)
			return true;
		if (*end != ',')
			break;
		at = end + 1;
	}
	return false;
}

bool probe_belongs(const struct probe *p, uint16_t port)
{
	return lists(p->ports, port);
}

bool probe_alone(uint16_t port)
{
	for (size_t i = 0; probes[i] != NULL; i++)
		if (probes[i]->alone && probe_belongs(probes[i], port))
			return true;
	return false;
}

bool probe_belongs_inside_tls(const struct probe *p, uint16_t port)
{
	return lists(p->tls_ports, port);
}
