/* SPDX-License-Identifier: ISC */
/*
 * Keeps a file on a disk: counts how often it was run, and notes when.
 *
 *	imgbuild disk create data.img --size=16M
 *	tender --disk=data.img visits.hvt
 *	imgbuild disk cat data.img:/visits.txt
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PATH "/data/visits.txt"

static int count_lines(FILE *f)
{
	int lines = 0;

	for (int c; (c = getc(f)) != EOF;)
		lines += c == '\n';
	return lines;
}

int main(void)
{
	FILE *f = fopen(PATH, "a+");
	time_t now = time(NULL);
	char date[32];
	int visit;

	if (!f) {
		perror(PATH);
		return 1;
	}
	rewind(f);
	visit = count_lines(f) + 1;
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", gmtime(&now));
	fprintf(f, "visit %d, %s\n", visit, date);
	/* From here on it is there, whatever happens to this machine. */
	if (fflush(f) || fsync(fileno(f)) || fclose(f)) {
		perror(PATH);
		return 1;
	}
	printf("visit %d\n", visit);
	return 0;
}
