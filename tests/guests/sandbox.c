/* SPDX-License-Identifier: ISC */
/*
 * A guest to look at from outside: says that it is there, and waits. With an
 * argument it uses all the memory it can get, and then calls without end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PIECE 65536

static void use_memory(void)
{
	char *piece;

	while ((piece = malloc(PIECE)))
		memset(piece, 1, PIECE);
}

int main(int argc, char **argv)
{
	char byte;

	(void)argv;
	if (argc > 1)
		use_memory();
	puts("here");
	while (argc > 1 && getrandom(&byte, 1, 0) == 1)
		;
	sleep(1000);
	return 0;
}
