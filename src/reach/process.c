/* SPDX-License-Identifier: Apache-2.0 */
/* The process that tests: one module after the other. */
#include "reach/overheard.h"
#include "reach/reach.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "talk/sandbox.h"

static atomic_int *stop_flag;

static void on_signal(int number)
{
	(void)number;
	atomic_store(stop_flag, 1);
}

int reach_process(struct reach_run *r)
{
	static int (*const modules[])(struct reach_run *) = { egress_run, gateway_run, zones_run };
	struct sigaction stop = { .sa_handler = on_signal };

	stop_flag = r->stop;
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Without main nothing is sent. */
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	/* It may have ended before: then its end of the channel is closed, and no signal comes. */
	if (recv(r->main_fd, &(char){ 0 }, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		return 1;
	pthread_mutex_init(&r->turn_lock, NULL);
	pthread_mutex_init(&r->tell_lock, NULL);
	pthread_mutex_init(&r->gate_lock, NULL);
	pthread_mutex_init(&r->echo_lock, NULL);
	gate_close(r->gate);
	if (sandbox_no_files() != 0 || sandbox_sender() != 0)
		return 1;
	int status = 0;
	for (size_t i = 0; i < countof(modules) && !reach_stopping(r); i++)
		if (modules[i](r) != 0)
			status = 1;
	fsync(r->journal);
	overheard_close(r->heard);
	free(r->turns);
	return atomic_load(&r->failed) ? 1 : status;
}
