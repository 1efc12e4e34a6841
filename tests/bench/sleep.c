/* SPDX-License-Identifier: ISC */
/* Says that it is there, and sleeps until its standard input ends. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	char byte;

	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
