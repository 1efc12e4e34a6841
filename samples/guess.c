/* SPDX-License-Identifier: ISC */
/* A guessing game: reads the console line by line. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

int main(void)
{
	char line[64];
	unsigned secret, tries = 0;

	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return 1;
	secret = secret % 100 + 1;
	puts("I think of a number from 1 to 100. Which is it?");
	while (fgets(line, sizeof(line), stdin)) {
		char *end;
		long guess = strtol(line, &end, 10);

		if (end == line) {
			puts("A number, please.");
			continue;
		}
		tries++;
		if (guess == (long)secret) {
			printf("Yes! It took you %u tries.\n", tries);
			return 0;
		}
		puts(guess < (long)secret ? "More." : "Less.");
	}
	printf("You leave? It was %u.\n", secret);
	return 1;
}
