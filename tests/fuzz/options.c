/* SPDX-License-Identifier: ISC */
/* Command lines of any words: taken, or refused; nothing leaks. */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_quiet.h"
#include "log.h"

#define WORDS_MAX 24
#define BYTES_MAX 4096

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* What is refused is said on standard error. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_be_quiet(argc, argv);
	return 0;
}

/* Words end in newlines. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	static char name[] = "tender";
	char text[BYTES_MAX + 1], *argv[WORDS_MAX + 2] = {name}, *at = text;
	struct options o;
	int argc = 1;

	if (count > BYTES_MAX)
		return -1;
	memcpy(text, bytes, count);
	text[count] = '\0';
	while (argc <= WORDS_MAX && (argv[argc] = strsep(&at, "\n")))
		argc++;
	argv[argc] = NULL;
	optind = 0;
	if (options_parse(&o, argc, argv) == OPTIONS_RUN &&
	    (!o.image || o.guest_argc < 1 || o.disk_count > BP_MAX_DEVICES))
		abort();
	options_finish(&o);
	log_set_level(LOG_INFO);
	return 0;
}
