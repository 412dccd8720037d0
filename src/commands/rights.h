/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities (capabilities(7)): each process of a scan keeps what it needs and no more. */
#ifndef TENKEN_COMMANDS_RIGHTS_H
#define TENKEN_COMMANDS_RIGHTS_H

#include <stdbool.h>

enum rights {
	RIGHTS_ALL_BUT_RAW, /* main, of a real root: it writes where root may write */
	RIGHTS_FILES,       /* guard, packets: journal and stop file wherever root may see them */
	RIGHTS_NONE,        /* workers */
};

/* Run by sudo, the calling user's rights are enough for all but raw sockets: becomes that user and
 * keeps CAP_NET_RAW alone. False after a message on stderr. */
bool rights_of_caller(void);
/* Gives up everything else, for good. False: it could not be done. */
bool rights_drop(enum rights keep);

#endif
