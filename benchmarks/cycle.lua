-- Ask, in turn, the queries of a file, one a line and already percent-encoded.
-- wrk -s cycle.lua URL-UP-TO-THE-QUERY -- FILE

local requests, at = {}, 0

function init(arguments)
  wrk.headers["Accept"] = "application/sparql-results+json"
  for line in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("GET", wrk.path .. line)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n",
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
