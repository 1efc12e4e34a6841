/* SPDX-License-Identifier: ISC */
/*
 * Files of any bytes as signed images: none is taken, as nobody has the secret
 * key that belongs to the public one here.
 */
#include "image_verify.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_quiet.h"
#include "signature.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static char key_path[32];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	/* The base point of the curve (RFC 8032, 5.1). */
	uint8_t key[BP_PUBLIC_KEY_BYTES] = {0x58};
	int fd = memfd_create("key", 0);

	for (unsigned i = 1; i < sizeof(key); i++)
		key[i] = 0x66;
	if (write(fd, key, sizeof(key)) != sizeof(key))
		return 1;
	snprintf(key_path, sizeof(key_path), "/proc/self/fd/%d", fd);
	fuzz_be_quiet(argc, argv);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	int fd = memfd_create("image", 0), copy;

	if (write(fd, bytes, count) != (ssize_t)count)
		abort();
	if (image_verify(fd, "image", key_path, &copy) == 0)
		abort();
	close(fd);
	return 0;
}
