-- SPDX-License-Identifier: ISC
-- Lua's io and os on files: what it prints must not depend on what it runs
-- on. The argument is a directory that is empty at first, and at the end.
local directory = ...
local function path(name) return directory .. "/" .. name end

-- Messages name files; their directory does not matter.
local function show(...)
	local results = table.pack(...)
	for i = 1, results.n do
		results[i] = tostring(results[i]):gsub("[^%s]*/", ""):gsub("%(0x%x+%)", "(address)")
	end
	print(table.concat(results, " ", 1, results.n))
end

local function put(name, text)
	local file = assert(io.open(path(name), "wb"))
	assert(file:write(text))
	assert(file:close())
end

local function get(name)
	local file = assert(io.open(path(name), "rb"))
	local text = file:read("a")
	file:close()
	return text
end

print("-- modes")
show(io.open(path("a"), "r"))
put("a", "one\ntwo\n")
for _, mode in ipairs {"r", "r+", "w+", "a", "a+", "w", "rb", "r+b", "w+b"} do
	put("a", "one\ntwo\n")
	local file, why = io.open(path("a"), mode)
	show(mode, io.type(file), why)
	if file then
		show("read", (file:read("l")))
		show("write", file:seek("set", 1) and file:write("XY"))
		show("position", file:seek("cur"), file:seek("end"), file:seek("set"))
		show("all", (file:read("a")))
		file:close()
		show(("%q"):format(get("a")))
	end
end
show(pcall(io.open, path("a"), "q"))
show(pcall(io.open, path("a"), "wr"))
show(io.open(path("no/such"), "w"))
show(select(3, io.open(directory, "w")))
local opened = io.open(directory, "r")
show(opened and opened:read(1))
if opened then opened:close() end
show(io.open(path(("n"):rep(300)), "w"))
show(io.open("", "r"))

print("-- reading")
put("b", "12 0x1f -3.5e2 nan\nline two\n\n  7\nlast without newline")
local file = io.open(path("b"))
show(file:read("n", "n", "n", "n"))
show(file:read("l"))
show(file:read("L"))
show(file:read("l", "n", "l"))
show(file:read(0), file:read(4), file:read(100), file:read(0), file:read("a"), file:read("l"))
show(file:read(1), file:seek("set", 3), file:read(4))
show(pcall(file.read, file, "x"))
show(pcall(file.seek, file, "set", -1))
show(file:close(), io.type(file), io.type(42), tostring(file))
show(pcall(file.read, file))
local lines = {}
for line in io.lines(path("b")) do lines[#lines + 1] = line end
show(#lines, table.concat(lines, "|"))
for a, b in io.lines(path("b"), 1, "L") do io.write(("%q %q "):format(a, b)) end
print()
for chunk in io.lines(path("b"), 16) do io.write(#chunk, " ") end
print()
show(pcall(io.lines, path("none")))
local iterator = io.lines(path("b"))
while iterator() do end
show(pcall(iterator))

print("-- writing")
file = assert(io.open(path("c"), "w"))
show(file:write(1, " ", 2.5, " ", "text", "\0", "end\n") == file, file:seek())
show(file:setvbuf("no"), file:setvbuf("full", 1024), file:setvbuf("line"))
file:write("line\n")
show(#get("c"))
file:setvbuf("full", 65536)
file:write("kept back")
show(#get("c"))
show(file:flush() == file, #get("c"))
show(file:seek("set", 100000), file:write("far"), file:close())
local sparse = get("c")
show(#sparse, sparse:sub(-3), sparse:sub(50000, 50010) == ("\0"):rep(11))
local reader = io.open(path("c"), "r")
show(reader:write("refused"))
reader:close()
show(pcall(reader.write, reader, "closed"))

print("-- large")
local pattern, hash = {}, 0
for i = 1, 1 << 16 do pattern[i] = ("%08x\n"):format(i * 2654435761 & 0xffffffff) end
pattern = table.concat(pattern)
file = assert(io.open(path("large"), "wb"))
for _ = 1, 8 do assert(file:write(pattern)) end
show(file:seek("cur"))
file:close()
file = assert(io.open(path("large"), "r+b"))
for i = 1, 200 do
	local at = i * 7919 * 97 % (#pattern * 8 - 16)
	file:seek("set", at)
	local piece = file:read(16)
	file:seek("set", at)
	file:write(piece:reverse())
end
file:seek("set")
while true do
	local block = file:read(65536)
	if not block then break end
	for at = 1, #block, 8 do
		hash = (hash * 31 + (block:byte(at) or 0)) & 0xffffffffffff
	end
end
show(file:seek("end"), hash)
file:close()
local n, longest = 0, 0
for line in io.lines(path("large")) do
	n = n + 1
	longest = math.max(longest, #line)
end
show(n, longest)

print("-- names")
show(os.rename(path("c"), path("d")), io.open(path("c")))
show(os.rename(path("none"), path("e")))
put("e", "old")
show(os.rename(path("d"), path("e")), #get("e"))
show(os.rename(path("e"), path("e")), #get("e"))
show(os.rename(path("e"), path("no/such")))
show(os.remove(path("none")))
show(os.remove(path("e")), io.open(path("e")))
show((os.remove(directory)))
file = assert(io.open(path("f"), "w+"))
show(os.remove(path("f")), file:write("still there"), file:seek("set"), file:read("a"))
show(io.open(path("f")))
file:close()
local name = os.tmpname()
show(name:match("^/tmp/lua_%w+$") ~= nil, io.open(name):close(), os.remove(name))
file = io.tmpfile()
show(file:write("temporary"), file:seek("set", 4), file:read("a"))
file:close()
put("space in name", "1")
put("nam\xc3\xa9", "2")
put("new\nline", "3")
show(get("space in name"), get("nam\xc3\xa9"), get("new\nline"))
for _, odd in ipairs {"space in name", "nam\xc3\xa9", "new\nline"} do
	show(os.remove(path(odd)))
end

print("-- many")
local files = {}
for i = 1, 200 do
	files[i] = assert(io.open(path("many" .. i), "w+"))
	files[i]:write(i)
end
local sum = 0
for i = 1, 200 do
	files[i]:seek("set")
	sum = sum + files[i]:read("n")
	files[i]:close()
	assert(os.remove(path("many" .. i)))
end
show(sum)
for i = 1, 1000 do
	put("small", ("x"):rep(i))
	assert(#get("small") == i)
end
show(get("small") == ("x"):rep(1000))
do
	local closed <close> = assert(io.open(path("small")))
	show(io.type(closed))
end
io.output(path("small"))
io.write("by default")
show(io.type(io.output()))
io.close()
io.output(io.stdout)
io.input(path("small"))
show(io.read("a"))
io.close(io.input())
io.input(io.stdin)
for _, left in ipairs {"a", "b", "large", "small"} do
	show(os.remove(path(left)))
end
show(os.remove(path("small")))
