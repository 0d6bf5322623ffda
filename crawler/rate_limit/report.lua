-- Records the outcome of a call: cuts the found rate after a 429, closes the gate after many failures in a row.
--
-- KEYS  1 rate hash   2 gate hash   3 set of pages that failed in a row
-- ARGV  1 "up", "limited" or "down"   2 page id   3 us to wait as the answer asked (limited)
--       4 pages in a row that make an outage   5 first pause in us   6 longest pause in us   7 1 if this was a probe
-- Returns {"none"}, {"opened"}, {"down"} (during an outage), or {"closed", page, ...}: the pages that failed before it.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])

if ARGV[1] == 'up' then
  redis.call('DEL', KEYS[3])
  if redis.call('HGET', KEYS[2], 'kind') == 'outage' then
    redis.call('DEL', KEYS[2])
    return {'opened'}
  end
  return {'none'}
end

if ARGV[1] == 'limited' then
  local s = redis.call('HMGET', KEYS[1], 'found', 'cut', 'second', 'asked', 'limited', 'asked_before', 'limited_before', 'tat')
  redis.call('HINCRBY', KEYS[1], 'limited', 1)
  local pause = tonumber(ARGV[3])
  if pause > 0 then
    local tat = math.max(tonumber(s[8] or '0'), now + pause)
    redis.call('HSET', KEYS[1], 'tat', string.format('%d', tat))
  end
  if now - tonumber(s[2] or '0') < 1000000 then return {'none'} end  -- answers to what was sent before the last cut
  local passed = tonumber(s[6] or '0') - tonumber(s[7] or '0')
  if passed <= 0 then passed = tonumber(s[4] or '1') - tonumber(s[5] or '0') end
  local found = tonumber(s[1] or '0')
  local new = math.max(passed, 1)
  if found > 0 then new = math.max(math.min(found * 0.95, math.max(passed, found * 0.5)), 0.2) end
  redis.call('HSET', KEYS[1], 'found', string.format('%.6f', new), 'cut', string.format('%d', now), 'moved', string.format('%d', now))
  if found == 0 and pause < 500000 then redis.call('HSET', KEYS[1], 'tat', string.format('%d', now + 500000)) end
  return {'none'}
end

local gate = redis.call('HMGET', KEYS[2], 'kind', 'pause')
if gate[1] then
  if gate[1] == 'outage' and ARGV[7] == '1' then
    local pause = math.min(tonumber(gate[2]) * 2, tonumber(ARGV[6]))
    redis.call('HSET', KEYS[2], 'pause', string.format('%d', pause), 'until', string.format('%d', now + pause))
  end
  return {'down'}
end
redis.call('SADD', KEYS[3], ARGV[2])
redis.call('PEXPIRE', KEYS[3], 120000)
if redis.call('SCARD', KEYS[3]) < tonumber(ARGV[4]) then return {'none'} end
local failed = redis.call('SMEMBERS', KEYS[3])
redis.call('HSET', KEYS[2], 'kind', 'outage', 'pause', ARGV[5], 'until', string.format('%d', now + tonumber(ARGV[5])))
table.insert(failed, 1, 'closed')
return failed
