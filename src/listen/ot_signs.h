/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By what OT protocols are recognised: do these bytes begin with a message of one? What is told apart by small
 * numbers alone is to be asked on its port only.
 */
#ifndef TENKEN_LISTEN_OT_SIGNS_H
#define TENKEN_LISTEN_OT_SIGNS_H

#include <stdbool.h>

#include "codec/span.h"

/* Of streams: 1, -1, or 0 while there are fewer bytes than it takes to tell. */

/* IEEE 1815, 9.2: 05 64, length, control, addresses, and the checksum over them. Datagrams too. */
int sign_dnp3(struct span bytes);
/* IEC 60870-5-104, 5: one of the six messages without numbers, which every connection begins with. */
int sign_iec104_unnumbered(struct span bytes);
/* The same, or one of the two kinds with numbers. On its port. */
int sign_iec104(struct span bytes);
/* OPC 10000-6, 7.1.2. */
int sign_opcua(struct span bytes);
/* Omron W342, 7-4: "FINS", length, command. */
int sign_fins_stream(struct span bytes);
/* Mitsubishi SH-080008, 4: subheader 50 00 (answer d0 00), or 54 00 (d4 00) with a serial number, then network
 * 0, station ff, module 3ff, station 0, and a length. Datagrams too. */
int sign_melsec(struct span bytes);
/* bb bb and the number 1 in either order. */
int sign_codesys_v2(struct span bytes);
/* 00 01 17 e8 and a length. */
int sign_codesys_v3(struct span bytes);
/* HCF_SPEC-085, 6.2: version, kind, id, status, sequence, length. On its port. Datagrams too. */
int sign_hart(struct span bytes);
/* "fox a ". */
int sign_fox(struct span bytes);

/* Of datagrams, on their ports. `length`: of the whole datagram, of which fewer bytes may be there. */

/* ASHRAE 135, J.2: 81, function, length; behind it version 1 of the network layer. */
bool is_bacnet(struct span bytes, size_t length);
/* ISO 22510, 2.3: 06 10, service, length. */
bool is_knx(struct span bytes, size_t length);
/* JIS B 3521: "FACN". */
bool is_flnet(struct span bytes);
/* CODESYS V3: c5, hops and length of the header. */
bool is_codesys_datagram(struct span bytes);
/* Omron W342, 3-3: control, 0, gateways, addresses, command. */
bool is_fins_datagram(struct span bytes);
/* IEC 61158-6-10: RPC without a connection (DCE 1.1: RPC, C309, 12.5) to a PROFINET interface. */
bool is_profinet_cm(struct span bytes);

#endif
