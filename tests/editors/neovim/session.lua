-- Drives Neovim as a user would, and writes down what it sees as JSON, one object a step.
local folder = os.getenv('PLAYPEN_FOLDER')
local step = dofile(debug.getinfo(1, 'S').source:match('@(.*/)') .. 'steps.lua')

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

-- The language server that this Neovim started. A list, not a string: that would run in the user's shell, and one that
-- stays in between (dash) is found as well, by the pattern in its own command line.
local function server_pid()
  return vim.fn.trim(vim.fn.system({ 'pgrep', '-P', tostring(vim.fn.getpid()), '-f', 'playpen_ls' }))
end

local function run()
  vim.cmd('filetype on')
  local cmd = { os.getenv('PLAYPEN_PYTHON'), '-m', 'playpen_ls' }
  if os.getenv('PLAYPEN_START') == 'enable' then
    vim.lsp.config('playpen_ls', { cmd = cmd })
    vim.lsp.enable('playpen_ls')
    require('playpen_ls').fix_on_save()
  else
    require('playpen_ls').setup({ cmd = cmd, fix_on_save = true })
  end
  step('version', { version = vim.fn.matchstr(vim.fn.execute('version'), 'NVIM v[0-9.]*') })

  -- A quick fix, chosen by the user.
  vim.cmd('edit ' .. folder .. '/Jenkinsfile')
  step('see', { found = until_(has('jenkinsfile/moving-tag')), diagnostics = diagnostics() })
  local line = vim.diagnostic.get(0)[1].lnum
  local client
  for _, one in pairs(vim.lsp.get_clients and vim.lsp.get_clients() or vim.lsp.get_active_clients()) do
    client = one.name == 'playpen_ls' and one or client
  end
  local function ask(...)
    if vim.fn.has('nvim-0.11') == 1 then
      return client:request_sync(...)
    end
    return client.request_sync(...)
  end
  step('encoding', { encoding = client.offset_encoding })

  -- The module's own commands, and what its user can read.
  local function floating()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= '' then
        return window, table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
      end
    end
  end
  vim.api.nvim_win_set_cursor(0, { line + 1, 0 })
  vim.cmd('PlaypenExplain')
  local window, page
  vim.wait(20000, function()
    window, page = floating()
    return window ~= nil
  end, 20)
  step('explain', { page = page })
  if vim.api.nvim_win_is_valid(window or -1) then
    vim.api.nvim_win_close(window, true)
  end
  vim.cmd('PlaypenCheck')
  local listed = vim.wait(20000, function()
    return vim.fn.getqflist({ title = 0 }).title == 'playpen_ls'
  end, 20)
  local files = {}
  for _, one in ipairs(vim.fn.getqflist()) do
    files[vim.fn.fnamemodify(vim.fn.bufname(one.bufnr), ':t')] = true
  end
  step('check', { listed = listed, files = vim.tbl_keys(files) })
  vim.cmd('cclose')
  vim.cmd('helptags ' .. os.getenv('PLAYPEN_PLUGIN') .. '/doc')
  vim.cmd('help playpen_ls')
  step('help', { line = vim.fn.getline('.') })
  vim.cmd('helpclose')
  for _, name in ipairs({ 'playpen_ls', 'vim.lsp' }) do
    if name == 'playpen_ls' or vim.fn.has('nvim-0.11') == 1 then
      vim.cmd('checkhealth ' .. name)
      step('health ' .. name, { text = buffer() })
      vim.cmd('bwipeout!')
    end
  end
  vim.cmd('edit ' .. folder .. '/Jenkinsfile')
  vim.ui.select = function(items, _, chosen)
    chosen(items[1])
  end
  vim.ui.input = function(_, chosen)
    chosen('released  by hand')
  end
  until_(has('jenkinsfile/moving-tag'))
  local push = vim.diagnostic.get(0)[1]
  local span = { start = { line = push.lnum, character = push.col }, ['end'] = { line = push.lnum, character = push.col } }
  local titles = {}
  for _, one in ipairs(ask('textDocument/codeAction', {
    textDocument = { uri = vim.uri_from_bufnr(0) }, range = span, context = { diagnostics = {} },
  }, 5000, 0).result) do
    table.insert(titles, one.title)
    if one.command and one.command.command == 'playpen.ignoreWithReason' then
      vim.lsp.commands['playpen.ignoreWithReason'](one.command, {})
    end
  end
  vim.wait(20000, function()
    return buffer():find('released') ~= nil
  end, 20)
  step('ignore', { titles = titles, buffer = buffer() })
  vim.cmd('edit!')
  until_(has('jenkinsfile/moving-tag'))
  vim.cmd('edit! ' .. folder .. '/pod.yaml')
  until_(has('kubernetes/no-memory-limit'))
  local lenses = ask('textDocument/codeLens', { textDocument = { uri = vim.uri_from_bufnr(0) } }, 5000, 0).result
  vim.lsp.commands[lenses[1].command.command](lenses[1].command, {})
  step('lens', { title = lenses[1].command.title, shown = vim.fn.expand('%:t') })
  vim.cmd('edit ' .. folder .. '/Jenkinsfile')
  local position = { line = line, character = 0 }
  local answer = ask('textDocument/codeAction', {
    textDocument = { uri = vim.uri_from_bufnr(0) },
    range = { start = position, ['end'] = position },
    context = { diagnostics = {}, only = { 'quickfix' } },
  }, 5000, 0)
  local action = answer.result[1]
  if not action.edit then
    action = ask('codeAction/resolve', action, 5000, 0).result
  end
  vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
  step('fix', { title = action.title, clean = until_(has_not('jenkinsfile/moving-tag')), buffer = buffer() })
  vim.cmd('write')

  -- Fix on save: an emoji before the finding, CRLF line ends.
  vim.cmd('edit! ' .. folder .. '/app.py')
  step('open', { found = until_(has('python/hard-coded-host')), diagnostics = diagnostics(), format = vim.bo.fileformat })
  vim.cmd('write')
  step('save', { buffer = buffer(), clean = until_(has_not('python/hard-coded-host')) })

  -- A server that hangs: the write goes on, without fixes.
  local pid = server_pid()
  vim.fn.system({ 'kill', '-STOP', pid })
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# written beside a server that hangs' })
  vim.cmd('write')
  local state = vim.fn.system({ 'ps', '-o', 'stat=', '-p', pid })
  step('hanging', { state = vim.fn.trim(state), disk = table.concat(vim.fn.readfile(folder .. '/app.py'), '\n') })
  vim.fn.system({ 'kill', '-CONT', pid })

  -- A server that is killed: the same.
  vim.fn.system({ 'kill', '-9', pid })
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# written without a server' })
  vim.cmd('write')
  step('killed', { pid = pid })
  step('done', {})
end

local ok, problem = xpcall(run, debug.traceback)
if not ok then
  step('failed', { problem = tostring(problem) })
end
vim.cmd('qall!')
