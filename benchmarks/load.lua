-- For wrk: sends the request in a file, with a number of its own for each place where the marker stands.
-- Arguments: file, marker, number of the first request, how many numbers there are (0: any).
local pieces, base, count, span = {}, 0, 0, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local text, marker, from = file:read("*a"), args[2], 1
  file:close()
  base, span = tonumber(args[3]), tonumber(args[4])
  while true do
    local first, last = text:find(marker, from, true)
    if not first then break end
    pieces[#pieces + 1] = text:sub(from, first - 1)
    from = last + 1
  end
  pieces[#pieces + 1] = text:sub(from)
end

function request()
  count = count + 1
  -- Among few numbers, up and down: what comes next is not what lies beside.
  local number = base + (span > 0 and (count * 7919) % span or count)
  return table.concat(pieces, string.format("%.0f", number))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
