/* SPDX-License-Identifier: ISC */
/* Says that it is there, and sleeps until it is ended. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		sleep(1000);
}
