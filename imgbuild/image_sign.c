/* SPDX-License-Identifier: ISC */
#include "image_sign.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signature.h"

struct keys {
	uint8_t public[crypto_sign_ed25519_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
};

_Static_assert(BP_SECRET_KEY_BYTES == crypto_sign_ed25519_SEEDBYTES &&
		       BP_PUBLIC_KEY_BYTES ==
			       crypto_sign_ed25519_PUBLICKEYBYTES,
	       "as the library has them");

static bool write_all(int fd, const void *from, size_t bytes)
{
	ssize_t n = write(fd, from, bytes);

	if (n >= 0 && (size_t)n < bytes)
		errno = ENOSPC;
	return n >= 0 && (size_t)n == bytes;
}

static int read_keys(const char *path, struct keys *keys)
{
	uint8_t seed[BP_SECRET_KEY_BYTES + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, seed, sizeof(seed));
	int err = errno;

	if (fd >= 0)
		close(fd);
	if (n < 0) {
		errno = err;
		warn("--sign=%s", path);
		return 1;
	}
	if (n != BP_SECRET_KEY_BYTES) {
		warnx("--sign=%s: not a secret key: not %d bytes; make one "
		      "with imgbuild keygen",
		      path, BP_SECRET_KEY_BYTES);
		return 1;
	}
	crypto_sign_ed25519_seed_keypair(keys->public, keys->secret, seed);
	sodium_memzero(seed, sizeof(seed));
	return 0;
}

static int sign_file(int fd, const struct keys *keys)
{
	struct bp_signature s = {.magic = BP_SIGNATURE_MAGIC};
	struct stat st;
	void *map;
	int failed;

	if (fstat(fd, &st))
		return -1;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -1;
	failed = crypto_sign_ed25519_detached(s.signature, NULL, map,
					      (size_t)st.st_size, keys->secret);
	munmap(map, (size_t)st.st_size);
	return failed || lseek(fd, 0, SEEK_END) < 0 ||
			       !write_all(fd, &s, sizeof(s))
		       ? -1
		       : 0;
}

int image_sign(const char *path, const char *key_path)
{
	struct keys keys;
	int fd, status = 1;

	if (sodium_init() < 0) {
		warnx("no entropy from the host");
		return 1;
	}
	if (read_keys(key_path, &keys))
		return 1;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		status = sign_file(fd, &keys) ? 1 : 0;
		if (close(fd))
			status = 1;
	}
	if (status)
		warn("%s: cannot be signed", path);
	sodium_memzero(&keys, sizeof(keys));
	return status;
}

/* Never over what is there: it may be the only key to what is out there. */
static int make_file(const char *path, const void *bytes, size_t count,
		     mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool good = fd >= 0 && write_all(fd, bytes, count);

	if (fd >= 0 && close(fd))
		good = false;
	if (good)
		return 0;
	warn("%s", path);
	if (fd >= 0)
		unlink(path);
	return 1;
}

int keygen(int argc, char *argv[])
{
	uint8_t seed[BP_SECRET_KEY_BYTES];
	struct keys keys;
	char public[4096];
	int status;

	if (argc != 2 || argv[1][0] == '-') {
		warnx("usage: imgbuild keygen NAME: makes NAME, which is "
		      "secret, and NAME.pub");
		return 1;
	}
	if (snprintf(public, sizeof(public), "%s.pub", argv[1]) >=
	    (int)sizeof(public)) {
		warnx("%s: too long a name", argv[1]);
		return 1;
	}
	if (sodium_init() < 0) {
		warnx("no entropy from the host");
		return 1;
	}
	randombytes_buf(seed, sizeof(seed));
	crypto_sign_ed25519_seed_keypair(keys.public, keys.secret, seed);
	status = make_file(argv[1], seed, sizeof(seed), 0600);
	if (!status) {
		status = make_file(public, keys.public, sizeof(keys.public),
				   0644);
		if (status)
			unlink(argv[1]);
	}
	sodium_memzero(&keys, sizeof(keys));
	sodium_memzero(seed, sizeof(seed));
	return status;
}
