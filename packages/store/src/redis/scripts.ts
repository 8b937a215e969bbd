import { createHash } from "node:crypto";

/** A Lua script and the name by which Redis knows it once it has seen it. */
export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

// What is in Redis, all under one namespace:
// - `<namespace>`, a hash: `definition` of the views, `sequence` of the last row that arrived, `horizon` up to which rows may be gone.
// - `<namespace>:<table>:<key values>`, a hash per entity: each row's bytes -> its number in order of arrival; under the empty
//   name the latest event time. A row's bytes begin with its event time so that they compare as the times do.

/** Refuses whoever comes with other views: rows kept for these lack columns, and would be trimmed by other rules. */
const sameViews = `
local known = redis.call('HGET', KEYS[1], 'definition')
if known and known ~= ARGV[1] then return redis.error_reply('OTHERVIEWS the namespace holds rows for other views') end
`;

/** Bytes, not text: Lua's own < goes by the server's locale. */
const isAfter = `
local function isAfter(a, b)
  for i = 1, 8 do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x > y end
  end
  return false
end
`;

/**
 * ARGV: definition, milliseconds that an entity lives without new rows (0: for ever), then for each of KEYS[2..] the number of its rows
 * and the rows. A script cannot be undone: whatever may fail is read before the first write. Memory is checked by Redis at that write.
 * Replies with the numbers of rows accepted, late and repeated.
 */
export const observeScript = script(`${sameViews}${isAfter}
local sequence = tonumber(redis.call('HGET', KEYS[1], 'sequence') or 0)
for i = 2, #KEYS do redis.call('HLEN', KEYS[i]) end
if not known then redis.call('HSET', KEYS[1], 'definition', ARGV[1]) end
local lifetime, at = tonumber(ARGV[2]), 3
local accepted, late, repeated = 0, 0, 0
for i = 2, #KEYS do
  local before = redis.call('HGET', KEYS[i], '')
  local latest, count, added = before, tonumber(ARGV[at]), 0
  for j = at + 1, at + count do
    local row = ARGV[j]
    if redis.call('HSETNX', KEYS[i], row, sequence + 1) == 1 then
      sequence = sequence + 1
      added = added + 1
      if latest and isAfter(latest, row) then late = late + 1 else latest = row:sub(1, 8) end
    else
      repeated = repeated + 1
    end
  end
  at = at + count + 1
  accepted = accepted + added
  if latest ~= before then redis.call('HSET', KEYS[i], '', latest) end
  if added > 0 and lifetime > 0 then redis.call('PEXPIRE', KEYS[i], lifetime) end
end
if accepted > 0 then redis.call('HSET', KEYS[1], 'sequence', sequence) end
return { accepted, late, repeated }
`);

/** Replies with the horizon ('' for none), then the hash of each of KEYS[2..]: all of one moment. */
export const readScript = script(`${sameViews}
local reply = { redis.call('HGET', KEYS[1], 'horizon') or '' }
for i = 2, #KEYS do reply[i] = redis.call('HGETALL', KEYS[i]) end
return reply
`);

/** ARGV: definition, horizon. Moves the horizon, never back. Replies with 1 if it moved. */
export const advanceScript = script(`${sameViews}${isAfter}
local horizon = redis.call('HGET', KEYS[1], 'horizon')
if horizon and not isAfter(ARGV[2], horizon) then return 0 end
redis.call('HSET', KEYS[1], 'definition', ARGV[1], 'horizon', ARGV[2])
return 1
`);

function script(text: string): RedisScript {
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}
