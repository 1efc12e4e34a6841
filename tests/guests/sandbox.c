/* SPDX-License-Identifier: ISC */
/* A guest to look at from outside: says that it is there, and waits. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	puts("here");
	sleep(1000);
	return 0;
}
