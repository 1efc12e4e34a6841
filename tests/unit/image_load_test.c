/* SPDX-License-Identifier: ISC */
/*
 * The image loader against bad files that are generated: whatever becomes of
 * a good image, the loader either says in one line why not, or what it takes
 * satisfies an oracle that was written from the specification.
 */
#include "image_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"
#include "guest_memory.h"
#include "image_layout.h"
#include "tap.h"

#define PAGE	  BP_PAGE_BYTES
#define MUTATIONS 250000u

#define WIDE unsigned __int128 /* no sum of what is in a file wraps */

static unsigned accepted, refused;
static int file_fd;

static bool is_one_line(const struct image *image)
{
	size_t n = strnlen(image->error, sizeof(image->error));

	if (n == 0 || n == sizeof(image->error))
		return false;
	for (size_t i = 0; i < n; i++)
		if (image->error[i] < ' ' || image->error[i] > '~')
			return false;
	return true;
}

static unsigned access_of(uint32_t flags)
{
	return (flags & PF_R ? GUEST_READ : 0u) |
	       (flags & PF_W ? GUEST_WRITE : 0u) |
	       (flags & PF_X ? GUEST_EXEC : 0u);
}

static bool name_is_right(const char *name)
{
	size_t n = 0;

	for (; n < BP_DEVICE_NAME_BYTES && name[n]; n++) {
		char c = name[n];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-'))
			return false;
	}
	return n > 0 && n < BP_DEVICE_NAME_BYTES;
}

/* Walks one note segment; counts ABI notes, and devices as the image has. */
static void oracle_notes(const struct image *image, const uint8_t *bytes,
			 const Elf64_Phdr *p, unsigned *abis, unsigned *devices)
{
	uint64_t at = 0;

	while (p->p_filesz - at >= 12) {
		const uint8_t *note = bytes + p->p_offset + at, *desc;
		uint32_t word[3];

		memcpy(word, note, sizeof(word));
		desc = note + 12 + ((WIDE)word[0] + 3) / 4 * 4;
		at += 12 + ((uint64_t)word[0] + 3) / 4 * 4 +
		      ((uint64_t)word[1] + 3) / 4 * 4;
		EXPECT(at <= p->p_filesz, "a note beyond its segment");
		if (at > p->p_filesz)
			return;
		if (word[0] != 4 || memcmp(note + 12, "HVT", 4))
			continue;
		if (word[2] == BP_NOTE_ABI) {
			EXPECT(word[1] == 8 && desc[0] == 1 && !desc[1] &&
				       desc[2] <= BP_ABI_MINOR && !desc[3],
			       "an ABI note of another version");
			++*abis;
		} else if (word[2] == BP_NOTE_DEVICE) {
			EXPECT(word[1] == 36 &&
				       *devices < image->device_count &&
				       !memcmp(desc, &image->device[*devices],
					       36),
			       "a device note got lost");
			++*devices;
		}
	}
}

static void oracle_header(const Elf64_Ehdr *h, size_t n)
{
	static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1};

	EXPECT(n >= 64 && !memcmp(h->e_ident, ident, sizeof(ident)),
	       "not a 64-bit little-endian ELF file");
	EXPECT(h->e_type == 2 && h->e_machine == 62 && h->e_phentsize == 56,
	       "not an executable for x86-64");
	EXPECT(h->e_phnum > 0 && (WIDE)h->e_phoff + h->e_phnum * 56u <= n,
	       "program headers out of the file");
}

static void oracle_segment(const struct image_segment *s, const Elf64_Phdr *p,
			   size_t n, uint64_t *end)
{
	EXPECT(s->gpa == p->p_vaddr && s->file_offset == p->p_offset &&
		       s->file_bytes == p->p_filesz &&
		       s->mem_bytes == p->p_memsz &&
		       s->access == access_of(p->p_flags),
	       "a segment unlike its program header");
	EXPECT((WIDE)s->file_offset + s->file_bytes <= n,
	       "a segment out of the file");
	EXPECT(s->file_bytes <= s->mem_bytes, "more in the file than memory");
	EXPECT(s->gpa >= BP_IMAGE_BASE &&
		       (WIDE)s->gpa + s->mem_bytes <= BP_MEM_MAX_BYTES,
	       "a segment out of memory");
	EXPECT(s->gpa / PAGE * PAGE >= *end, "two segments on a page");
	EXPECT(s->access & GUEST_READ &&
		       (s->access & (GUEST_WRITE | GUEST_EXEC)) !=
			       (GUEST_WRITE | GUEST_EXEC),
	       "access %u", s->access);
	*end = (s->gpa + s->mem_bytes + PAGE - 1) / PAGE * PAGE;
}

