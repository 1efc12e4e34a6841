/* SPDX-License-Identifier: ISC */
/* Makes system calls that a trace is compared with. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "syscall_trace.h"

#define MANY 50000

extern const struct bp_trace *__rt_trace;

/* All names are in the same memory, one after the other. */
static int files(void)
{
	char name[300], data[64];
	struct iovec pieces[] = {{data, 1}, {data + 8, 3}};
	int fd;

	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "/tmp/file%d", i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0640);
		write(fd, "\"a\"\n\1\377", 6);
		close(fd);
	}
	rename("/tmp/file0", "/tmp/other");
	fd = openat(AT_FDCWD, "/tmp/other", O_RDONLY | O_CLOEXEC);
	read(fd, data, sizeof(data));
	read(fd, data, sizeof(data));
	pread(fd, data, 2, 1);
	lseek(fd, -5, SEEK_END);
	readv(fd, pieces, 2);
	memset(data, 'x', sizeof(data));
	write(fd, data, sizeof(data));
	open("/nowhere", O_RDWR);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	unlink(name);
	utimensat(fd, NULL, NULL, 0);
	return 0;
}

static int sockets(void)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(8080),
		.sin_addr = {htonl(INADDR_LOOPBACK)},
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	connect(fd, (void *)&in, sizeof(in));
	return 0;
}

static void *sleeper(void *arg)
{
	usleep(20000);
	return arg;
}

static int threads(void)
{
	pthread_t thread[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, sleeper, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	return 0;
}

/* Each has a result of its own, and none exits. */
static int many(void)
{
	int fd = open("/tmp/many", O_RDWR | O_CREAT, 0600);

	for (int i = 0; i < MANY; i++)
		if (lseek(fd, i, SEEK_SET) != i)
			return 1;
	return 0;
}

/* Records that are none, in the place where the tender looks for them. */
static int lie(int how)
{
	struct bp_trace_buffer *buffer;
	struct bp_trace_record *r;

	if (!__rt_trace)
		return 1;
	buffer = (void *)__rt_trace->buffer_gpa;
	r = (void *)(buffer + 1);
	for (int i = 0; i < 1000; i++) {
		memset(r, how, 4096);
		r->kind = how % 3;
		r->bytes = how == 1 ? 72 : how == 2 ? 0xfff8 : 24;
		r->value = how == 3 ? ~0ULL : 0;
		buffer->used = how == 4 ? 0xffffffff : 4096;
		usleep(1);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char line[8];

	if (!strcmp(what, "files"))
		return files();
	if (!strcmp(what, "sockets"))
		return sockets();
	if (!strcmp(what, "threads"))
		return threads();
	if (!strcmp(what, "many"))
		return many();
	if (!strcmp(what, "hang"))
		return (int)read(0, line, sizeof(line));
	if (!strcmp(what, "lie") && argc > 2)
		return lie(atoi(argv[2]));
	return 2;
}
