/* SPDX-License-Identifier: ISC */
#include "events.h"

#include <sys/epoll.h>
#include <unistd.h>

long events_told(const char *what, long result)
{
	int error = errno;

	if (result == -1)
		printf("%s = %s\n", what, strerror(error));
	else
		printf("%s = %ld\n", what, result);
	errno = error;
	return result;
}

void events_stop(const char *file, int line, const char *what)
{
	const char *slash = strrchr(file, '/');

	printf("%s, line %d: %s (%s)\n", slash ? slash + 1 : file, line, what,
	       strerror(errno));
	exit(1);
}

const char *events_names(unsigned bits)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{EPOLLIN, "in"},	 {EPOLLPRI, "pri"},
		{EPOLLOUT, "out"},	 {EPOLLERR, "err"},
		{EPOLLHUP, "hup"},	 {0x20, "nval"},
		{EPOLLRDNORM, "rdnorm"}, {EPOLLRDBAND, "rdband"},
		{EPOLLWRNORM, "wrnorm"}, {EPOLLWRBAND, "wrband"},
		{EPOLLRDHUP, "rdhup"},
	};
	static char to[128];

	to[0] = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(bits & names[i].bit))
			continue;
		if (to[0])
			strcat(to, "+");
		strcat(to, names[i].name);
	}
	return to[0] ? to : "none";
}

int events_main(int argc, char **argv, const struct events_case *cases)
{
	const char *directory = getenv("EVENTS_DIRECTORY");

	NEED(chdir(directory ? directory : "/tmp") == 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* What a test runner left open. */
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	for (; argc == 2 && cases->name; cases++) {
		if (strcmp(cases->name, argv[1]) != 0)
			continue;
		cases->run();
		puts("done");
		return 0;
	}
	fprintf(stderr, "no such case\n");
	return 2;
}
