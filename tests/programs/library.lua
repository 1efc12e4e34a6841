-- SPDX-License-Identifier: ISC
-- The Lua library but for files: what it prints must not depend on what it
-- runs on. The argument is a directory for modules.
local directory = ...

local function message(text)
	return (tostring(text):gsub("[^%s]*/", ""))
end

local function try(f, ...)
	local results = table.pack(pcall(f, ...))
	for i = 1, results.n do
		results[i] = message(results[i])
	end
	print(table.concat(results, " ", 1, results.n))
end

print("-- string")
print(("%5d|%-5d|%05d|%+d|%x|%X|%#x|%o"):format(42, 42, 42, 42, 255, 255, 255, 8))
print(("%5.2f|%e|%g|%g|%g|%a"):format(3.14159, 12345.678, 1e20, 1e-5, 0.1, 1.5))
print(("%10s|%-10s|%.3s|%c|%i|%u"):format("right", "left", "truncate", 65, 7, 8))
print(("%q"):format("a\n\0b\"\\\r\t\200"), ("%q"):format(1 / 3),
	("%q"):format(math.mininteger), ("%q"):format(1 / 0))
print(("%s %s %s"):format(nil, true, 1.0), ("%.14g"):format(0.1), ("%.17g"):format(0.1))
print(("%.99f"):format(1 / 3))
print(("%.20s"):format(("long"):rep(1000)))
try(string.format, "%d", 1.5)
try(string.format, "%y", 1)
try(string.format, "%d")
print(("hello world"):find("o w"), ("hello"):find("l+"), ("a.b"):find(".", 1, true))
print(("hello"):match("(h)(.)(l+)()"), ("  trim  "):match("^%s*(.-)%s*$") .. "|")
print(("key = value"):match("^(%w+)%s*=%s*(%w+)$"))
print(("THE (quick) fox"):find("%((%a+)%)"), ("[[x]]"):match("%b[]"))
print(("THE (quick) fox"):gsub("%f[%a]%a+", string.lower))
print(("hello world"):gsub("o", "0", 1), ("abc"):gsub("", "-"), ("abc"):gsub("%w", "%0%0"))
print(("$name is $age"):gsub("%$(%w+)", {name = "Lua", age = 30}))
print(("x"):rep(3, ","), ("abc"):reverse(), ("abc"):upper(), ("ABC"):lower(), #"\0\0")
print(("abc"):byte(1, -1), string.char(72, 105), ("abc"):sub(-2), ("abc"):sub(2, 10))
for word, number in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do io.write(word, number, " ") end
print()
try(string.gsub, "x", "(", "")
try(string.gsub, "x", "x", "%2")
try(string.find, "x", "[a")
print(("a"):rep(300000):find(("a?"):rep(20) .. ("a"):rep(20)))
try(string.match, ("a"):rep(300000), ("(a)"):rep(40))
local packed = string.pack("<i1 i2 i4 i8 >i4 f d n j z s1 s4 !8 i8 Xi4", -1, -2, -3,
	-4, 5, 1.5, 2.5, 3.5, 6, "zero", "one", "four", 7)
print(#packed, (packed:gsub(".", function(c) return ("%02x"):format(c:byte()) end)))
print(string.unpack("<i1 i2 i4 i8 >i4 f d n j z s1 s4 !8 i8", packed))
print(string.packsize("<!4 b i4 d"), string.packsize("i16"))
try(string.pack, "i1", 200)
try(string.unpack, "i4", "abc")
for i = 1, 200 do
	local n = (i * 2654435761) % (1 << 56) - (1 << 55)
	assert(string.unpack("<i7", string.pack("<i7", n)) == n)
end

print("-- numbers as text")
for _, text in ipairs {"10", " 0x1F ", "1e2", "0x.8p1", "1e", "", " ", "1 2", "inf",
	"nan", "9223372036854775807", "9223372036854775808", "-0", "0x", "1_0"} do
	print(text, tonumber(text))
end
print(tonumber("zz", 36), tonumber("777", 8), tonumber("8", 8), tonumber("-ff", 16))
print(math.tointeger(3.0), math.tointeger(3.5), math.tointeger("8"), 2^31 | 0)
print(-0.0, 0.0, 100 // 1e-320, 5e-324, 1.7976931348623157e308, 2^-1074)

print("-- math")
print(math.floor(-3.5), math.ceil(-3.5), math.fmod(-7, 3), math.fmod(7, -3),
	math.modf(-3.25))
print(math.max(1, 5, 3), math.min(2.5, 1), math.abs(math.mininteger), math.ult(1, -1))
for _, f in ipairs {"sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "exp", "log"} do
	print(f, ("%.15g"):format(math[f](0.7)))
end
print(math.log(8, 2), math.log(1000, 10), math.log(0), math.sqrt(-1) ~= math.sqrt(-1))
math.randomseed(42, 7)
print(math.random(1, 100), math.random(1, 100), math.random(0), math.random())
try(math.random, 2, 1)

print("-- table")
local t = {5, 2, 8, 1, 9, 3}
table.sort(t)
print(table.concat(t, " "))
table.sort(t, function(a, b) return a > b end)
print(table.concat(t, " ", 2, 4))
table.insert(t, 100)
table.insert(t, 1, 0)
print(table.remove(t), table.remove(t, 1), #t, table.concat(t, ","))
print(table.concat(table.move({1, 2, 3}, 1, 3, 2), ","))
print(table.unpack({1, 2, 3}, 2), table.pack(1, nil, 3).n)
local big, state = {}, 12345
for i = 1, 50000 do
	state = (state * 1103515245 + 12345) % 2147483648
	big[i] = state
end
table.sort(big)
local checksum = 0
for i = 1, #big do
	assert(i == 1 or big[i - 1] <= big[i])
	checksum = (checksum * 31 + big[i]) % 1000000007
end
print(#big, checksum)
try(table.sort, {3, 1, 2, "x"})
try(table.sort, {1, 2, 3, 4, 5}, function() return true end)
try(table.concat, {1, {}, 3})
try(table.insert, {1, 2, 3}, 6, "x")
try(table.unpack, {}, 1, 1e8)
local hash = {}
for i = 1, 100000 do hash["k" .. i] = i end
for i = 1, 100000, 2 do hash["k" .. i] = nil end
local count = 0
for _, v in pairs(hash) do count = count + v end
print(count, next({}), rawequal(hash, hash))
local words = {}
for word in ("the quick brown fox jumps over the lazy dog the end"):gmatch("%a+") do
	words[word] = (words[word] or 0) + 1
end
local sorted = {}
for word, n in pairs(words) do sorted[#sorted + 1] = n .. word end
table.sort(sorted)
print(table.concat(sorted, " "))

print("-- utf8")
local text = "añ€😀"
print(#text, utf8.len(text), utf8.char(97, 241, 8364, 128512) == text)
for position, code in utf8.codes(text) do io.write(position, ":", code, " ") end
print(utf8.offset(text, 3), utf8.codepoint(text, 1, -1))
print(utf8.len("\xff"), utf8.len("\u{7FFFFFFF}", 1, -1, true), utf8.charpattern)
try(utf8.codepoint, "\xff")
print("\x41\65\z
	B\u{20AC}")

print("-- time")
print(os.date("!%Y-%m-%d %H:%M:%S", 0), os.date("!%c", 1e9))
print(os.date("!%a %A %b %B %d %j %p %U %w %y %% %D %F %T %R %e %n %t|", 1234567890))
print(os.time {year = 2024, month = 2, day = 30, hour = 12})
print(os.date("%Y-%m-%d", os.time {year = 2023, month = 14, day = -3}))
local d = os.date("*t", 86400 * 365)
print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst)
print(os.difftime(10, 5), os.time() > 1700000000, math.abs(os.time() -
	os.time(os.date("*t"))) <= 1)
try(os.date, "%Ez", 0)
try(os.date, "*t", 1 << 60)
try(os.time, {year = 2000})
local clock = os.clock()
local spin = 0
for i = 1, 100000 do spin = spin + i end
print(os.clock() >= clock, spin, os.getenv("NO_SUCH_VARIABLE"), os.getenv("VARIABLE"))
print(os.setlocale(), os.setlocale("C"), os.setlocale("no_SUCH"))

print("-- chunks and modules")
local f = load(string.dump(function(a, b) return a * b, _VERSION end))
print(f and pcall(f, 6, 7))
print(load("return ...", "=x", "t", {})(5), message(select(2, load("\27Lua", "=x", "t"))))
local pieces = {"return ", "1 ", "+ 1", nil}
local i = 0
print(load(function() i = i + 1; return pieces[i] end)())
package.path = directory .. "/?.lua;" .. directory .. "/?/init.lua"
package.cpath = directory .. "/?.so"
for name, source in pairs {simple = "return {name = ..., answer = 42}",
	failing = "error('in module')", broken = "x = = 1"} do
	local file = assert(io.open(directory .. "/" .. name .. ".lua", "w"))
	file:write(source)
	file:close()
end
print(require("simple").answer, require("simple") == require("simple"), require("simple").name)
print(message(package.searchpath("simple", package.path)))
try(require, "failing")
try(require, "broken")
print((select(2, pcall(require, "absent")):gsub("'[^']*/", "'")))
package.preload.made = function(name, extra) return name .. tostring(extra) end
print(require "made")
print(dofile(directory .. "/simple.lua").answer,
	message(select(2, loadfile(directory .. "/none.lua"))))
print(package.config:byte(1, -1))

print("-- debug")
local info = debug.getinfo(try, "SlnuL")
print(info.what, info.linedefined, info.nups, info.isvararg, info.nparams)
local hooked = 0
debug.sethook(function() hooked = hooked + 1 end, "c")
math.abs(-1)
debug.sethook()
print(hooked > 0, debug.gethook())
print(debug.getlocal(1, 1), (debug.getupvalue(try, 1)))