/* What an accepted image must be, from the bytes themselves. */
static void oracle(const struct image *image, const uint8_t *bytes, size_t n)
{
	unsigned segments = 0, abis = 0, devices = 0, entries = 0;
	uint64_t end = 0;
	Elf64_Ehdr h;

	memcpy(&h, bytes, sizeof(h));
	oracle_header(&h, n);
	for (unsigned i = 0; i < h.e_phnum; i++) {
		const struct image_segment *s = &image->segment[segments];
		Elf64_Phdr p;

		memcpy(&p, bytes + h.e_phoff + i * sizeof(p), sizeof(p));
		EXPECT(p.p_type != PT_INTERP && p.p_type != PT_DYNAMIC,
		       "dynamic");
		if (p.p_type == PT_NOTE)
			oracle_notes(image, bytes, &p, &abis, &devices);
		if (p.p_type != PT_LOAD || !p.p_memsz)
			continue;
		if (segments++ == image->segment_count)
			break;
		oracle_segment(s, &p, n, &end);
		entries += s->access & GUEST_EXEC && h.e_entry >= s->gpa &&
			   h.e_entry < s->gpa + s->file_bytes;
		if (image->phdr_gpa && image->phdr_gpa >= s->gpa &&
		    image->phdr_gpa < s->gpa + s->file_bytes)
			EXPECT(image->phdr_gpa - s->gpa + s->file_offset ==
				       h.e_phoff,
			       "program headers elsewhere");
	}
	EXPECT(segments == image->segment_count && end == image->end,
	       "%u segments of %u", image->segment_count, segments);
	EXPECT(entries == 1 && image->entry == h.e_entry, "entry not in text");
	EXPECT(abis == 1, "%u ABI notes", abis);
	EXPECT(devices == image->device_count, "%u devices of %u",
	       image->device_count, devices);
	for (unsigned i = 0; i < devices && i < BP_MAX_DEVICES; i++)
		EXPECT(name_is_right(image->device[i].name) &&
			       (image->device[i].kind == BP_DEVICE_BLOCK ||
				image->device[i].kind == BP_DEVICE_NET),
		       "a bad device");
}

/* Whether memory of that size holds the image: memory_map.h. */
static bool model_fits(const struct image *image, uint64_t mem_bytes)
{
	WIDE stack = mem_bytes / 8 / PAGE * PAGE;

	if (stack > 8 << 20)
		stack = 8 << 20;
	return (WIDE)image->end + 0x10000 + PAGE + stack <= mem_bytes;
}

static void check_refused_layout(struct image *image, uint64_t mem_bytes)
{
	struct image_layout layout;
	const char *remedy = strstr(image->error, "--mem=");
	uint64_t enough = remedy ? strtoull(remedy + 6, NULL, 10) << 20 : 0;

	EXPECT(is_one_line(image), "refused without a line");
	EXPECT(!model_fits(image, mem_bytes), "refused, although it fits");
	if (!remedy) {
		EXPECT(!model_fits(image, BP_MEM_MAX_BYTES), "no remedy given");
		return;
	}
	EXPECT(enough <= BP_MEM_MAX_BYTES &&
		       !image_lay_out(image, enough, 0, &layout),
	       "the remedy does not help: %s", image->error);
	EXPECT(enough == BP_MEM_MIN_BYTES ||
		       !model_fits(image, enough - (1 << 20)),
	       "the remedy is more than needed: %s", image->error);
}

