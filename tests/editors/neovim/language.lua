-- From an image to its Dockerfile, its route and its stages; writes down what the user sees, one object a step.
local folder = os.getenv('PLAYPEN_FOLDER')
local step = dofile(debug.getinfo(1, 'S').source:match('@(.*/)') .. 'steps.lua')

-- The session is a coroutine: while it waits, Neovim reads keys and answers.
local function sleep(milliseconds)
  local session = coroutine.running()
  vim.defer_fn(function()
    local ok, problem = coroutine.resume(session)
    if not ok then
      step('failed', { problem = debug.traceback(session, problem) })
      vim.cmd('qall!')
    end
  end, milliseconds)
  coroutine.yield()
end

-- Do it again and again until something is there: the project may not have been read yet.
local function until_(what, seen)
  local deadline = vim.loop.now() + 120000
  while true do
    what()
    for _ = 1, 100 do
      local found = seen()
      if found then
        return found
      end
      sleep(50)
    end
    if vim.loop.now() > deadline then
      error('nothing is seen')
    end
  end
end

local function to(words)
  vim.cmd('normal! gg0')
  assert(vim.fn.search('\\V' .. words, 'c') > 0, words)
end

local function edit(name)
  vim.cmd('silent! fclose!')
  vim.cmd('edit! ' .. folder .. '/' .. name)
end

local function text()
  return vim.api.nvim_buf_get_lines(0, 0, -1, false)
end

local function floating()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
    end
  end
end

-- What a request of Neovim's own has put into a list, as one line an item.
local function listed(ask)
  local items
  until_(function()
    ask({ on_list = function(list)
      items = list.items
    end })
  end, function()
    return items and #items > 0
  end)
  return vim.tbl_map(function(one)
    return vim.fn.fnamemodify(one.filename, ':t') .. ':' .. one.lnum .. ' ' .. one.text
  end, items)
end

local function session()
  vim.cmd('filetype on')
  vim.o.completeopt = 'menuone,noinsert,noselect'
  vim.lsp.config('playpen_ls', { cmd = { os.getenv('PLAYPEN_PYTHON'), '-m', 'playpen_ls' } })
  vim.lsp.enable('playpen_ls')

  edit('k8s/shop.yaml')
  until_(function() end, function()
    return #vim.lsp.get_clients({ bufnr = 0 }) > 0 and #vim.diagnostic.get(0) > 0
  end)
  until_(function()
    to('nexus:5000/shop')
    vim.lsp.buf.hover()
  end, function()
    local shown = floating()
    return shown and shown:find('built from') ~= nil
  end)
  step('hover', { text = floating() })
  vim.cmd('fclose!')
  until_(function()
    to('nexus:5000/shop')
    vim.lsp.buf.definition()
  end, function()
    return vim.fn.expand('%:t') == 'Dockerfile'
  end)
  step('definition', {})
  edit('k8s/shop.yaml')
  to('/health')
  step('references', { rows = listed(function(options)
    vim.lsp.buf.references(nil, options)
  end) })

  edit('shop/Dockerfile')
  until_(function()
    to('built')
    vim.lsp.buf.clear_references()
    vim.lsp.buf.document_highlight()
  end, function()
    local marked = vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('nvim.lsp.references'), 0, -1, {})
    return #marked > 1
  end)
  step('highlight', {})
  to('CMD')
  vim.lsp.buf.selection_range(1)
  until_(function() end, function()
    return vim.fn.mode() == 'v'
  end)
  local from, upto = vim.fn.getpos('v'), vim.fn.getpos('.')
  step('selection', { text = vim.fn.getregion(from, upto) })
  vim.api.nvim_input('<Esc>')
  until_(function() end, function()
    return vim.fn.mode() == 'n'
  end)
  until_(function()
    to('built')
    vim.lsp.buf.rename('runtime')
  end, function()
    return text()[3] == 'FROM runtime'
  end)
  step('rename', { text = text() })
  vim.api.nvim_input('GoCOPY --from=')
  until_(function()
    vim.api.nvim_input('<C-e><C-x><C-o>')
  end, function()
    return #vim.fn.complete_info({ 'items' }).items > 1
  end)
  step('completion', { rows = vim.tbl_map(function(one)
    return one.word
  end, vim.fn.complete_info({ 'items' }).items) })
  vim.api.nvim_input('<C-e><Esc>')
  until_(function() end, function()
    return vim.fn.mode() == 'n'
  end)

  edit('Jenkinsfile')
  step('symbols', { rows = listed(vim.lsp.buf.document_symbol) })
  step('workspace symbols', { rows = listed(function(options)
    vim.lsp.buf.workspace_symbol('Deployment shop', options)
  end) })
  vim.wo.foldmethod = 'expr'
  vim.wo.foldexpr = 'v:lua.vim.lsp.foldexpr()'
  until_(function() end, function()
    return vim.fn.foldlevel(4) > 2
  end)
  step('folding', { levels = vim.tbl_map(vim.fn.foldlevel, vim.fn.range(1, vim.fn.line('$'))) })

  -- What is off until the user turns it on.
  edit('shop/Dockerfile')
  local client = vim.lsp.get_clients({ bufnr = 0 })[1]
  client.settings = { playpen = { features = { inlayHint = { 'dockerfile' } }, diagnostics = { scope = 'workspace' } } }
  client:notify('workspace/didChangeConfiguration', { settings = client.settings })
  local hints = until_(function()
    vim.lsp.inlay_hint.enable(false)
    vim.lsp.inlay_hint.enable(true)
  end, function()
    local found = vim.lsp.inlay_hint.get({ bufnr = 0 })
    return #found > 0 and found
  end)
  step('hints', { rows = vim.tbl_map(function(one)
    return one.inlay_hint.label
  end, hints) })
  until_(vim.diagnostic.setqflist, function()
    return vim.iter(vim.fn.getqflist()):any(function(one)
      return vim.fn.bufname(one.bufnr):find('closed.py') ~= nil
    end)
  end)
  step('done', {})
  vim.cmd('qall!')
end

vim.schedule(function()
  local ok, problem = coroutine.resume(coroutine.create(session))
  if not ok then
    step('failed', { problem = tostring(problem) })
    vim.cmd('qall!')
  end
end)
