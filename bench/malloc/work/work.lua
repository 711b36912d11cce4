-- A small language's small programs: binary trees, strings put together and taken apart, closures. Argument: the size.
-- SPDX-License-Identifier: MIT
local size = tonumber(arg[1])

local function tree(depth)
    if depth == 0 then return {} end
    return {tree(depth - 1), tree(depth - 1)}
end

local function nodes(t)
    if t[1] == nil then return 1 end
    return 1 + nodes(t[1]) + nodes(t[2])
end

local function words(count)
    local state, list = 1, {}
    for i = 1, count do
        state = (state * 1103515245 + 12345) % 2147483648
        list[i] = string.format("word%d_%s", state % 5000, string.rep("x", state % 40))
    end
    return table.concat(list, " ")
end

local function count_words(text)
    local counts, order = {}, {}
    for word in text:gmatch("%S+") do
        if counts[word] == nil then order[#order + 1] = word end
        counts[word] = (counts[word] or 0) + 1
    end
    table.sort(order, function(a, b) return counts[a] > counts[b] or counts[a] == counts[b] and a < b end)
    return #order, order[1], counts[order[1]]
end

local function closures(count)
    local list, sum = {}, 0
    for i = 1, count do
        local value = {i, tostring(i)}
        list[i] = function(by) value[1] = value[1] + by; return value end
    end
    for i = 1, count do sum = sum + list[i](i)[1] end
    return sum
end

local kept = tree(14)
for round = 1, size do
    print(round, nodes(tree(15)), count_words(words(30000)), closures(30000))
end
print(nodes(kept))
