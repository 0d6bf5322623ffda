-- Reserves the next slots of the rate that all workers share (GCRA by reservation, on this server's clock).
--
-- KEYS  1 rate hash   2 gate hash   3 set of pages that failed in a row
-- ARGV  1 longest wait in us   2 configured calls per second, 0 = none   3 us that a probe may take   4 slots wanted
-- Returns {slots, us, us between, probe, troubled}: so many are booked, the first after us (negative: at once), each next
--       one so much later; probe = 1 when this call, then the only one, tests a closed gate; troubled = 1 when a
--       success should be reported.
--       {0, us, kind}: denied, ask again after us; kind = "rate" or the closed gate's.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])

local gate = redis.call('HMGET', KEYS[2], 'kind', 'until')
local probe = 0
local slots = tonumber(ARGV[4])
if gate[1] then
  local till = tonumber(gate[2])
  if now < till then return {0, till - now, gate[1]} end
  if gate[1] == 'outage' then
    probe, slots = 1, 1
    redis.call('HSET', KEYS[2], 'until', string.format('%d', now + tonumber(ARGV[3])))
  else
    redis.call('DEL', KEYS[2])
  end
end

local s = redis.call('HMGET', KEYS[1], 'tat', 'found', 'cut', 'moved', 'second', 'asked', 'limited')
local rate = tonumber(ARGV[2])
local found = tonumber(s[2] or '0')
if found > 0 then
  -- The found rate grows again: slowly right after a cut, and faster the longer no call was refused.
  local passed = math.min((now - tonumber(s[4])) / 1000000, 5)
  local growth = math.min((now - tonumber(s[3])) / 1000000 * 0.01, 0.10)
  found = found * (1 + growth * passed)
  redis.call('HSET', KEYS[1], 'found', string.format('%.6f', found), 'moved', string.format('%d', now))
  if rate == 0 or found < rate then rate = found end
end

local wait, interval = 0, 0
if rate > 0 then
  interval = 1000000 / rate
  local burst = math.max(1, math.min(rate * 0.04, 20))
  local tat = math.max(tonumber(s[1] or '0'), now)
  wait = tat - (burst - 1) * interval - now
  if probe == 0 then
    local longest = tonumber(ARGV[1])
    if wait > longest then return {0, math.floor(wait), 'rate'} end
    slots = math.min(slots, math.floor((longest - wait) / interval) + 1)
  end
  redis.call('HSET', KEYS[1], 'tat', string.format('%d', tat + slots * interval))
end

-- Calls and refusals of this second and the one before: what the provider actually admitted.
local second = t[1]
if s[5] ~= second then
  redis.call('HSET', KEYS[1], 'second', second, 'asked', slots, 'limited', 0,
    'asked_before', s[6] or 0, 'limited_before', s[7] or 0)
else
  redis.call('HINCRBY', KEYS[1], 'asked', slots)
end
return {slots, math.floor(wait), math.floor(interval), probe, redis.call('EXISTS', KEYS[3])}