static void check_memory(const struct image *image, const uint8_t *bytes,
			 const struct guest_mem *mem)
{
	EXPECT(mem->region_count == image->segment_count + 2,
	       "%u regions for %u segments, heap and stack", mem->region_count,
	       image->segment_count);
	for (unsigned i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segment[i];
		uint64_t start = s->gpa / PAGE * PAGE;
		uint64_t end = (s->gpa + s->mem_bytes + PAGE - 1) / PAGE * PAGE;
		uint64_t zeros = start;

		EXPECT(mem->region[i].start == start &&
			       mem->region[i].end == end &&
			       mem->region[i].access == s->access,
		       "region %u is not that of its segment", i);
		EXPECT(!memcmp(mem->base + s->gpa, bytes + s->file_offset,
			       s->file_bytes),
		       "segment %u was not copied", i);
		for (; zeros < end && zeros < start + 4 * PAGE; zeros++)
			if (zeros < s->gpa || zeros >= s->gpa + s->file_bytes)
				EXPECT(!mem->base[zeros], "not zero at 0x%llx",
				       (unsigned long long)zeros);
	}
}

static void check_load(struct image *image, const uint8_t *bytes,
		       uint64_t mem_bytes)
{
	struct image_layout l;
	struct guest_mem mem;
	uint64_t stack;
	int err = image_lay_out(image, mem_bytes, 0, &l);

	if (err) {
		check_refused_layout(image, mem_bytes);
		return;
	}
	stack = mem_bytes / 8 / PAGE * PAGE;
	EXPECT(model_fits(image, mem_bytes), "laid out where it cannot fit");
	EXPECT(l.heap_start == image->end && l.stack_end == mem_bytes &&
		       l.stack_start ==
			       mem_bytes -
				       (stack < 8 << 20 ? stack : 8 << 20) &&
		       l.heap_end == l.stack_start - PAGE,
	       "heap or stack in a wrong place");
	if (guest_mem_init(&mem, mem_bytes, PAGE))
		_exit(1);
	err = image_add_regions(image, &l, &mem);
	EXPECT(!err, "no regions: %d", err);
	err = image_load(image, &mem);
	EXPECT(!err, "not loaded: %d %s", err, image->error);
	if (!err)
		check_memory(image, bytes, &mem);
	guest_mem_finish(&mem);
}

static void try_file(const void *bytes, size_t n)
{
	static const uint64_t sizes[] = {64ULL << 20, BP_MEM_MIN_BYTES,
					 BP_MEM_MAX_BYTES, 3ULL << 30 | PAGE};
	struct image image;
	int err;

	if (ftruncate(file_fd, 0) || pwrite(file_fd, bytes, n, 0) < 0)
		_exit(1);
	memset(&image, 0x5a, sizeof(image));
	err = image_parse(&image, file_fd);
	if (err) {
		EXPECT(err == -ENOEXEC, "refused with %d", err);
		EXPECT(is_one_line(&image), "refused without a line");
		refused++;
		return;
	}
	oracle(&image, bytes, n);
	/* Not each: memory costs more than all the rest. */
	if (accepted++ % 8 == 0)
		check_load(&image, bytes,
			   sizes[accepted / 8 % COUNT_OF(sizes)]);
}

static void test_good(void)
{
	unsigned before = accepted;

	for (unsigned i = 0; i < 32; i++)
		try_file(&elf_good, sizeof(elf_good));
	EXPECT(accepted == before + 32, "refused");
	promise("a good image is accepted and laid out as the oracle says");
}

static void test_truncated(void)
{
	unsigned before = accepted;

	for (size_t n = 0; n < sizeof(elf_good); n++)
		try_file(&elf_good, n);
	EXPECT(accepted == before, "%u were accepted", accepted - before);
	promise("an image truncated at any byte is refused in one line");
}

static void test_bytes(void)
{
	for (size_t at = 0; at < AT(text); at++) {
		struct elf_file f = elf_good;
		uint8_t *byte = (uint8_t *)&f + at, was = *byte;

		*byte = 0;
		try_file(&f, sizeof(f));
		*byte = 0xff;
		try_file(&f, sizeof(f));
		for (unsigned bit = 0; bit < 8; bit++) {
			*byte = (uint8_t)(was ^ 1u << bit);
			try_file(&f, sizeof(f));
		}
	}
	promise("with any byte of its headers and notes 0, 0xff or a bit off, "
		"an image is refused in one line or right");
}

