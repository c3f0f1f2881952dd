-- wrk script: one request over and over, from the file named by BENCH_REQUEST ("METHOD PATH", headers, empty line, body).
-- An answer counts as bad when its status is not 200 or it holds a tool error.
local file = assert(io.open(os.getenv("BENCH_REQUEST"), "rb"))
local method, path = file:read("*l"):match("(%S+)%s+(%S+)")
local headers = {}
for line in file:lines() do
  if line == "" then break end
  local name, value = line:match("([^:]+):%s*(.*)")
  headers[name] = value
end
local body = file:read("*a")
file:close()
local request_text
local threads = {}

function setup(thread)
  thread:set("bad", 0)
  table.insert(threads, thread)
end
function init()
  request_text = wrk.format(method, path, headers, body ~= "" and body or nil)
end
function request() return request_text end
function response(status, _, text)
  if status ~= 200 or text:find('"isError":true', 1, true) then bad = bad + 1 end
end
function done(summary, latency)
  local bad_answers = 0
  for _, thread in ipairs(threads) do bad_answers = bad_answers + thread:get("bad") end
  local e = summary.errors
  print(string.format("RESULT %d %d %.0f %.0f %.0f", summary.requests, bad_answers + e.connect + e.read + e.write + e.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
