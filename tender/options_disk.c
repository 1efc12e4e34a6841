/* SPDX-License-Identifier: ISC */
#include "options_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_name.h"
#include "log.h"
#include "option_text.h"
#include "options.h"

#define BLOCK_BYTES_DEFAULT 512
#define BLOCK_BYTES_MIN	    512
#define BLOCK_BYTES_MAX	    65536

/* An absolute path without a part that is empty, "." or "..". */
static bool is_plain_path(const char *path)
{
	if (!strcmp(path, "/"))
		return true;
	while (*path == '/') {
		size_t n = strcspn(++path, "/");

		if (!n || n > 255 || !strncmp(path, "..", n < 2 ? 2 : n) ||
		    (n == 1 && *path == '.'))
			return false;
		path += n;
	}
	return !*path;
}

static bool parse_mount(struct disk_option *d, const char *path)
{
	bool none = !strcmp(path, "none");

	if (!none &&
	    (*path != '/' || !is_plain_path(path) || !strcmp(path, "/dev"))) {
		log_error("--disk: mount=%s: expected an absolute path such as "
			  "/srv, not /dev, or none",
			  path);
		return false;
	}
	free(d->mount);
	d->mount = strdup(none ? "" : path);
	if (!d->mount)
		log_error("out of memory");
	return d->mount;
}

static bool parse_disk_part(struct disk_option *d, const char *part)
{
	static const char block_size[] = "block-size=", mount[] = "mount=";
	const char *at = part + strlen(block_size);
	uint64_t n;

	if (!strcmp(part, "ro")) {
		d->read_only = true;
		return true;
	}
	if (!strcmp(part, "map")) {
		d->map = true;
		return true;
	}
	if (!strncmp(part, mount, strlen(mount)))
		return parse_mount(d, part + strlen(mount));
	if (strncmp(part, block_size, strlen(block_size))) {
		log_error("--disk: unknown option '%s'; known are ro, map, "
			  "mount=PATH and block-size=N",
			  part);
		return false;
	}
	if (!option_number(&at, BLOCK_BYTES_MAX, &n) || *at ||
	    n < BLOCK_BYTES_MIN || (n & (n - 1))) {
		log_error("--disk: %s: expected a power of two from %d to %d",
			  part, BLOCK_BYTES_MIN, BLOCK_BYTES_MAX);
		return false;
	}
	d->block_bytes = (uint32_t)n;
	return true;
}

static bool name_disk(struct options *o, struct disk_option *d, char **path)
{
	char *equals = strchr(*path, '=');
	size_t n = equals ? (size_t)(equals - *path) : 0;

	if (device_name_is_good(*path, n)) {
		memcpy(d->name, *path, n);
		*path = equals + 1;
	} else {
		snprintf(d->name, sizeof(d->name), "disk%u", o->disk_count);
	}
	if (!options_name_taken(o, d->name))
		return true;
	log_error("--disk: two devices are named '%s'; give one another name: "
		  "--disk=NAME=PATH",
		  d->name);
	return false;
}

static bool mount_is_free(const struct options *o, const struct disk_option *d)
{
	for (unsigned i = 0; i < o->disk_count; i++) {
		const char *other = o->disk[i].mount;

		if (d->mount && *d->mount && other &&
		    !strcmp(other, d->mount)) {
			log_error("--disk: two disks have mount=%s", other);
			return false;
		}
	}
	return true;
}

bool options_add_disk(struct options *o, const char *arg)
{
	struct disk_option d = {.block_bytes = BLOCK_BYTES_DEFAULT};
	char *copy = strdup(arg), *at = copy, *path;
	bool good = false;

	if (!copy) {
		log_error("out of memory");
		return false;
	}
	if (o->disk_count + o->net_count >= BP_MAX_DEVICES) {
		log_error("--disk: more than %d devices", BP_MAX_DEVICES);
		goto free_copy;
	}
	path = option_next_part(&at);
	if (!name_disk(o, &d, &path))
		goto free_copy;
	if (!*path) {
		log_error("--disk=%s: no path; expected --disk=[NAME=]PATH",
			  arg);
		goto free_copy;
	}
	while (at)
		if (!parse_disk_part(&d, option_next_part(&at)))
			goto free_copy;
	if (!mount_is_free(o, &d))
		goto free_copy;
	d.path = strdup(path);
	good = d.path;
	if (good)
		o->disk[o->disk_count++] = d;
free_copy:
	if (!good)
		free(d.mount);
	free(copy);
	return good;
}
