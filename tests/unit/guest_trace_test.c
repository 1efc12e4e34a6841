/* SPDX-License-Identifier: ISC */
/*
 * Records of system calls as a guest may write them: well, and in any other
 * way. Whatever they are, what comes out is a timeline, and soon.
 */
#include "guest_trace.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "machine.h"
#include "memory_map.h"
#include "syscall_trace.h"
#include "tap.h"
#include "trace.h"

#define MEM_BYTES 0x200000ULL
#define BOOT_END  0x12345ULL
#define WILD	  20000u
#define OPEN	  0x100100ULL
#define WRITE	  0x100200ULL
#define READ	  0x100300ULL
#define EXIT	  0x100400ULL
#define STRINGS                                            \
	"\0__rt_sys_open\0__rt_sys_write\0__rt_sys_read\0" \
	"__rt_sys_exit_group\0__rt_sys_made_up"

/* A debug file with these symbols. */
static const struct file {
	Elf64_Ehdr eh;
	Elf64_Shdr sh[3];
	Elf64_Sym symbol[5];
	char strings[sizeof(STRINGS)];
} file = {
	.eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
	       .e_shoff = offsetof(struct file, sh),
	       .e_shentsize = sizeof(Elf64_Shdr),
	       .e_shnum = 3},
	.sh = {{0},
	       {.sh_type = SHT_SYMTAB,
		.sh_offset = offsetof(struct file, symbol),
		.sh_size = sizeof(file.symbol),
		.sh_link = 2},
	       {.sh_type = SHT_STRTAB,
		.sh_offset = offsetof(struct file, strings),
		.sh_size = sizeof(STRINGS)}},
	.symbol = {{.st_name = 1, .st_shndx = 1, .st_value = OPEN},
		   {.st_name = 15, .st_shndx = 1, .st_value = WRITE},
		   {.st_name = 30, .st_shndx = 1, .st_value = READ},
		   {.st_name = 44, .st_shndx = 1, .st_value = EXIT},
		   {.st_name = 64, .st_shndx = 1, .st_value = 0x100500}},
	.strings = STRINGS,
};

static struct machine m;
static struct trace trace;
static struct guest_trace *guest;
static struct bp_trace_buffer *buffer;
static uint32_t room;
static uint64_t now_ns;

static int memory_file(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fd < 0)
		exit(1);
	return fd;
}

static void begin(void)
{
	const struct bp_trace *wanted;
	uint32_t bytes;
	int err;

	m.symbols = (struct symbol_file){memory_file(), sizeof(file)};
	trace = (struct trace){
		.kinds = TRACE_SYSCALLS,
		.json = true,
		.fd = memory_file(),
		.start_ns = 1000,
	};
	now_ns = 1000;
	if (write(m.symbols.fd, &file, sizeof(file)) != sizeof(file) ||
	    guest_mem_init(&m.mem, MEM_BYTES, 0))
		exit(1);
	guest = guest_trace_create(&m, &trace, &err);
	if (!guest || guest_trace_reserve(guest, &m.mem, BOOT_END))
		exit(1);
	wanted = guest_trace_wanted(guest, &bytes);
	buffer = (void *)(m.mem.base + wanted->buffer_gpa);
	room = wanted->buffer_bytes - (uint32_t)sizeof(*buffer);
	guest_trace_begin(guest, 1000000000);
}

static void take(void)
{
	now_ns += 100;
	guest_trace_take(guest, &m.mem, now_ns);
}

/* All that was written, which is to be freed. */
static char *end(void)
{
	off_t bytes;
	char *text;

	guest_trace_finish(guest, now_ns);
	guest_trace_destroy(guest);
	trace_finish(&trace);
	bytes = lseek(trace.fd, 0, SEEK_CUR);
	text = calloc(1, (size_t)bytes + 1);
	if (!text || pread(trace.fd, text, (size_t)bytes, 0) != bytes)
		exit(1);
	close(trace.fd);
	close(m.symbols.fd);
	guest_mem_finish(&m.mem);
	return text;
}

