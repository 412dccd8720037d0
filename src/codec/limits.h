/* SPDX-License-Identifier: Apache-2.0 */
/* Every limit on what the network may make us keep or do. */
#ifndef TENKEN_CODEC_LIMITS_H
#define TENKEN_CODEC_LIMITS_H

enum {
	TEXT_MAX = 512,            /* bytes of one text in the evidence; longer is cut and marked */
	READ_MAX = 256 * 1024,     /* bytes of one answer that a conversation may hold */
	LINE_MAX_BYTES = 8 * 1024, /* bytes of one line of a text protocol */
	GREETING_MAX = 4 * 1024,   /* bytes listened to before anything is said */
	LIST_MAX = 256,            /* entries of one list in the evidence */
	CHAIN_MAX = 10,            /* certificates of one chain */
	CERTIFICATE_MAX = 32 * 1024, /* bytes of one certificate */
	HTTP_BODY_MAX = 64 * 1024,   /* bytes of a page that are looked at */
	HTTP_HEADERS_MAX = 100,      /* header lines of one answer */
	HTTP_HEAD_MAX = 32 * 1024,   /* bytes of status line and headers of one answer */
	HTTP_CHUNKS_MAX = 4096,      /* chunks of one body */
	SMB_MESSAGE_MAX = 16 * 1024, /* bytes of one SMB message */
	RDP_PACKET_MAX = 16 * 1024,  /* bytes of one RDP packet */
	CREDSSP_MAX = 16 * 1024,     /* bytes of one CredSSP request */
	EVIDENCE_MAX = 128 * 1024,   /* bytes of one evidence document */
};

#endif