static uint64_t hostile(unsigned i)
{
	static const uint64_t base[] = {
		0,
		PAGE,
		1ULL << 31,
		1ULL << 32,
		1ULL << 63,
		0xfffffffffffff000ULL,
		BP_IMAGE_BASE,
		BP_MEM_MAX_BYTES,
		BP_MEM_MAX_BYTES - PAGE,
		TEXT_GPA,
		DATA_GPA,
		BP_IMAGE_BASE + PAGE,
		AT(text),
		sizeof(elf_good),
		BP_MEM_MAX_BYTES - 0x2345,
		NOTES_BYTES,
		BP_MEM_MIN_BYTES,
		-(uint64_t)BP_IMAGE_BASE,
		SIZE(text),
		SIZE(data),
		-(uint64_t)DATA_GPA,
	};

	i %= COUNT_OF(base) * 3;
	return base[i / 3] + i % 3 - 1;
}

#define HOSTILE_COUNT 63u

static void test_fields(void)
{
	for (size_t at = AT(eh.e_entry); at < AT(abi_note); at += 8) {
		for (unsigned i = 0; i < HOSTILE_COUNT; i++) {
			struct elf_file f = elf_good;
			uint64_t value = hostile(i);

			memcpy((uint8_t *)&f + at, &value, sizeof(value));
			try_file(&f, sizeof(f));
		}
	}
	promise("with any hostile number in any field of its program headers, "
		"an image is refused in one line or right");
}

static void test_field_pairs(void)
{
	const size_t bytes = sizeof(Elf64_Phdr);

	for (unsigned p = 0; p <= PH_NOTES; p++)
		for (unsigned i = 0; i < HOSTILE_COUNT * HOSTILE_COUNT; i++) {
			struct elf_file f = elf_good;

			f.ph[p].p_vaddr = hostile(i);
			f.ph[p].p_memsz = hostile(i / HOSTILE_COUNT);
			try_file(&f, sizeof(f));
			memcpy(&f.ph[p], &elf_good.ph[p], bytes);
			f.ph[p].p_offset = hostile(i);
			f.ph[p].p_filesz = hostile(i / HOSTILE_COUNT);
			f.ph[p].p_memsz = BP_MEM_MIN_BYTES;
			try_file(&f, sizeof(f));
		}
	promise("so it is with any two of them as address and size");
}

static void mutate(struct elf_file *f, uint64_t *seed)
{
	uint64_t r = random_next(seed), value = hostile((unsigned)(r >> 40));
	uint8_t *bytes = (uint8_t *)f;
	Elf64_Phdr *p = &f->ph[r >> 8 & 3], *q = &f->ph[(r >> 10) % PH_COUNT];

	switch (r % 8) {
	case 0:
		bytes[(r >> 8) % AT(text)] = (uint8_t)(r >> 32);
		break;
	case 1:
		memcpy(bytes + AT(eh.e_entry) + (r >> 8) % 45 * 8, &value, 8);
		break;
	case 2: /* in the notes, a word that stays small */
		bytes[AT(abi_note) + (r >> 8) % (NOTES_BYTES / 4) * 4] =
			(uint8_t)(r >> 32 & 63);
		break;
	case 3:
		*q = *p;
		break;
	case 4:
		p->p_vaddr += (value = random_next(seed) % 5) * PAGE;
		break;
	case 5:
		p->p_flags = (uint32_t)(r >> 32 & 7);
		break;
	case 6:
		p->p_filesz = random_next(seed) % AT(data);
		p->p_memsz = random_next(seed) % (4 * PAGE);
		break;
	default:
		f->eh.e_entry = BP_IMAGE_BASE + random_next(seed) % (4 * PAGE);
	}
}

static void test_mutations(void)
{
	uint64_t seed = 42;
	unsigned before = accepted;

	for (unsigned i = 0; i < MUTATIONS; i++) {
		struct elf_file f = elf_good;
		size_t n = sizeof(f);

		for (unsigned j = 0; j <= i % 4; j++)
			mutate(&f, &seed);
		if (i % 64 == 0)
			n = random_next(&seed) % n;
		try_file(&f, n);
	}
	/* Else the oracle had nothing to judge, or the mutations were tame. */
	EXPECT(accepted - before > MUTATIONS / 100, "%u were accepted",
	       accepted - before);
	EXPECT(accepted - before < MUTATIONS / 2, "%u were accepted",
	       accepted - before);
	promise("so it is after 250,000 random mutations");
}

int main(void)
{
	file_fd = elf_open("", 0);
	test_good();
	test_truncated();
	test_bytes();
	test_fields();
	test_field_pairs();
	test_mutations();
	printf("# %u files accepted, %u refused\n", accepted, refused);
	return promises_end();
}
