/* SPDX-License-Identifier: ISC */
#include "disk_check.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk_image.h"
#include "disk_text.h"

/* Of its exit status, e2fsck(8); the other bits say that it could not work. */
#define E2FSCK_MENDED 1
#define E2FSCK_DAMAGE 4

/* Not in everybody's PATH. */
static const char *const places[] = {"/usr/sbin/e2fsck", "/sbin/e2fsck"};

static int spawn(const char *program, char *const argv[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, out,
						       STDERR_FILENO);
	if (!err)
		err = posix_spawnp(pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* All but headings, how full it is, and that it still has errors. */
static bool is_finding(const char *line)
{
	return *line && strncmp(line, "Pass ", 5) != 0 &&
	       strncmp(line, "e2fsck ", 7) != 0 &&
	       !strstr(line, "% non-contiguous), ") && !strstr(line, "*****");
}

static void print_findings(int fd, bool quiet)
{
	FILE *f = fdopen(fd, "r");
	size_t allocated = 0;
	char *line = NULL;

	if (!f) {
		close(fd);
		return;
	}
	while (getline(&line, &allocated, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		disk_text_clean(line);
		if (!quiet && is_finding(line))
			printf("  %s\n", line);
	}
	free(line);
	fclose(f);
}

/* Its exit status, or -errno. */
static int run(char *const argv[], bool quiet)
{
	int pipe_fd[2], err = -ENOENT, status = 0;
	pid_t pid = 0;

	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return -errno;
	err = spawn("e2fsck", argv, pipe_fd[1], &pid);
	for (size_t i = 0; err == -ENOENT && i < 2; i++)
		err = spawn(places[i], argv, pipe_fd[1], &pid);
	close(pipe_fd[1]);
	if (err) {
		close(pipe_fd[0]);
		return err;
	}
	print_findings(pipe_fd[0], quiet);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EPROTO;
}

int disk_check_run(const struct disk_image *image, bool repair)
{
	char device[80];
	char *argv[] = {"e2fsck", repair ? "-p" : "-fn", device, NULL};
	int status;

	/* Whatever the file is called, and it stays the one that is locked. */
	snprintf(device, sizeof(device), "/proc/self/fd/%d?offset=%llu",
		 image->fd, (unsigned long long)image->base);
	fcntl(image->fd, F_SETFD, 0);
	status = run(argv, repair);
	fcntl(image->fd, F_SETFD, FD_CLOEXEC);
	if (status == -ENOENT) {
		disk_warn("cannot check %s: no e2fsck here; install e2fsprogs",
			  image->path);
		return -ENOENT;
	}
	if (status < 0 || status & ~(E2FSCK_MENDED | E2FSCK_DAMAGE)) {
		disk_warn("%s: e2fsck can make nothing of it (status %d)",
			  image->path, status);
		return -EPROTO;
	}
	return status & E2FSCK_DAMAGE ? 1 : 0;
}
