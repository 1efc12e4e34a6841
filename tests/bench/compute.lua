-- SPDX-License-Identifier: ISC
-- Work for the interpreter: calls, tables, strings, floats,
-- coroutines and garbage. Prints what came out, the same wherever it runs.

local function permutations(n)
	local function permute(a, k)
		if k == 0 then
			coroutine.yield(a)
			return
		end
		for i = 1, k do
			a[i], a[k] = a[k], a[i]
			permute(a, k - 1)
			a[i], a[k] = a[k], a[i]
		end
	end
	local a = {}
	for i = 1, n do a[i] = i end
	return coroutine.wrap(function() permute(a, n) end)
end

local sum = 0
for a in permutations(8) do sum = (sum * 31 + a[1] * a[8]) % 1000000007 end
print("permutations", sum)

local function fibonacci(n)
	return n < 2 and n or fibonacci(n - 1) + fibonacci(n - 2)
end
print("calls", fibonacci(30))

local composite, primes = {}, 0
for i = 2, 1000000 do
	if not composite[i] then
		primes = primes + 1
		for j = i * i, 1000000, i do composite[j] = true end
	end
end
print("tables", primes)

local words = {}
for i = 1, 60000 do
	words[i] = ("%x"):format(i * 2654435761 % 4294967296)
end
table.sort(words)
local text = table.concat(words, " ")
local counts = {}
for word in text:gmatch("%x+") do
	local key = word:sub(1, 2)
	counts[key] = (counts[key] or 0) + #word
end
print("strings", #text, counts["7f"], (text:gsub("[a-c]", "")):len())

local n, total = 100, 0.0
local left, right = {}, {}
for i = 1, n do
	left[i], right[i] = {}, {}
	for j = 1, n do
		left[i][j], right[i][j] = (i * j) % 7 + 0.5, (i + j) % 5 - 0.25
	end
end
for i = 1, n do
	for j = 1, n do
		local cell = 0.0
		for k = 1, n do cell = cell + left[i][k] * right[k][j] end
		total = total + cell
	end
end
print("floats", total)

local function tree(depth)
	return depth == 0 and {} or {tree(depth - 1), tree(depth - 1)}
end
local function count(node)
	return node[1] and 1 + count(node[1]) + count(node[2]) or 1
end
local nodes = 0
for _ = 1, 24 do nodes = nodes + count(tree(13)) end
print("garbage", nodes)