static void put(const void *data, size_t bytes)
{
	memcpy((char *)(buffer + 1) + buffer->used, data, bytes);
	buffer->used += (uint32_t)bytes;
}

static void put_call(uint32_t thread, uint64_t function, uint64_t a, uint64_t b,
		     uint64_t c, const char *data)
{
	uint16_t length = (uint16_t)strlen(data);
	size_t padded = length ? (length + 2U + 7U) / 8U * 8U : 0;
	struct bp_trace_record r = {
		.bytes = (uint16_t)(sizeof(r) + 48 + padded),
		.kind = BP_TRACE_CALL,
		.thread = thread,
		.counter = now_ns + 50,
		.value = function,
	};
	const uint64_t arg[BP_TRACE_ARGS] = {a, b, c};
	char all[64] = "";

	memcpy(all, &length, sizeof(length));
	memcpy(all + sizeof(length), data, length);
	put(&r, sizeof(r));
	put(arg, sizeof(arg));
	put(all, padded);
}

static void put_result(uint32_t thread, int64_t result)
{
	struct bp_trace_record r = {
		.bytes = sizeof(r),
		.kind = BP_TRACE_RESULT,
		.thread = thread,
		.counter = now_ns + 60,
		.value = (uint64_t)result,
	};

	put(&r, sizeof(r));
}

static void has(const char *text, const char *wanted)
{
	EXPECT(strstr(text, wanted), "no %s in %s", wanted, text);
}

static void test_order(void)
{
	char *text;

	begin();
	put_call(1, WRITE, 1, 0x1000, 3, "a\"b");
	put_call(7, OPEN, 0x1000, 0100, 0600, "/x");
	take();
	put_result(1, 3);
	put_result(9, 5);
	put_result(7, -2);
	put_result(7, 4);
	take();
	EXPECT(!buffer->used, "%u bytes are left", buffer->used);
	text = end();
	has(text, "\"write(1, \\\"a\\\\\\\"b\\\", 3) = 3\"");
	has(text, "\"open(\\\"/x\\\", O_RDONLY|O_CREAT, 0600) = -1 ENOENT (");
	EXPECT(!strstr(text, "= 5") && !strstr(text, "= 4"),
	       "a result without a call: %s", text);
	free(text);
	promise("calls get the result of their own thread, also later");
}

static void test_ends(void)
{
	char *text;

	begin();
	put_call(1, EXIT, 3, 0, 0, "");
	put_call(5, READ, 0, 0x1000, 8, "");
	put_call(5 + 1024, READ, 1, 0x1000, 8, "");
	put_call(5 + 1024, READ, 2, 0x1000, 8, "");
	put_call(6, 0x100500, 2, 0x1000, 8, "");
	put_call(6, 0, 2, 0x1000, 8, "");
	take();
	text = end();
	has(text, "exit_group(3) = ?");
	for (int i = 0; i < 3; i++) {
		char call[64];

		snprintf(call, sizeof(call),
			 "\"read(%d, 0x1000, 8 <unfinished ...>\"", i);
		has(text, call);
	}
	EXPECT(!strstr(text, "made_up"), "a name that is not ours: %s", text);
	free(text);
	promise("calls that never return are told");
}

