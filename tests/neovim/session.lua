-- Drives Neovim as a user would, and writes down what it sees as JSON, one object a step.
local folder, report = os.getenv('PLAYPEN_FOLDER'), os.getenv('PLAYPEN_REPORT')
local steps = {}

local function write()
  local file = assert(io.open(report, 'w'))
  file:write(vim.json.encode(steps))
  file:close()
end

local function step(name, what)
  what.step = name
  table.insert(steps, what)
  write()
end

local function diagnostics()
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    local line = vim.api.nvim_buf_get_lines(0, one.lnum, one.lnum + 1, false)[1]
    table.insert(found, { code = one.code, source = one.source, words = line:sub(one.col + 1, one.end_col) })
  end
  table.sort(found, function(a, b)
    return a.code < b.code
  end)
  return found
end

local function until_(wanted)
  return vim.wait(20000, function()
    return wanted(diagnostics())
  end, 20)
end

local function has(code)
  return function(found)
    for _, one in ipairs(found) do
      if one.code == code then
        return true
      end
    end
    return false
  end
end

local function has_not(code)
  return function(found)
    return not has(code)(found)
  end
end

local function buffer()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
end

local function run()
  vim.cmd('filetype on')
  require('playpen_ls').setup({ cmd = { os.getenv('PLAYPEN_PYTHON'), '-m', 'playpen_ls' }, fix_on_save = true })
  step('version', { version = vim.fn.matchstr(vim.fn.execute('version'), 'NVIM v[0-9.]*') })

  -- A quick fix, chosen by the user.
  vim.cmd('edit ' .. folder .. '/Jenkinsfile')
  vim.cmd('set filetype=groovy')
  step('see', { found = until_(has('jenkinsfile/moving-tag')), diagnostics = diagnostics() })
  local line = vim.diagnostic.get(0)[1].lnum
  local client = vim.lsp.buf_get_clients(0)[1] or vim.lsp.get_active_clients()[1]
  local position = { line = line, character = 0 }
  local answer = client.request_sync('textDocument/codeAction', {
    textDocument = { uri = vim.uri_from_bufnr(0) },
    range = { start = position, ['end'] = position },
    context = { diagnostics = {}, only = { 'quickfix' } },
  }, 5000, 0)
  local action = answer.result[1]
  if not action.edit then
    action = client.request_sync('codeAction/resolve', action, 5000, 0).result
  end
  vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
  step('fix', { title = action.title, clean = until_(has_not('jenkinsfile/moving-tag')), buffer = buffer() })

  -- Fix on save: an emoji before the finding, CRLF line ends.
  vim.cmd('edit! ' .. folder .. '/app.py')
  step('open', { found = until_(has('python/hard-coded-host')), diagnostics = diagnostics(), format = vim.bo.fileformat })
  vim.cmd('write')
  step('save', { buffer = buffer(), clean = until_(has_not('python/hard-coded-host')) })
  step('done', {})
end

local ok, problem = xpcall(run, debug.traceback)
if not ok then
  step('failed', { problem = tostring(problem) })
end
vim.cmd('qall!')
