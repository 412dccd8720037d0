/* SPDX-License-Identifier: Apache-2.0 */
/* What a sweep says of hosts and ports, whichever way it looks. */
#ifndef TENKEN_WIRE_STATES_H
#define TENKEN_WIRE_STATES_H

/* How a host is handled. */
enum treatment { TREAT_OT, TREAT_IT };

enum port_state { PORT_OPEN, PORT_CLOSED, PORT_FILTERED, PORT_SILENT, PORT_STATES };
enum host_state {
	HOST_ANSWERING,
	HOST_SILENT,
	HOST_ABSENT,
	HOST_SKIPPED,
	HOST_ALL_PORTS,
	HOST_DISTRESS
};

#endif