static void test_lengths(void)
{
	static const struct {
		uint16_t bytes, kind;
	} bad[] = {
		{0, BP_TRACE_CALL},
		{8, BP_TRACE_RESULT},
		{24, BP_TRACE_CALL},
		{64, BP_TRACE_CALL},
		{73, BP_TRACE_CALL},
		{25, BP_TRACE_RESULT},
		{1632, BP_TRACE_CALL},
		{0xfff8, BP_TRACE_RESULT},
		{72, 0},
		{72, 3},
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct bp_trace_record r = {
			.bytes = bad[i].bytes,
			.kind = bad[i].kind,
			.value = READ,
		};
		char *text;

		begin();
		put_call(1, READ, 42, 0, 0, "");
		put(&r, sizeof(r));
		buffer->used += 4096 - sizeof(r);
		put_call(2, READ, 43, 0, 0, "");
		take();
		text = end();
		has(text, "read(42, ");
		EXPECT(!strstr(text, "read(43, ") && !strstr(text, "read(0, "),
		       "%u bytes, kind %u: %s", r.bytes, r.kind, text);
		free(text);
	}
	begin();
	buffer->used = UINT32_MAX;
	take();
	EXPECT(!buffer->used, "%u bytes are left", buffer->used);
	free(end());
	promise("behind a record that is none, nothing is believed");
}

/* The longest record, and one whose data says that it is longer. */
static void test_data(void)
{
	union {
		struct bp_trace_record head;
		uint8_t bytes[BP_TRACE_RECORD_MAX];
	} r = {.head = {.bytes = sizeof(r),
			.kind = BP_TRACE_CALL,
			.value = OPEN}};
	char *text;

	memset(r.bytes + sizeof(r.head) + 48, 0xfe,
	       sizeof(r) - sizeof(r.head) - 48);
	begin();
	for (uint32_t i = 0; i < 100; i++) {
		r.head.thread = i;
		put(&r, sizeof(r));
	}
	take();
	text = end();
	has(text, "open(\\\"\\\\xfe\\\\xfe");
	EXPECT(strstr(text, "\n]\n"), "it does not end: %s", text);
	free(text);
	promise("data reaches no further than its record");
}

/* Every line is an event; what the guest wrote is quoted, or gone. */
static void check_lines(char *text)
{
	unsigned count = 0;

	EXPECT(text[0] == '[', "begins with %c", text[0]);
	for (char *line = strtok(text + 1, "\n"); line;
	     line = strtok(NULL, "\n")) {
		size_t n = strlen(line);

		if (!strcmp(line, "]"))
			continue;
		if (line[n - 1] == ',')
			n--;
		for (size_t i = 0; i < n; i++)
			EXPECT(line[i] >= ' ' && line[i] <= '~',
			       "line %u has byte %d", count, line[i]);
		EXPECT(!strncmp(line, "{\"name\":\"", 9) &&
			       !strncmp(line + n - 3, "\"}}", 3),
		       "line %u: %s", count, line);
		count++;
	}
	EXPECT(count > WILD / 10, "only %u events", count);
}

static void test_wild(void)
{
	static const uint64_t functions[] = {OPEN, WRITE, READ, EXIT, 0, 1};
	uint64_t seed = 1;
	char *text;

	begin();
	for (unsigned i = 0; i < WILD; i++) {
		uint32_t n = (uint32_t)(random_next(&seed) % 2000 & ~7ULL);
		uint64_t *words = (void *)(buffer + 1);

		for (uint32_t j = 0; j < n / 8; j++)
			words[j] = random_next(&seed);
		/* One after the other that are nearly right. */
		for (uint32_t at = 0; at + 24 <= n;) {
			struct bp_trace_record *r = (void *)&words[at / 8];

			r->kind = (uint16_t)(1 + random_next(&seed) % 2);
			r->bytes = (uint16_t)(24 + random_next(&seed) % 20 * 8);
			r->thread %= 8;
			r->value = functions[random_next(&seed) % 6];
			at += r->bytes;
		}
		buffer->used = n + (random_next(&seed) % 64 ? 0 : 16);
		take();
	}
	text = end();
	check_lines(text);
	free(text);
	promise("wild records make a good timeline");
}

int main(void)
{
	log_set_level(LOG_ERROR);
	log_set_file(memory_file());
	test_order();
	test_ends();
	test_lengths();
	test_data();
	test_wild();
	return promises_end();
}
