-- Sends what bench/load/wrk.ts describes. Each work with values has a queue of them: a request takes
-- the first one, its answer puts the successor at the end. So no value is presented twice at once,
-- although wrk does not tell which connection an answer belongs to. One thread only.

local threads = {}
function setup(thread) table.insert(threads, thread) end

local config
local turn = 0
local sent = 0
local answered = 0
local told_enough = false
-- A value is presented again only so many turns after the first time, when it has been answered.
local DELAY = 4

-- Read by done(), which runs outside of the thread: hence global.
failures = 0
first_failure = ''

local function new_queue(file)
  local queue = { first = 1, size = 0, room = 0, values = {} }
  for line in io.lines(file) do
    queue.size = queue.size + 1
    queue.values[queue.size] = line
  end
  queue.room = queue.size
  return queue
end

local function take(queue)
  if queue.size == 0 then return nil end
  local value = queue.values[queue.first]
  queue.first = queue.first % queue.room + 1
  queue.size = queue.size - 1
  return value
end

local function put(queue, value)
  if queue.size == queue.room then return end
  queue.values[(queue.first + queue.size - 1) % queue.room + 1] = value
  queue.size = queue.size + 1
end

-- The text before and after the place of the value; nothing after it when there is none.
local function split(text)
  local from, to = string.find(text, '{value}', 1, true)
  if from == nil then return text, nil end
  return string.sub(text, 1, from - 1), string.sub(text, to + 1)
end

local function compose(work, value)
  local body = work.body_after and work.body_before .. value .. work.body_after or work.body_before
  local head = work.head_after and work.head_before .. value .. work.head_after or work.head_before
  local length = #body > 0 and 'Content-Length: ' .. #body .. '\r\n' or ''
  return head .. length .. '\r\n' .. body
end

local function enough()
  if told_enough then return end
  told_enough = true
  io.write('\nENOUGH\n')
  io.flush()
end

local function next_request()
  turn = turn % #config.turns + 1
  local part = config.turns[turn]
  local work = config.works[part.work]
  if work.queue == nil then return work.whole end
  local value
  if part.again then
    table.insert(work.delayed, work.last)
    value = #work.delayed > DELAY and table.remove(work.delayed, 1) or work.last
  else
    value = take(work.queue)
    -- Used again and again: nobody waits for its answer.
    if value ~= nil and work.next == nil and not work.once then put(work.queue, value) end
    work.last = value
  end
  if value == nil then
    enough()
    return work.nothing
  end
  return compose(work, value)
end

local function see_answer(status, headers, body)
  answered = answered + 1
  if config.at_most > 0 and answered >= config.at_most then enough() end
  if status ~= 200 then
    failures = failures + 1
    if first_failure == '' then first_failure = status .. ' ' .. body end
    return
  end
  for _, work in ipairs(config.chained) do
    local _, _, value = string.find(body, work.pattern)
    -- A retry's answer holds the value that the rotation's own has put there already.
    if value ~= nil and (not config.has_again or headers['refresh-outcome'] ~= 'retried') then
      put(work.queue, value)
    end
  end
end

function init(args)
  config = dofile(args[1])
  config.chained = {}
  for _, work in ipairs(config.works) do
    work.head_before, work.head_after = split(work.head)
    work.body_before, work.body_after = split(work.body)
    work.nothing = 'GET / HTTP/1.1\r\nHost: nobody\r\n\r\n'
    if work.values == nil then
      work.whole = compose(work, '')
    else
      work.queue = new_queue(work.values)
      work.delayed = {}
    end
    if work.next ~= nil then
      work.pattern = '"' .. work.next .. '"%s*:%s*"([^"]*)"'
      table.insert(config.chained, work)
    end
  end
  for _, part in ipairs(config.turns) do config.has_again = config.has_again or part.again end
  -- wrk asks for one request more than it sends, to see whether it can be read.
  local first = next_request()
  local asked = 0
  request = function()
    asked = asked + 1
    if asked <= 2 then return first end
    return next_request()
  end
  -- Answers that nobody reads need not be shown: wrk counts those above 399 itself.
  if #config.chained > 0 or config.at_most > 0 then response = see_answer end
end

local function write_queue(queue, file)
  local out = io.open(file, 'w')
  for place = 0, queue.size - 1 do
    if place > 0 then out:write('\n') end
    out:write(queue.values[(queue.first + place - 1) % queue.room + 1])
  end
  out:close()
end

-- done() can read numbers and texts of the thread, and tables not: it has them written by asking for
-- a global that is not there.
setmetatable(_G, {
  __index = function(_, name)
    if name ~= 'leftovers_written' then return nil end
    for _, work in ipairs(config.works) do
      if work.queue ~= nil then write_queue(work.queue, work.values) end
    end
    return true
  end,
})

function done(summary, latency, requests)
  local errors = summary.errors
  local seen, first = 0, ''
  for _, thread in ipairs(threads) do
    seen = seen + thread:get('failures')
    first = thread:get('first_failure')
    thread:get('leftovers_written')
  end
  if seen < errors.status then seen = errors.status end
  io.write(string.format(
    'RESULT {"requests":%d,"duration":%d,"p50":%d,"p99":%d,"failures":%d,"unanswered":%d,"first":"%s"}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), seen,
    errors.connect + errors.read + errors.write + errors.timeout,
    string.gsub(string.sub(first, 1, 300), '[%c"\\]', ' ')))
end
