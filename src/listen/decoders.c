/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/decoder.h"

#include <stddef.h>

extern const struct decoder decoder_arp;
extern const struct decoder decoder_bacnet;
extern const struct decoder decoder_cdp;
extern const struct decoder decoder_codesys;
extern const struct decoder decoder_dhcp;
extern const struct decoder decoder_dhcpv6;
extern const struct decoder decoder_dnp3;
extern const struct decoder decoder_dns;
extern const struct decoder decoder_enip;
extern const struct decoder decoder_enip_io;
extern const struct decoder decoder_fins;
extern const struct decoder decoder_flnet;
extern const struct decoder decoder_fox;
extern const struct decoder decoder_ftp;
extern const struct decoder decoder_hart;
extern const struct decoder decoder_http;
extern const struct decoder decoder_iec104;
extern const struct decoder decoder_ike;
extern const struct decoder decoder_imap;
extern const struct decoder decoder_ipsec;
extern const struct decoder decoder_knx;
extern const struct decoder decoder_l2tp;
extern const struct decoder decoder_ldap;
extern const struct decoder decoder_lldp;
extern const struct decoder decoder_llmnr;
extern const struct decoder decoder_mdns;
extern const struct decoder decoder_melsec;
extern const struct decoder decoder_modbus;
extern const struct decoder decoder_mqtt;
extern const struct decoder decoder_mysql;
extern const struct decoder decoder_nd;
extern const struct decoder decoder_netbios_dgm;
extern const struct decoder decoder_netbios_ns;
extern const struct decoder decoder_ntp;
extern const struct decoder decoder_opcua;
extern const struct decoder decoder_openvpn;
extern const struct decoder decoder_ot_frames;
extern const struct decoder decoder_pop3;
extern const struct decoder decoder_postgresql;
extern const struct decoder decoder_pptp;
extern const struct decoder decoder_profinet_cm;
extern const struct decoder decoder_ptp;
extern const struct decoder decoder_quic;
extern const struct decoder decoder_radius;
extern const struct decoder decoder_rcmd;
extern const struct decoder decoder_rdp;
extern const struct decoder decoder_redis;
extern const struct decoder decoder_s7comm;
extern const struct decoder decoder_sip;
extern const struct decoder decoder_smb;
extern const struct decoder decoder_smtp;
extern const struct decoder decoder_snmp;
extern const struct decoder decoder_socks;
extern const struct decoder decoder_ssdp;
extern const struct decoder decoder_ssh;
extern const struct decoder decoder_syn;
extern const struct decoder decoder_syslog;
extern const struct decoder decoder_telnet;
extern const struct decoder decoder_tftp;
extern const struct decoder decoder_tls;
extern const struct decoder decoder_tunnels;
extern const struct decoder decoder_vnc;
extern const struct decoder decoder_wireguard;
extern const struct decoder decoder_wsd;

/* At most 128. One row each, by name. */
const struct decoder *const decoders[] = {
	&decoder_arp,
	&decoder_bacnet,
	&decoder_cdp,
	&decoder_codesys,
	&decoder_dhcp,
	&decoder_dhcpv6,
	&decoder_dnp3,
	&decoder_dns,
	&decoder_enip,
	&decoder_enip_io,
	&decoder_fins,
	&decoder_flnet,
	&decoder_fox,
	&decoder_ftp,
	&decoder_hart,
	&decoder_http,
	&decoder_iec104,
	&decoder_ike,
	&decoder_imap,
	&decoder_ipsec,
	&decoder_knx,
	&decoder_l2tp,
	&decoder_ldap,
	&decoder_lldp,
	&decoder_llmnr,
	&decoder_mdns,
	&decoder_melsec,
	&decoder_modbus,
	&decoder_mqtt,
	&decoder_mysql,
	&decoder_nd,
	&decoder_netbios_dgm,
	&decoder_netbios_ns,
	&decoder_ntp,
	&decoder_opcua,
	&decoder_openvpn,
	&decoder_ot_frames,
	&decoder_pop3,
	&decoder_postgresql,
	&decoder_pptp,
	&decoder_profinet_cm,
	&decoder_ptp,
	&decoder_quic,
	&decoder_radius,
	&decoder_rcmd,
	&decoder_rdp,
	&decoder_redis,
	&decoder_s7comm,
	&decoder_sip,
	&decoder_smb,
	&decoder_smtp,
	&decoder_snmp,
	&decoder_socks,
	&decoder_ssdp,
	&decoder_ssh,
	&decoder_syn,
	&decoder_syslog,
	&decoder_telnet,
	&decoder_tftp,
	&decoder_tls,
	&decoder_tunnels,
	&decoder_vnc,
	&decoder_wireguard,
	&decoder_wsd,
	NULL,
};

_Static_assert(sizeof(decoders) / sizeof(decoders[0]) <= 128 + 1, "sets of 128 bits name them");
