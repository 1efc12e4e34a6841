-- SPDX-License-Identifier: ISC
-- The Lua language: what it prints must not depend on what it runs on.

-- Where an error arose is told by line, not by directory.
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

print("-- integers and floats")
for _, a in ipairs {7, -7, 7.5, -7.5, 0, math.maxinteger, math.mininteger} do
	for _, b in ipairs {2, -2, 3.0, -0.5, math.maxinteger, -1} do
		print(a, b, a // b, a % b, a + b, a - b, a * b, a / b)
	end
end
try(function() return 1 // 0 end)
try(function() return 1 % 0 end)
print(1 // 0.0, -1 // 0.0, 1 % math.huge, -1 % math.huge, 0.0 / 0.0 ~= 0 / 0)
print(1e15, 1e16, 123456.789e3, 0x10p4, 0xffffffffffffffff, 2^53, 1e308 * 10)
print(3 | 4, 6 & 3, 5 ~ 1, ~0, 1 << 63, 1 << 64, -1 >> 60, 2.0 | 1)
try(function() return "3" | 4 end)
try(function() return 1.5 | 1 end)
try(function() return {} + 1 end)
try(function() return "a" + 1 end)
try(function() return "10" + 5, "0x10" * 2, 10 .. 20 end)
print(1 < 1.5, 1 == 1.0, math.type(1), math.type(1.0), "a" < "b", "Z" < "a")
print(math.maxinteger + 1 == math.mininteger, math.maxinteger + 0.0 == 2^63)
print(math.maxinteger < math.maxinteger + 0.0, 2^53 == 2^53 + 1)
for i = math.maxinteger - 2, math.maxinteger do io.write(i, " ") end
for i = 3, 1, -1 do io.write(i, " ") end
for x = 0, 1, 0.25 do io.write(x, " ") end
print()
try(function() for _ = 1, 10, 0 do end end)

print("-- goto, scopes, closures")
do
	local n, trace = 0, {}
	::again::
	n = n + 1
	for i = 1, 5 do
		for j = 1, 5 do
			if j == 3 then goto continue end
			if i == 4 then goto out end
			trace[#trace + 1] = i * 10 + j
		end
		::continue::
	end
	::out::
	if n < 2 then goto again end
	print(n, table.concat(trace, ","))
end
do
	local functions = {}
	for i = 1, 3 do
		local x = i
		functions[i] = {add = function(y) x = x + y end,
			get = function() return x end}
	end
	functions[1].add(10)
	functions[3].add(100)
	print(functions[1].get(), functions[2].get(), functions[3].get())
end
print(select("#"), select("#", nil, nil), select(-2, 1, 2, 3))
print((function(...) return ... end)(1, nil, 3))
try(load, "goto nowhere")
print(message(select(2, load("goto nowhere"))))
print(message(select(2, load("local x <const> = 1; x = 2"))))
print(message(select(2, load("x = = 2", "=name"))))
print(message(select(2, load("x = 'open", "=name"))))

print("-- variables that close")
do
	local function closing(name)
		return setmetatable({}, {__close = function(_, why)
			print("close " .. name, message(why))
		end})
	end
	try(function()
		local _a <close> = closing("a")
		local _b <close> = closing("b")
		error("on purpose", 0)
	end)
	for i = 1, 2 do
		local _c <close> = closing("loop " .. i)
	end
	local co = coroutine.create(function()
		local _d <close> = closing("coroutine")
		coroutine.yield(1)
	end)
	print(coroutine.resume(co))
	print(coroutine.close(co), coroutine.status(co))
end

print("-- metatables")
local log = {}
local meta = {}
local operators = {"add", "sub", "mul", "div", "mod", "pow", "unm", "idiv",
	"band", "bor", "bxor", "shl", "shr", "bnot", "concat"}
for _, name in ipairs(operators) do
	meta["__" .. name] = function(a, b)
		return name .. "(" .. (rawequal(a, b) and "same" or
			type(a) .. "," .. type(b)) .. ")"
	end
end
meta.__len = function() return 42 end
meta.__eq = function() return true end
meta.__lt = function() return true end
meta.__le = function() return false end
meta.__call = function(_, ...) return "called", ... end
meta.__tostring = function() return "an object" end
meta.__name = "Object"
meta.__index = function(_, key) return "no " .. tostring(key) end
meta.__newindex = function(t, key, value)
	log[#log + 1] = key
	rawset(t, key, value)
end
local object, other = setmetatable({}, meta), setmetatable({}, meta)
print(object + 1, 1 - object, object * object, object / 2, object % 2,
	object ^ 2, -object, object // 2)
print(object & 1, object | 1, object ~ 1, object << 1, object >> 1, ~object,
	object .. "x", 1 .. object)
print(#object, object == other, object < other, object <= other, object(1, 2))
print(tostring(object), object.field, rawget(object, "field"), rawlen(object))
object.field, object.field, object[1] = 1, 2, 3
print(object.field, object[1], table.concat(log, " "))
setmetatable(object, {__metatable = "locked"})
print(getmetatable(object))
try(setmetatable, object, {})
local proxy = setmetatable({}, {__pairs = function()
	return function(_, k) if not k then return 1, "one" end end, nil, nil
end})
for k, v in pairs(proxy) do print(k, v) end
local class = {}
class.__index = class
function class.new(n) return setmetatable({n = n}, class) end
function class:twice() return self.n * 2 end
print(class.new(21):twice())
try(function() local t = setmetatable({}, {__index = error}); return t.x end)
try(function() return #5 end)
try(function() local a; a.b.c = 1 end)
try(function() undefined() end)
try(function() class.missing() end)

print("-- coroutines")
local function range(n)
	return coroutine.wrap(function()
		for i = 1, n do coroutine.yield(i) end
	end)
end
local sum = 0
for i in range(1000) do sum = sum + i end
print(sum)
local co = coroutine.create(function(a, b)
	print("start", a, b)
	local c = coroutine.yield(a + b)
	print("then", c, coroutine.isyieldable())
	local ok, why = pcall(function()
		local d = coroutine.yield(c * 2)
		error({code = d})
	end)
	print(ok, type(why), why.code)
	return "end", "of it"
end)
print(coroutine.resume(co, 1, 2))
print(coroutine.status(co), coroutine.resume(co, 10))
print(coroutine.resume(co, 99))
print(coroutine.status(co), coroutine.resume(co))
print(coroutine.isyieldable(), select(2, coroutine.running()))
try(coroutine.wrap(function() error("inside") end))
try(coroutine.yield)
-- Ten thousand that live at a time.
local many = {}
for i = 1, 10000 do
	many[i] = coroutine.wrap(function()
		local x = i
		while true do
			x = x + coroutine.yield(x)
		end
	end)
	many[i]()
end
sum = 0
for i = 1, 10000 do sum = sum + many[i](i) end
print(sum)
many = nil

print("-- errors")
try(error)
try(error, "text", 0)
try(error, setmetatable({}, {__tostring = function() return "object" end}))
try(error, nil)
print(message(select(2, xpcall(function() local x = nil; return x.y end,
	function(why) return "handled: " .. message(why) end))))
print(select(2, pcall(string.rep, "x", -1)) == "")
try(string.rep, "x", 1 << 40)
try(string.rep)
try(("x").bad)
print(message(select(2, pcall(function()
	local function deep(n) return 1 + deep(n + 1) end
	return deep(1)
end))):match("stack overflow"))
print(select(2, pcall(function()
	local function wrapped(n)
		return coroutine.wrap(function() return wrapped(n + 1) end)()
	end
	return wrapped(1)
end)):match("C stack overflow"))
print(message(debug.traceback("trace", 1)):match("^trace\nstack traceback:"))
print(#debug.traceback(("x"):rep(100)) > 100)
local nested = ("("):rep(150) .. "1" .. (")"):rep(150)
print(load("return " .. nested)())
print(message(select(2, load("return " .. ("("):rep(500)))):match("overflow"))

print("-- garbage")
do
	local weak = setmetatable({}, {__mode = "v"})
	local keys = setmetatable({}, {__mode = "k"})
	local kept = {}
	weak[1], weak[2] = kept, {}
	keys[kept], keys[{}] = "kept", "lost"
	local finalised = 0
	for _ = 1, 100 do
		setmetatable({}, {__gc = function() finalised = finalised + 1 end})
	end
	collectgarbage()
	collectgarbage()
	local n = 0
	for _ in pairs(keys) do n = n + 1 end
	print(weak[1] == kept, weak[2], n, finalised)
	for _, mode in ipairs {"generational", "incremental"} do
		print(collectgarbage(mode))
		local ring = {}
		for i = 1, 200000 do
			ring[i % 100] = {i, tostring(i), {i}}
		end
		collectgarbage("step")
	end
	collectgarbage("stop")
	print(collectgarbage("isrunning"))
	collectgarbage("restart")
	print(collectgarbage("isrunning"))
	-- What is garbage becomes free again: 64 MiB pass through little.
	local before = collectgarbage("count")
	for i = 1, 64 do
		local text = ("x"):rep(1 << 20) .. i
		assert(#text > 1 << 20)
		collectgarbage()
	end
	print(collectgarbage("count") < before + 8192)
	setmetatable({}, {__gc = function() print("closed state") end})
end
