import { redisScript } from "../redis-script.js";

/**
 * What Redis knows of one token, or of all tokens of one creator, in a hash:
 *
 * - `cutoff`: tokens issued until this moment are revoked (for a single token: all moments). It is never taken back, so
 *   it counts whenever it is there. That it is not there proves nothing.
 * - `until` and `run`: the database was asked, and up to this moment there is no more to know than `cutoff` says, if the
 *   server's process is still `run`.
 * - `nonce` and `read`: somebody is asking the database, since this moment.
 */
const HAS = "local got = redis.call('hmget', key, 'cutoff', 'until', 'run', 'nonce', 'read')";

/** Arguments: a nonce, for how long an answer of the database counts. */
export const LOOK = redisScript(`${HAS}
local cutoff = got[1] or ''
if got[3] == run then
  if got[2] and tonumber(got[2]) > now then return {cutoff, 'known'} end
  if got[4] and tonumber(got[5]) + tonumber(arg[2]) > now then return {cutoff, 'asked'} end
end
redis.call('hset', key, 'run', run, 'until', 0, 'nonce', arg[1], 'read', now)
if redis.call('pttl', key) < tonumber(arg[2]) then redis.call('pexpire', key, arg[2]) end
return {cutoff, 'asks'}`);

/** Arguments: the nonce, the cutoff or nothing, for how long the answer counts, for how long a cutoff is kept. */
export const FILL = redisScript(`${HAS}
if got[3] ~= run or got[4] ~= arg[1] then return {0} end
local expires = tonumber(got[5]) + tonumber(arg[3])
redis.call('hdel', key, 'nonce')
redis.call('hset', key, 'until', expires)
local keep = expires - now
if arg[2] ~= '' then
  keep = tonumber(arg[4])
  if not got[1] or tonumber(got[1]) < tonumber(arg[2]) then redis.call('hset', key, 'cutoff', arg[2]) end
end
if redis.call('pttl', key) < keep then redis.call('pexpire', key, keep) end
return {1}`);

/** Arguments: the cutoff, for how long it is kept. Whoever is asking the database now may not say what it answers. */
export const REVOKE = redisScript(`${HAS}
if not got[1] or tonumber(got[1]) < tonumber(arg[1]) then redis.call('hset', key, 'cutoff', arg[1]) end
redis.call('hdel', key, 'nonce', 'until')
if redis.call('pttl', key) < tonumber(arg[2]) then redis.call('pexpire', key, arg[2]) end
return {1}`);
