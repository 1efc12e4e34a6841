/* SPDX-License-Identifier: ISC */
/* Reads and writes the console, as argument 1 says. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static char block[1 << 16];

/* So many lines, numbered from 1, padded to that width. */
static int lines(long count, long width)
{
	for (long i = 1; i <= count; i++)
		if (printf("%0*ld\n", (int)width - 1, i) != width)
			return 1;
	return 0;
}

/* The same, many lines to a write. */
static int lines_at_once(long count, long width)
{
	size_t held = 0;

	for (long i = 1; i <= count; i++) {
		held += (size_t)snprintf(block + held, sizeof(block) - held,
					 "%0*ld\n", (int)width - 1, i);
		if (held + (size_t)width < sizeof(block) && i < count)
			continue;
		if (write(1, block, held) != (ssize_t)held)
			return 1;
		held = 0;
	}
	return 0;
}

/* In many small pieces per call. */
static int vectors(long count, long unused)
{
	struct iovec iov[1000];

	(void)unused;
	for (int i = 0; i < 1000; i++) {
		iov[i].iov_base = block + 8 * i;
		iov[i].iov_len = (size_t)snprintf(block + 8 * i, 9, "%d ", i);
		if (i % 100 == 99) /* and some that are empty */
			iov[i].iov_len = 0;
	}
	for (long i = 0; i < count; i++)
		if (writev(1, iov, 1000) != 3851)
			return 1;
	return 0;
}

static int both(long unused, long unused2)
{
	(void)unused, (void)unused2;
	for (int i = 0; i < 100; i++) {
		printf("out %d\n", i);
		fprintf(stderr, "err %d\n", i);
	}
	return 0;
}

static int terminals(long unused, long unused2)
{
	(void)unused, (void)unused2;
	printf("%d %d %d\n", isatty(0), isatty(1), isatty(2));
	return isatty(3) || errno != EBADF;
}

static int copy(long unused, long unused2)
{
	ssize_t n;

	(void)unused, (void)unused2;
	while ((n = read(0, block, sizeof(block))) > 0)
		if (write(1, block, (size_t)n) != n)
			return 1;
	return n < 0;
}

static int copy_by_stdio(long unused, long unused2)
{
	int c;

	(void)unused, (void)unused2;
	while ((c = getchar()) != EOF)
		putchar(c);
	return !feof(stdin);
}

/* The end of input stays the end. */
static int end_of_input(long unused, long unused2)
{
	ssize_t n;

	(void)unused, (void)unused2;
	while ((n = read(0, block, sizeof(block))) > 0)
		;
	for (int i = 0; i < 5; i++)
		if (n || (n = read(0, block, sizeof(block))))
			return 1;
	puts("end");
	return 0;
}

static int answer(long unused, long unused2)
{
	(void)unused, (void)unused2;
	puts("ready");
	while (fgets(block, sizeof(block), stdin))
		printf("got %s", block);
	puts("end");
	return 0;
}

/* How many bytes each read gets. */
static int pieces(long unused, long unused2)
{
	ssize_t n;

	(void)unused, (void)unused2;
	puts("ready");
	while ((n = read(0, block, sizeof(block))) > 0)
		printf("%zd\n", n);
	return n < 0;
}

static int not_blocking(long unused, long unused2)
{
	(void)unused, (void)unused2;
	if (fcntl(0, F_SETFL, O_NONBLOCK))
		return 1;
	if (read(0, block, 1) != -1 || errno != EAGAIN)
		return 2;
	puts("nothing there");
	return 0;
}

static int yes(long unused, long unused2)
{
	(void)unused, (void)unused2;
	while (puts("y") >= 0)
		;
	return 1;
}

static volatile sig_atomic_t seen;

static void on_pipe(int number)
{
	seen = number;
}

static int until_error(void)
{
	while (puts("y") >= 0)
		;
	fprintf(stderr, "%s\n", strerror(errno));
	return errno == EPIPE ? 0 : 1;
}

static int yes_ignoring(long unused, long unused2)
{
	(void)unused, (void)unused2;
	signal(SIGPIPE, SIG_IGN);
	return until_error();
}

static int yes_handling(long unused, long unused2)
{
	(void)unused, (void)unused2;
	signal(SIGPIPE, on_pipe);
	return until_error() || seen != SIGPIPE;
}

static int trap_after(long unused, long unused2)
{
	(void)unused, (void)unused2;
	printf("first words\n");
	printf("last words\n");
	__builtin_trap();
}

static int spin_after(long unused, long unused2)
{
	(void)unused, (void)unused2;
	printf("first words\n");
	printf("last words\n");
	for (;;)
		__asm__ volatile("");
	return 0;
}

static int buffered(long unused, long unused2)
{
	(void)unused, (void)unused2;
	setvbuf(stdout, block, _IOFBF, sizeof(block));
	printf("one\n");
	fprintf(stderr, "two\n");
	fflush(stdout);
	fprintf(stderr, "three\n");
	printf("four"); /* written at exit */
	return 0;
}

/* A descriptor that was closed is closed, and only for the guest. */
static int closed(long unused, long unused2)
{
	(void)unused, (void)unused2;
	if (close(1) || write(1, "x", 1) != -1 || errno != EBADF)
		return 1;
	if (write(0, "x", 1) != -1 || errno != EBADF)
		return 2;
	if (read(2, block, 1) != -1 || errno != EBADF)
		return 3;
	if (lseek(0, 0, SEEK_CUR) != -1 || errno != ESPIPE)
		return 4;
	return write(2, "still here\n", 11) != 11;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(long, long);
	} behaviours[] = {
		{"lines", lines},
		{"lines-at-once", lines_at_once},
		{"vectors", vectors},
		{"both", both},
		{"terminals", terminals},
		{"copy", copy},
		{"copy-by-stdio", copy_by_stdio},
		{"end-of-input", end_of_input},
		{"answer", answer},
		{"pieces", pieces},
		{"not-blocking", not_blocking},
		{"yes", yes},
		{"yes-ignoring", yes_ignoring},
		{"yes-handling", yes_handling},
		{"trap-after", trap_after},
		{"spin-after", spin_after},
		{"buffered", buffered},
		{"closed", closed},
	};

	for (size_t i = 0; i < sizeof(behaviours) / sizeof(*behaviours); i++)
		if (argc > 1 && !strcmp(argv[1], behaviours[i].name))
			return behaviours[i].run(argc > 2 ? atol(argv[2]) : 0,
						 argc > 3 ? atol(argv[3]) : 0);
	return 99;
}
