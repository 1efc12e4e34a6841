/* SPDX-License-Identifier: ISC */
/*
 * passt, as a child.
 *
 * It puts itself into namespaces and behind a filter of its own, and has
 * nothing of the tender but one end of a socket and of a pipe. It ends when the
 * socket closes, so it never outlives the tender, however that ends.
 */
#include "passt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS  1000
#define SOCKET_BYTES (4 << 20) /* the host allows what it allows */

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

/* In the child: only system calls from here on. */
static _Noreturn void become_passt(const char *path, char *const *argv,
				   pid_t tender, int socket, int said)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != tender)
		_exit(1);
	/* Not what the terminal sends to the tender. */
	setsid();
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(said, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0 ||
	    dup2(socket, PASST_FD) < 0)
		_exit(1);
	execv(path, argv);
	perror(path);
	_exit(1);
}

int passt_start(struct passt *passt, const char *path, char *const *argv)
{
	int bytes = SOCKET_BYTES, pair[2], pipe_fd[2], err = 0;
	pid_t tender = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	/* It only sets the sizes of sockets that it has made itself. */
	for (unsigned i = 0; i < 2; i++)
		(void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &bytes,
				 sizeof(bytes));
	if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) < 0) {
		err = -errno;
		goto close_pair;
	}
	passt->pid = fork();
	if (passt->pid == 0)
		become_passt(path, argv, tender, pair[1], pipe_fd[1]);
	if (passt->pid < 0)
		err = -errno;
	close(pipe_fd[1]);
	if (err) {
		close(pipe_fd[0]);
		goto close_pair;
	}
	close(pair[1]);
	passt->fd = pair[0];
	passt->said = pipe_fd[0];
	return 0;
close_pair:
	close(pair[0]);
	close(pair[1]);
	return err;
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

void passt_end(struct passt *passt, int *status, char *why, size_t bytes)
{
	struct pollfd gone = {.fd = passt->said}; /* POLLHUP */

	*status = 0;
	*why = '\0';
	if (passt->pid <= 0)
		return;
	/*
	 * What the guest sent last may be in the socket still; passt reads it
	 * before it ends.
	 */
	/* seccomp: poll; kill SIGKILL, wait4 on a helper */
	if (poll(&gone, 1, PATIENCE_MS) <= 0 && kill(passt->pid, SIGKILL) < 0)
		return;
	while (waitpid(passt->pid, status, 0) < 0 && errno == EINTR)
		;
	passt->pid = 0;
	/* seccomp: read, close on what passt says */
	last_line(passt->said, why, bytes);
	close(passt->said);
}
