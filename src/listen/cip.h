/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CIP requests as words: The CIP Networks Library, Volume 1 (edition 3), appendix A (common services), 3-5
 * (connection manager), appendix C (paths); Logix 5000 Controllers Data Access, 1756-PM020, for tags; DF1
 * Protocol and Command Set, 1770-6.5.16, 7, for PCCC.
 */
#ifndef TENKEN_LISTEN_CIP_H
#define TENKEN_LISTEN_CIP_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/span.h"

struct cip_request {
	uint8_t service;
	bool has_class;
	uint16_t class_;           /* of the path, where it begins with one */
	const char *word, *access; /* as in struct operation */
	uint32_t
		code; /* class << 8 | service; the class only where it gives the service its meaning */
};

/* What a CIP request asks, and what it carries: an unconnected send one request, a multiple service packet
 * some. Each is given to take(), the outer ones first; at most 64 in all, and three levels of them. A request
 * that is cut off is told as far as its path goes. */
void cip_read_request(struct span message, void (*take)(void *context, const struct cip_request *r),
		      void *context);

/* The answer of a request, with the service that it is for and its general status. */
bool cip_read_answer(struct span message, uint8_t *ret_service, uint8_t *ret_status);

#endif
