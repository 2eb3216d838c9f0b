import { redisScript } from "../redis-script.js";

/**
 * All that is kept for a tenant is in one hash: versions (`v…`), entries (`e…`), who leads (`l…`), how much it is
 * (`size`), and by which process of the server it was written (`run`). So a script has one key, which a cluster can
 * place, and no script can reach what is another tenant's. A hash of another process is dropped: that one may have lost
 * the last changes (a restart from a snapshot, a failover).
 */
const SAME_PROCESS = `if redis.call('hget', key, 'run') ~= run then
  redis.call('del', key)
  redis.call('hset', key, 'run', run, 'size', 0)
end
`;

const VERSIONS = `local function versions_from(first)
  local versions = {}
  for i = first, #arg do versions[#versions + 1] = redis.call('hget', key, 'v' .. arg[i]) or '' end
  return versions
end
`;

/** Arguments: the entry, a fresh version, the claim, how long it leads, how long the hash stays; then what it depends on. */
export const LOOK = redisScript(`${VERSIONS}${SAME_PROCESS}
local versions = versions_from(6)
for i, version in ipairs(versions) do
  if version == '' then
    versions[i] = arg[2]
    redis.call('hset', key, 'v' .. arg[i + 5], arg[2])
  end
end
local current = table.concat(versions, ',')
local found = redis.call('hget', key, 'e' .. arg[1])
if found then
  local head = string.find(found, '\\n', 1, true)
  local expires, kept = string.match(string.sub(found, 1, head - 1), '^(%d+) (.*)$')
  if kept == current and tonumber(expires) > now then return {'hit', string.sub(found, head + 1)} end
end
redis.call('pexpire', key, arg[5])
local leader = redis.call('hget', key, 'l' .. arg[1])
if leader then
  local until_, of = string.match(leader, '^(%d+) %S+ (.*)$')
  if of == current and tonumber(until_) > now then return {'miss', current, 'follows'} end
end
redis.call('hset', key, 'l' .. arg[1], (now + arg[4]) .. ' ' .. arg[3] .. ' ' .. current)
return {'miss', current, 'leads'}`);

/**
 * Arguments: the entry, the claim, the versions, the time to live, how long the hash stays, bytes and fields at most, the
 * text; then what it depends on. An empty text gives up the lead and keeps nothing.
 */
export const FILL = redisScript(`${VERSIONS}
local leader = redis.call('hget', key, 'l' .. arg[1])
if leader and string.match(leader, '^%d+ (%S+) ') == arg[2] then redis.call('hdel', key, 'l' .. arg[1]) end
if arg[8] == '' or redis.call('hget', key, 'run') ~= run then return {0} end
if table.concat(versions_from(9), ',') ~= arg[3] then return {0} end
local field = 'e' .. arg[1]
local value = (now + arg[4]) .. ' ' .. arg[3] .. '\\n' .. arg[8]
local size = tonumber(redis.call('hget', key, 'size')) + #value - redis.call('hstrlen', key, field)
redis.call('hset', key, field, value)
-- Over what the tenant may have, any of its own goes; a version that goes makes its entries invalid.
local tries = 0
while (size > tonumber(arg[6]) or redis.call('hlen', key) > tonumber(arg[7])) and tries < 1000 do
  tries = tries + 1
  local other = redis.call('hrandfield', key)
  if other ~= field and other ~= 'size' and other ~= 'run' then
    if string.sub(other, 1, 1) == 'e' then size = size - redis.call('hstrlen', key, other) end
    redis.call('hdel', key, other)
  end
end
if size > tonumber(arg[6]) then
  redis.call('del', key)
  return {0}
end
redis.call('hset', key, 'size', size)
redis.call('pexpire', key, arg[5])
return {1}`);

/** Arguments: what has changed. */
export const INVALIDATE = redisScript(`for _, name in ipairs(arg) do redis.call('hdel', key, 'v' .. name) end
return {1}`);
