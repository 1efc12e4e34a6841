/* SPDX-License-Identifier: ISC */
#include "inspect.h"

#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device_note.h"
#include "elf_check.h"
#include "elf_rootfs.h"

static uint64_t image_mem_bytes(const struct image_info *info)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < info->segment_count; i++)
		sum += info->segment[i].mem_bytes;
	return sum;
}

static void segment_permissions(const struct image_segment *s, char text[4])
{
	text[0] = s->flags & PF_R ? 'r' : '-';
	text[1] = s->flags & PF_W ? 'w' : '-';
	text[2] = s->flags & PF_X ? 'x' : '-';
	text[3] = '\0';
}

static void print_build_id(const struct image_info *info)
{
	for (unsigned i = 0; i < info->build_id_bytes; i++)
		printf("%02x", info->build_id[i]);
}

static void print_text(const struct image_info *info, uint64_t rootfs_bytes)
{
	char access[4];

	printf("ABI:      %u.%u\n", info->abi.major, info->abi.minor);
	printf("entry:    0x%llx\n", (unsigned long long)info->entry);
	printf("build id: ");
	print_build_id(info);
	printf("%s\n", info->build_id_bytes ? "" : "none");
	printf("size:     %llu bytes in the file, %llu in memory\n",
	       (unsigned long long)info->file_bytes,
	       (unsigned long long)image_mem_bytes(info));
	if (rootfs_bytes)
		printf("rootfs:   %llu bytes\n",
		       (unsigned long long)rootfs_bytes);
	printf("segments: address     file bytes   memory bytes  access\n");
	for (unsigned i = 0; i < info->segment_count; i++) {
		const struct image_segment *s = &info->segment[i];

		segment_permissions(s, access);
		printf("          0x%-8llx  %10llu  %13llu  %s\n",
		       (unsigned long long)s->gpa,
		       (unsigned long long)s->file_bytes,
		       (unsigned long long)s->mem_bytes, access);
	}
	printf("devices:  %s\n", info->device_count ? "" : "none");
	for (unsigned i = 0; i < info->device_count; i++)
		printf("          %s %s\n",
		       device_kind_name(info->device[i].kind),
		       info->device[i].name);
}

/* No string in here needs escaping: elf_check_image() saw to the names. */
static void print_json(const struct image_info *info, uint64_t rootfs_bytes)
{
	char access[4];

	printf("{\"abi\":{\"major\":%u,\"minor\":%u},\"entry\":%llu,",
	       info->abi.major, info->abi.minor,
	       (unsigned long long)info->entry);
	printf("\"build_id\":%s", info->build_id_bytes ? "\"" : "null");
	print_build_id(info);
	printf("%s,", info->build_id_bytes ? "\"" : "");
	printf("\"file_bytes\":%llu,\"memory_bytes\":%llu,",
	       (unsigned long long)info->file_bytes,
	       (unsigned long long)image_mem_bytes(info));
	printf("\"rootfs_bytes\":%llu,\"segments\":[",
	       (unsigned long long)rootfs_bytes);
	for (unsigned i = 0; i < info->segment_count; i++) {
		const struct image_segment *s = &info->segment[i];

		segment_permissions(s, access);
		printf("%s{\"address\":%llu,\"file_bytes\":%llu,"
		       "\"memory_bytes\":%llu,\"access\":\"%s\"}",
		       i ? "," : "", (unsigned long long)s->gpa,
		       (unsigned long long)s->file_bytes,
		       (unsigned long long)s->mem_bytes, access);
	}
	printf("],\"devices\":[");
	for (unsigned i = 0; i < info->device_count; i++)
		printf("%s{\"kind\":\"%s\",\"name\":\"%s\"}", i ? "," : "",
		       device_kind_name(info->device[i].kind),
		       info->device[i].name);
	printf("]}\n");
}

static int inspect_file(const char *path, bool json)
{
	struct elf_check_error error = {""};
	uint64_t offset, rootfs_bytes = 0;
	struct image_info info;
	int fd, err;

	/* Not to wait for a writer, should it be a pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		warn("%s", path);
		return 1;
	}
	err = elf_check_image(fd, &info, &error);
	/* Section headers are no part of an image, and may be missing. */
	if (!err && elf_rootfs_find(fd, &offset, &rootfs_bytes))
		rootfs_bytes = 0;
	close(fd);
	if (err) {
		warnx("%s: %s", path, error.text);
		return 1;
	}
	if (json)
		print_json(&info, rootfs_bytes);
	else
		print_text(&info, rootfs_bytes);
	if (fflush(stdout)) {
		warn("standard output");
		return 1;
	}
	return 0;
}

int inspect(int argc, char *argv[])
{
	bool json = argc > 1 && !strcmp(argv[1], "--json");

	if (argc != 2 + json || (argv[argc - 1][0] == '-')) {
		warnx("usage: imgbuild inspect [--json] IMAGE");
		return 1;
	}
	return inspect_file(argv[argc - 1], json);
}
