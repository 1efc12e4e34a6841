/* SPDX-License-Identifier: ISC */
/*
 * Image loader.
 *
 * THEORY OF OPERATION
 * image_parse() reads the ELF header, the program headers and the notes once
 * into its own memory and checks those copies; nothing is used that was not
 * checked, and no sum is formed that could wrap (checks subtract). Whatever a
 * well-formed image never has is refused rather than interpreted. Section
 * headers are not looked at.
 */
#include "image_load.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device_name.h"
#include "guest_memory.h"
#include "image_layout.h"
#include "memory_map.h"

#define NOTES_MAX_BYTES 8192
#define PHDRS_MAX	24

static int refuse(struct image *image, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(struct image *image, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(image->error, sizeof(image->error), fmt, args);
	va_end(args);
	return -ENOEXEC;
}

static uint64_t page_floor(uint64_t n)
{
	return n & ~(BP_PAGE_BYTES - 1);
}

static uint64_t page_ceil(uint64_t n)
{
	return page_floor(n + BP_PAGE_BYTES - 1);
}

/* All of [offset, offset + bytes), which the caller knows is in the file. */
static int read_at(int fd, void *to, uint64_t bytes, uint64_t offset)
{
	uint8_t *at = to;

	while (bytes) {
		ssize_t n = pread(fd, at, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENODATA;
		at += n;
		offset += (uint64_t)n;
		bytes -= (uint64_t)n;
	}
	return 0;
}

static bool in_file(uint64_t offset, uint64_t bytes, uint64_t file_bytes)
{
	return bytes <= file_bytes && offset <= file_bytes - bytes;
}

static int check_header(struct image *image, const Elf64_Ehdr *h)
{
	if (h->e_ident[EI_CLASS] != ELFCLASS64 ||
	    h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_machine != EM_X86_64)
		return refuse(image,
			      "built for another machine (ELF machine %u); "
			      "rebuild it with imgbuild for x86-64",
			      h->e_machine);
	if (h->e_type == ET_DYN)
		return refuse(image, "a dynamic or position-independent "
				     "executable; build it with imgbuild");
	if (h->e_type != ET_EXEC)
		return refuse(image, "an ELF file, but not an executable; "
				     "build an image with imgbuild");
	if (h->e_version != EV_CURRENT || h->e_ehsize != sizeof(*h) ||
	    h->e_phentsize != sizeof(Elf64_Phdr))
		return refuse(image, "damaged ELF header; build it again");
	if (h->e_phnum == 0 || h->e_phnum > PHDRS_MAX)
		return refuse(image,
			      "%u program headers, where 1 to %d are allowed",
			      h->e_phnum, PHDRS_MAX);
	return 0;
}

static unsigned segment_access(const Elf64_Phdr *p)
{
	return (p->p_flags & PF_R ? GUEST_READ : 0u) |
	       (p->p_flags & PF_W ? GUEST_WRITE : 0u) |
	       (p->p_flags & PF_X ? GUEST_EXEC : 0u);
}

static int add_segment(struct image *image, const Elf64_Phdr *p,
		       uint64_t file_bytes)
{
	unsigned access = segment_access(p), n = image->segment_count;
	unsigned long long at = p->p_vaddr;

	if (p->p_memsz == 0)
		return 0;
	if (n == IMAGE_MAX_SEGMENTS)
		return refuse(image, "more than %d segments",
			      IMAGE_MAX_SEGMENTS);
	if (p->p_filesz > p->p_memsz)
		return refuse(image,
			      "segment at 0x%llx: larger in the file "
			      "than in memory; build it again",
			      at);
	if (!in_file(p->p_offset, p->p_filesz, file_bytes))
		return refuse(image,
			      "segment at 0x%llx reaches past the end "
			      "of the file: truncated; build it again",
			      at);
	if (p->p_vaddr < BP_IMAGE_BASE || p->p_memsz > BP_MEM_MAX_BYTES ||
	    p->p_vaddr > BP_MEM_MAX_BYTES - p->p_memsz)
		return refuse(image,
			      "segment at 0x%llx (0x%llx bytes) lies "
			      "outside guest memory; build it with "
			      "imgbuild",
			      at, (unsigned long long)p->p_memsz);
	if (!(access & GUEST_READ))
		return refuse(image,
			      "segment at 0x%llx is not readable; "
			      "build it with imgbuild",
			      at);
	if ((access & GUEST_WRITE) && (access & GUEST_EXEC))
		return refuse(image,
			      "segment at 0x%llx is both writable and "
			      "executable; build it with imgbuild",
			      at);
	if (page_floor(p->p_vaddr) < image->end)
		return refuse(image,
			      "segment at 0x%llx overlaps the one "
			      "before it or is out of order; build it "
			      "with imgbuild",
			      at);
	image->segment[n] = (struct image_segment){
		.gpa = p->p_vaddr,
		.file_offset = p->p_offset,
		.file_bytes = p->p_filesz,
		.mem_bytes = p->p_memsz,
		.access = access,
	};
	image->segment_count = n + 1;
	image->end = page_ceil(p->p_vaddr + p->p_memsz);
	return 0;
}

static int add_note(struct image *image, uint32_t type, const uint8_t *desc,
		    uint32_t bytes)
{
	struct bp_note_device *d = &image->device[image->device_count];

	switch (type) {
	case BP_NOTE_ABI:
		if (bytes != sizeof(image->abi) || image->has_abi)
			return refuse(image,
				      "damaged ABI note; build it again");
		memcpy(&image->abi, desc, sizeof(image->abi));
		image->has_abi = true;
		return 0;
	case BP_NOTE_DEVICE:
		if (image->device_count == BP_MAX_DEVICES)
			return refuse(image, "declares more than %d devices",
				      BP_MAX_DEVICES);
		if (bytes != sizeof(*d))
			return refuse(image, "damaged device note; build it "
					     "again");
		memcpy(d, desc, sizeof(*d));
		if (!device_name_is_good(d->name,
					 strnlen(d->name, sizeof(d->name))) ||
		    (d->kind != BP_DEVICE_BLOCK && d->kind != BP_DEVICE_NET))
			return refuse(image, "declares a device this tender "
					     "does not know; use a newer one");
		image->device_count++;
		return 0;
	default:
		return 0; /* a later minor version may add notes */
	}
}

/* For reports only: one that is too long is as good as none. */
static void keep_build_id(struct image *image, const uint8_t *id, uint32_t n)
{
	if (n > sizeof(image->build_id))
		return;
	memcpy(image->build_id, id, n);
	image->build_id_bytes = n;
}

/* System V gABI chapter 5, "Note Section", with 4-byte alignment. */
static int parse_notes(struct image *image, const uint8_t *at, uint64_t left)
{
	while (left >= sizeof(Elf64_Nhdr)) {
		uint64_t name, desc;
		Elf64_Nhdr h;
		int err;

		memcpy(&h, at, sizeof(h));
		at += sizeof(h);
		left -= sizeof(h);
		name = ((uint64_t)h.n_namesz + 3) & ~3ULL;
		desc = ((uint64_t)h.n_descsz + 3) & ~3ULL;
		if (name > left || desc > left - name)
			return refuse(image, "damaged notes; build it again");
		if (h.n_namesz == BP_NOTE_NAME_BYTES &&
		    !memcmp(at, BP_NOTE_NAME, BP_NOTE_NAME_BYTES)) {
			err = add_note(image, h.n_type, at + name, h.n_descsz);
			if (err)
				return err;
		} else if (h.n_type == NT_GNU_BUILD_ID &&
			   h.n_namesz == sizeof(ELF_NOTE_GNU) &&
			   !memcmp(at, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)))
			keep_build_id(image, at + name, h.n_descsz);
		at += name + desc;
		left -= name + desc;
	}
	return 0;
}

static int read_notes(struct image *image, const Elf64_Phdr *p,
		      uint64_t file_bytes)
{
	uint8_t notes[NOTES_MAX_BYTES];
	int err;

	if (!in_file(p->p_offset, p->p_filesz, file_bytes))
		return refuse(image, "notes reach past the end of the file: "
				     "truncated; build it again");
	if (p->p_filesz > sizeof(notes))
		return refuse(image, "notes are longer than %d bytes",
			      NOTES_MAX_BYTES);
	err = read_at(image->fd, notes, p->p_filesz, p->p_offset);
	return err ? err : parse_notes(image, notes, p->p_filesz);
}

static int check_whole(struct image *image, uint64_t phoff, uint64_t ph_bytes)
{
	bool entry_found = false;

	for (unsigned i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segment[i];

		if ((s->access & GUEST_EXEC) && image->entry >= s->gpa &&
		    image->entry - s->gpa < s->file_bytes)
			entry_found = true;
		if (phoff >= s->file_offset &&
		    in_file(phoff - s->file_offset, ph_bytes, s->file_bytes))
			image->phdr_gpa = s->gpa + (phoff - s->file_offset);
	}
	if (!image->has_abi)
		return refuse(image, "no ABI note: not an image for this "
				     "tender; build it with imgbuild");
	if (image->abi.major != BP_ABI_MAJOR || image->abi.minor > BP_ABI_MINOR)
		return refuse(image,
			      "built for ABI %u.%u, but this tender speaks "
			      "%d.%d; rebuild one of the two",
			      image->abi.major, image->abi.minor, BP_ABI_MAJOR,
			      BP_ABI_MINOR);
	if (!entry_found)
		return refuse(image,
			      "entry point 0x%llx is not in an "
			      "executable segment; build it with "
			      "imgbuild",
			      (unsigned long long)image->entry);
	return 0;
}

/* Reads the ELF header, told apart from other kinds of file. */
static int read_header(struct image *image, Elf64_Ehdr *h, uint64_t file_bytes)
{
	uint64_t n = file_bytes < sizeof(*h) ? file_bytes : sizeof(*h);
	int err;

	memset(h, 0, sizeof(*h));
	err = read_at(image->fd, h, n, 0);
	if (err)
		return err;
	if (n == 0)
		return refuse(image, "an empty file; build an image with "
				     "imgbuild");
	if (memcmp(h->e_ident, ELFMAG, n < SELFMAG ? n : SELFMAG))
		return refuse(image, "not an ELF file; build an image with "
				     "imgbuild");
	if (n < sizeof(*h))
		return refuse(image, "truncated ELF header; build it again");
	return check_header(image, h);
}

int image_parse(struct image *image, int fd)
{
	Elf64_Phdr ph[PHDRS_MAX];
	uint64_t ph_bytes, file_bytes;
	struct stat st;
	Elf64_Ehdr h;
	int err;

	memset(image, 0, sizeof(*image));
	image->fd = fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return refuse(image, "a directory; name an image file");
	if (!S_ISREG(st.st_mode))
		return refuse(image, "not a regular file; name an image file");
	file_bytes = (uint64_t)st.st_size;
	err = read_header(image, &h, file_bytes);
	if (err)
		return err;
	ph_bytes = h.e_phnum * sizeof(ph[0]);
	if (!in_file(h.e_phoff, ph_bytes, file_bytes))
		return refuse(image, "program headers reach past the end of "
				     "the file: truncated; build it again");
	err = read_at(fd, ph, ph_bytes, h.e_phoff);
	if (err)
		return err;
	image->entry = h.e_entry;
	image->phdr_count = h.e_phnum;
	for (unsigned i = 0; i < h.e_phnum; i++) {
		if (ph[i].p_type == PT_INTERP || ph[i].p_type == PT_DYNAMIC)
			return refuse(image, "a dynamic executable; build it "
					     "with imgbuild");
		if (ph[i].p_type == PT_LOAD)
			err = add_segment(image, &ph[i], file_bytes);
		else if (ph[i].p_type == PT_NOTE)
			err = read_notes(image, &ph[i], file_bytes);
		if (err)
			return err;
	}
	return check_whole(image, h.e_phoff, ph_bytes);
}

int image_add_regions(const struct image *image,
		      const struct image_layout *layout, struct guest_mem *mem)
{
	const unsigned access = GUEST_READ | GUEST_WRITE;
	int err = 0;

	for (unsigned i = 0; !err && i < image->segment_count; i++) {
		const struct image_segment *s = &image->segment[i];

		err = guest_mem_add_region(mem, page_floor(s->gpa),
					   page_ceil(s->gpa + s->mem_bytes),
					   s->access);
	}
	if (!err)
		err = guest_mem_add_region(mem, layout->heap_start,
					   layout->heap_end, access);
	if (!err)
		err = guest_mem_add_region(mem, layout->stack_start,
					   layout->stack_end, access);
	return err;
}

int image_load(struct image *image, struct guest_mem *mem)
{
	int err = 0;

	for (unsigned i = 0; !err && i < image->segment_count; i++) {
		const struct image_segment *s = &image->segment[i];
		void *to =
			guest_mem_range(mem, s->gpa, s->file_bytes, GUEST_READ);

		err = to ? read_at(image->fd, to, s->file_bytes, s->file_offset)
			 : -EINVAL;
	}
	if (err == -ENODATA)
		return refuse(image, "became shorter while it was loaded");
	return err;
}
