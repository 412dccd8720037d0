/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is spoken on an open port: the job of a worker thread.
 *
 * Limited depth (OT and unassigned hosts): the probe that belongs to the port and is safe there, and
 * nothing else; an unknown port of an unassigned host is listened to, of an OT host left alone.
 * Full depth: the probes that belong to the port; where none fits, a greeting is waited for and
 * recognised; where none comes, hellos in the order of the probes' hello_order; inside TLS the
 * probes that may run there.
 */
#ifndef TENKEN_PROBES_IDENTIFY_H
#define TENKEN_PROBES_IDENTIFY_H

#include "identity/credentials.h"
#include "identity/login_forms.h"
#include "identity/fingerprint.h"
#include "talk/worker.h"

void identify(struct worker *w, const struct job *job, struct result_header *done);
/* Loads what libraries need, before the sandbox closes. */
void identify_prepare(void);
/* Who may vouch for certificates, beside the system's list: PEM, may be empty. Called before the first
 * job; without it nobody judges that. */
void identify_trust(const char *pem, size_t length);
/* The passwords that jobs name by their number; borrowed, NULL: none. Called before the first job. */
void identify_credentials(const struct credentials *l, const struct login_forms *forms);
/* What tells of products and devices behind texts; borrowed. Called before the first job. */
void identify_fingerprints(const struct fingerprints *f);

#endif
