/* SPDX-License-Identifier: ISC */
/* What an image weighs at least: no formatting. */
#include <stdio.h>

int main(void)
{
	puts("Hello, world");
	return 0;
}
