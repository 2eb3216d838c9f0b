import { createHash } from "node:crypto";

/** A script of Redis on one key. Its first argument is the server's run id where it is known, else empty. */
export type RedisScript = { readonly text: string; readonly sha1: string };

/**
 * A Lua script; `key`, `now` (the server's clock, in milliseconds), `run` (what the server's process is known by, anew
 * each time it starts) and `arg` (what the caller gives) are there already. It must return an array, to which `run` is
 * added.
 */
export function redisScript(body: string): RedisScript {
  const text = `local key = KEYS[1]
local run = ARGV[1]
if run == '' then run = string.match(redis.call('info', 'server'), 'run_id:(%x+)') or '' end
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local arg = {unpack(ARGV, 2)}
local function answer()
${body}
end
return {run, answer()}
`;
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}
