/* SPDX-License-Identifier: ISC */
/* Waits for SIGTERM in a way: `host_signal HOW`. Says "ready" when it does. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t got;

static void handler(int signal)
{
	got = signal;
}

static void compute(void)
{
	while (!got)
		;
}

static void wait_for_it(void)
{
	puts("ready");
	while (!got)
		pause();
}

static void *compute_thread(void *unused)
{
	for (;;)
		;
	return unused;
}

static void sigwait_for_it(void)
{
	sigset_t set;
	int signal = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("ready");
	sigwait(&set, &signal);
	got = signal;
}

static void write_file(void)
{
	FILE *f = fopen("/data/file", "w");

	if (!f || fputs("was written\n", f) < 0 || fflush(f))
		perror("/data/file");
	puts("ready");
	for (;;)
		;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t thread;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(how, "write"))
		write_file();
	if (!strcmp(how, "sigwait")) {
		sigwait_for_it();
	} else if (!strcmp(how, "ignore")) {
		signal(SIGTERM, SIG_IGN);
		wait_for_it();
	} else {
		signal(SIGTERM, handler);
	}
	if (!strcmp(how, "thread"))
		pthread_create(&thread, NULL, compute_thread, NULL);
	if (!strcmp(how, "sleep") || !strcmp(how, "thread"))
		wait_for_it();
	if (!strcmp(how, "compute")) {
		puts("ready");
		compute();
	}
	printf("signal %d\n", got);
	return 7;
}
