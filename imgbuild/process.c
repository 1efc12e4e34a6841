/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * While temporary files exist, the signals that would end us are blocked and
 * fetched with sigwaitinfo(), together with SIGCHLD. So there is no handler,
 * no window between a check and a wait, and a signal that arrives at any other
 * moment is seen at the next wait or when the mask is restored. Children get
 * the original mask.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

#define ENDING_COUNT (sizeof(ending_signals) / sizeof(ending_signals[0]))

void process_signals_block(struct process_signals *signals)
{
	struct sigaction old;

	signals->caught = 0;
	/* Ignored by our parent, it would lose the exit status of children. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&signals->waited);
	sigaddset(&signals->waited, SIGCHLD);
	for (size_t i = 0; i < ENDING_COUNT; i++)
		/* One that is ignored, as under nohup(1), stays ignored. */
		if (!sigaction(ending_signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaddset(&signals->waited, ending_signals[i]);
	sigprocmask(SIG_BLOCK, &signals->waited, &signals->original);
}

void process_signals_unblock(struct process_signals *signals)
{
	if (signals->caught)
		raise(signals->caught);
	sigprocmask(SIG_SETMASK, &signals->original, NULL);
}

bool process_signals_caught(struct process_signals *signals)
{
	const struct timespec now = {0};
	int sig;

	/* A SIGCHLD may be a stale one. */
	while ((sig = sigtimedwait(&signals->waited, NULL, &now)) > 0)
		if (sig != SIGCHLD)
			signals->caught = sig;
	return signals->caught;
}

static int exit_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status)
					: WEXITSTATUS(wait_status);
}

static int spawn(pid_t *pid, char *const argv[], const sigset_t *mask,
		 const posix_spawn_file_actions_t *actions)
{
	posix_spawnattr_t attr;
	int err;

	err = posix_spawnattr_init(&attr);
	if (err)
		return -err;
	if (mask) {
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
		posix_spawnattr_setsigmask(&attr, mask);
	}
	err = posix_spawnp(pid, argv[0], actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	return -err;
}

int process_run(struct process_signals *signals, char *const argv[])
{
	int err, status = 0, sig;
	pid_t pid = 0, ended;

	if (process_signals_caught(signals))
		return -EINTR;
	err = spawn(&pid, argv, &signals->original, NULL);
	if (err)
		return err;
	while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
		sig = sigwaitinfo(&signals->waited, NULL);
		if (sig > 0 && sig != SIGCHLD) {
			signals->caught = sig;
			kill(pid, sig);
		}
	}
	if (signals->caught)
		return -EINTR;
	return ended < 0 ? -ECHILD : exit_status(status);
}

static int read_line(int fd, char *line, size_t line_bytes)
{
	FILE *f = fdopen(fd, "r");
	int err = -EPROTO;

	if (!f) {
		err = -errno;
		close(fd);
		return err;
	}
	if (fgets(line, (int)line_bytes, f)) {
		char *end = strchr(line, '\n');

		if (end) {
			*end = '\0';
			err = 0;
		}
	}
	fclose(f);
	return err;
}

int process_read_line(char *const argv[], char *line, size_t line_bytes)
{
	posix_spawn_file_actions_t actions;
	int fds[2], err, status = 0;
	pid_t pid = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	err = -posix_spawn_file_actions_init(&actions);
	if (err) {
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	err = -posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	if (!err)
		err = spawn(&pid, argv, NULL, &actions);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (err) {
		close(fds[0]);
		return err;
	}
	err = read_line(fds[0], line, line_bytes);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return !err && status ? -EPROTO : err;
}
