/* SPDX-License-Identifier: ISC */
/*
 * passt, and the process that watches over it.
 *
 * THEORY OF OPERATION
 * passt puts itself into namespaces and behind a filter of its own, and has
 * nothing of the tender but one end of a socket and of a pipe. It should end
 * when its socket closes, but some versions can be brought to compute for ever,
 * and no parent-death signal outlives its change of credentials. So its parent
 * is a small process that has no other descriptors and waits for either to end:
 * passt, or, by the end of a pipe, the tender, however it ends. A moment after
 * the tender passt is killed. The watcher's status tells how passt ended.
 */
#include "passt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS   1000 /* after the tender */
#define STATUS_SIGNAL 128
#define SOCKET_BYTES  (4 << 20) /* the host allows what it allows */

bool passt_find(char *path, size_t bytes)
{
	const char *at = getenv("PATH");

	while (at) {
		size_t n = strcspn(at, ":");
		int length = snprintf(path, bytes, "%.*s%spasst", (int)n, at,
				      n ? "/" : "");

		if (length > 0 && (size_t)length < bytes &&
		    access(path, X_OK) == 0)
			return true;
		at = at[n] ? at + n + 1 : NULL;
	}
	return false;
}

/* In a child: only system calls from here on. */
static _Noreturn void become_passt(const char *path, char *const *argv,
				   int socket, int said)
{
	int null = open("/dev/null", O_RDWR);

	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(said, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0 ||
	    dup2(socket, PASST_FD) < 0)
		_exit(1);
	/* What the tender was started with is none of its business. */
	(void)syscall(SYS_close_range, PASST_FD + 1u, ~0u, 0u);
	execv(path, argv);
	perror(path);
	_exit(1);
}

/* Closes all but @fd, which becomes the lowest number. */
static void keep_only(int fd)
{
	int most = (int)sysconf(_SC_OPEN_MAX);

	dup2(fd, 0);
	if (syscall(SYS_close_range, 1u, ~0u, 0u) < 0)
		for (int i = 1; i < most; i++)
			close(i);
}

/* Waits for the end of passt, or of the tender, which holds @alive's other end.
 */
static _Noreturn void watch(pid_t passt, int alive)
{
	struct pollfd p[2];
	int status;

	keep_only(alive);
	p[0] = (struct pollfd){.fd = 0, .events = POLLIN};
	p[1] = (struct pollfd){
		.fd = (int)syscall(SYS_pidfd_open, passt, 0),
		.events = POLLIN,
	};
	while (poll(p, 2, -1) < 0)
		;
	/* What the guest sent last may be in the socket still. */
	if (!p[1].revents && poll(&p[1], 1, PATIENCE_MS) <= 0)
		kill(passt, SIGKILL);
	while (waitpid(passt, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status)
				  : WEXITSTATUS(status));
}

/* In the child of the tender. */
static _Noreturn void run_passt(const char *path, char *const *argv, int socket,
				int said, int alive)
{
	pid_t passt;

	/* Not what the terminal sends to the tender. */
	setsid();
	passt = fork();
	if (passt == 0)
		become_passt(path, argv, socket, said);
	if (passt < 0)
		_exit(1);
	watch(passt, alive);
}

/* All that passt is connected by, both ends of each. */
struct ends {
	int socket[2];
	int said[2];  /* what it prints */
	int alive[2]; /* tells that the tender is */
};

static void close_pair(int pair[2])
{
	if (pair[0] >= 0)
		close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
}

static int open_ends(struct ends *e)
{
	int bytes = SOCKET_BYTES;

	*e = (struct ends){{-1, -1}, {-1, -1}, {-1, -1}};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->socket) < 0 ||
	    pipe2(e->said, O_CLOEXEC | O_NONBLOCK) < 0 ||
	    pipe2(e->alive, O_CLOEXEC) < 0)
		return -errno;
	/* passt only sets the sizes of sockets that it has made itself. */
	for (unsigned i = 0; i < 2; i++)
		(void)setsockopt(e->socket[i], SOL_SOCKET, SO_SNDBUF, &bytes,
				 sizeof(bytes));
	return 0;
}

int passt_start(struct passt *passt, const char *path, char *const *argv)
{
	struct ends e;
	int err = open_ends(&e);

	if (!err) {
		passt->watcher = fork();
		if (passt->watcher == 0)
			run_passt(path, argv, e.socket[1], e.said[1],
				  e.alive[0]);
		if (passt->watcher < 0)
			err = -errno;
	}
	if (err) {
		close_pair(e.socket);
		close_pair(e.said);
		close_pair(e.alive);
		return err;
	}
	close(e.socket[1]);
	close(e.said[1]);
	close(e.alive[0]);
	passt->fd = e.socket[0];
	passt->said = e.said[0];
	passt->alive = e.alive[1];
	return 0;
}

void passt_forget(struct passt *passt)
{
	char text[4096];

	while (read(passt->said, text, sizeof(text)) > 0)
		;
}

/* The last line of what it said that says something. */
static void last_line(int fd, char *why, size_t bytes)
{
	char text[4096];
	ssize_t n = read(fd, text, sizeof(text) - 1);
	char *line, *rest = text;

	*why = '\0';
	text[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n")))
		/* Where there is no syslog, it says that beside each. */
		if (*line && strncmp(line, "Failed to send", 14) != 0)
			snprintf(why, bytes, "%s", line);
}

int passt_end(struct passt *passt, char *why, size_t bytes)
{
	int status = 0;

	*why = '\0';
	if (passt->watcher <= 0)
		return 0;
	/* seccomp: close; wait4 on a helper */
	close(passt->alive);
	while (waitpid(passt->watcher, &status, 0) < 0 && errno == EINTR)
		;
	passt->watcher = 0;
	/* seccomp: read, close on what passt says */
	last_line(passt->said, why, bytes);
	close(passt->said);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : STATUS_SIGNAL + WTERMSIG(status);
}
