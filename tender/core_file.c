/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * The file is made before the guest starts, as a sealed tender opens nothing,
 * nor removes anything. So a process of its own, outside of the sandbox, waits
 * for the tender's end and looks whether the file is empty. It reads nothing
 * that the tender could write but that size, and removes only the file that
 * it was made for.
 */
#include "core_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

/* The descriptors of the process that waits. */
enum {
	WATCH_FILE,
	WATCH_ALIVE,
	WATCH_SAID,
};

static void remove_empty(int fd, const char *path)
{
	struct stat file, named;

	if (!fstat(fd, &file) && S_ISREG(file.st_mode) && !file.st_size &&
	    !lstat(path, &named) && named.st_dev == file.st_dev &&
	    named.st_ino == file.st_ino)
		unlink(path);
}

/*
 * The three become 0 to 2, and all else is closed: no disk stays locked, and
 * nobody waits for the end of the tender's output in vain.
 */
static void keep_only(int fd, int alive, int said)
{
	int most = (int)sysconf(_SC_OPEN_MAX);

	dup2(fd, WATCH_FILE);
	dup2(alive, WATCH_ALIVE);
	dup2(said, WATCH_SAID);
	if (syscall(SYS_close_range, WATCH_SAID + 1, ~0U, 0) < 0)
		for (int i = WATCH_SAID + 1; i < most; i++)
			close(i);
}

/* Until the other end of the pipe is closed. */
static _Noreturn void watch(const char *path)
{
	char none;

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	while (read(WATCH_ALIVE, &none, 1) < 0 && errno == EINTR)
		;
	remove_empty(WATCH_FILE, path);
	_exit(0);
}

int core_file_watch(struct core_file *core, const char *path)
{
	int alive[2], said[2];
	pid_t pid;

	if (pipe2(alive, O_CLOEXEC) < 0)
		goto failed;
	if (pipe2(said, O_CLOEXEC) < 0)
		goto close_alive;
	pid = fork();
	if (pid < 0)
		goto close_said;
	if (!pid) {
		keep_only(core->fd, alive[0], said[1]);
		watch(path);
	}
	close(alive[0]);
	close(said[1]);
	core->alive = alive[1];
	core->said = said[0];
	return 0;

close_said:
	close(said[0]);
	close(said[1]);
close_alive:
	close(alive[0]);
	close(alive[1]);
failed:
	log_error("--core=%s: %s", path, strerror(errno));
	return -errno;
}

void core_file_close(struct core_file *core)
{
	char none;

	/* seccomp: close, read on what a helper prints */
	close(core->alive);
	while (read(core->said, &none, 1) < 0 && errno == EINTR)
		;
}
