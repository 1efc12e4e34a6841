/* SPDX-License-Identifier: ISC */
/*
 * THEORY OF OPERATION
 * A file may change between a look at it and its use. So it is first copied
 * into memory that is then sealed against writing; that copy is verified, and
 * that copy is what the loader reads. Nothing of it has been interpreted before
 * the signature is known to be good, but where the signature itself lies: at
 * the end.
 */
#include "image_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium/crypto_sign_ed25519.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "signature.h"

#define IMAGE_MAX_BYTES (4LL << 30)

_Static_assert(BP_PUBLIC_KEY_BYTES == crypto_sign_ed25519_PUBLICKEYBYTES &&
		       sizeof(((struct bp_signature *)0)->signature) ==
			       crypto_sign_ed25519_BYTES,
	       "as the library has them");

static int refuse(const char *name, const char *why)
{
	log_error("%s: %s", name, why);
	return -ENOEXEC;
}

static int read_key(const char *path, uint8_t key[BP_PUBLIC_KEY_BYTES])
{
	uint8_t more[BP_PUBLIC_KEY_BYTES + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	ssize_t n = fd < 0 ? -1 : read(fd, more, sizeof(more));

	if (n < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	if (err) {
		log_error("--verify=%s: %s", path, strerror(-err));
		return err;
	}
	if (n != BP_PUBLIC_KEY_BYTES) {
		log_error("--verify=%s: not a public key: not %d bytes; make "
			  "a pair of keys with imgbuild keygen",
			  path, BP_PUBLIC_KEY_BYTES);
		return -EINVAL;
	}
	memcpy(key, more, BP_PUBLIC_KEY_BYTES);
	return 0;
}

/* Copies the file into @memory and seals that. Its size or -errno. */
static int64_t copy_sealed(int fd, int memory)
{
	const int seals =
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	off_t at = 0;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > IMAGE_MAX_BYTES)
		return -ENOEXEC;
	while (at < st.st_size) {
		ssize_t n =
			sendfile(memory, fd, &at, (size_t)(st.st_size - at));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break; /* it became shorter */
	}
	if (fcntl(memory, F_ADD_SEALS, seals) < 0)
		return -errno;
	return at;
}

static int check(const char *name, const uint8_t *bytes, size_t count,
		 const uint8_t key[BP_PUBLIC_KEY_BYTES])
{
	struct bp_signature s;

	if (count < sizeof(s))
		return refuse(name, "not signed; build it with imgbuild "
				    "--sign");
	count -= sizeof(s);
	memcpy(&s, bytes + count, sizeof(s));
	if (memcmp(s.magic, BP_SIGNATURE_MAGIC, sizeof(s.magic)))
		return refuse(name, "not signed; build it with imgbuild "
				    "--sign");
	if (crypto_sign_ed25519_verify_detached(s.signature, bytes, count, key))
		return refuse(name, "changed since it was signed, or signed "
				    "with another key");
	return 0;
}

int image_verify(int fd, const char *name, const char *key_path, int *copy)
{
	uint8_t key[BP_PUBLIC_KEY_BYTES];
	int memory, err = read_key(key_path, key);
	int64_t bytes;
	void *map;

	if (err)
		return err;
	memory = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	bytes = memory < 0 ? -errno : copy_sealed(fd, memory);
	if (bytes == -ENOEXEC)
		err = refuse(name, "not a regular file; name an image file");
	else if (bytes == 0)
		err = refuse(name, "an empty file; build an image with "
				   "imgbuild");
	else if (bytes < 0)
		goto failed;
	if (err)
		goto close_memory;
	map = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, memory, 0);
	if (map == MAP_FAILED) {
		bytes = -errno;
		goto failed;
	}
	err = check(name, map, (size_t)bytes, key);
	munmap(map, (size_t)bytes);
	if (err)
		goto close_memory;
	*copy = memory;
	return 0;

failed:
	err = (int)bytes;
	log_error("%s: cannot be copied into memory to be verified: %s", name,
		  strerror(-err));
close_memory:
	if (memory >= 0)
		close(memory);
	return err;
}
