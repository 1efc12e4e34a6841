/* SPDX-License-Identifier: ISC */
/* The image loader, on files of any bytes: it takes them or says why not. */
#include "image_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest_memory.h"
#include "image_layout.h"

#define FILE_MAX  65536
#define MEM_BYTES (16u << 20)
#define CHANCE	  0x123456789abcdefULL

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* One clause, of characters that can be shown. */
static void check_error(const struct image *image)
{
	size_t n = strnlen(image->error, sizeof(image->error));

	if (n == 0 || n == sizeof(image->error))
		abort();
	for (size_t i = 0; i < n; i++)
		if (image->error[i] < ' ' || image->error[i] > '~')
			abort();
}

static void load(struct image *image)
{
	struct image_layout layout;
	struct guest_mem mem;

	if (image_lay_out(image, MEM_BYTES, CHANCE, &layout)) {
		check_error(image);
		return;
	}
	if (guest_mem_init(&mem, MEM_BYTES, 0))
		abort();
	if (image_add_regions(image, &layout, &mem) || image_load(image, &mem))
		abort();
	if (!guest_mem_range(&mem, image->entry, 1, GUEST_EXEC))
		abort();
	guest_mem_finish(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	static int fd = -1;
	struct image image;
	int err;

	if (count > FILE_MAX)
		return -1;
	if (fd < 0)
		fd = memfd_create("image", MFD_CLOEXEC);
	if (ftruncate(fd, 0) || pwrite(fd, bytes, count, 0) != (ssize_t)count)
		abort();
	err = image_parse(&image, fd);
	if (err == -ENOEXEC)
		check_error(&image);
	else if (err)
		abort();
	else
		load(&image);
	return 0;
}
