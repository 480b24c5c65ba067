-- playpen_ls in Neovim 0.7 or later: starts the server for supported files and applies safe fixes on save.
--
--   require('playpen_ls').setup({ fix_on_save = true })
--
-- With vim.lsp.enable (Neovim 0.11 or later), only fix on save is needed from this module:
--
--   vim.lsp.enable('playpen_ls')
--   require('playpen_ls').fix_on_save()

local M = {}

M.defaults = {
  cmd = { 'playpen-ls' },
  filetypes = {
    'dockerfile', 'groovy', 'yaml', 'json', 'python', 'toml',
    -- of `.env`, compose files, `.properties`, `.npmrc`, `.netrc`, `settings.xml`; other files of these types are not checked
    'sh', 'env', 'jproperties', 'dosini', 'conf', 'cfg', 'netrc', 'xml',
  },
  -- File types that only plugins and users' own configurations define: `:checkhealth vim.lsp` would warn of them.
  more_filetypes = { 'Jenkinsfile', 'yaml.docker-compose', 'yaml.helm-values' },
  init_options = {
    -- The commands of this module that the server may offer.
    commands = { 'playpen.ignoreWithReason', 'playpen.showReferences' },
    peers = { 'python', 'yaml' }, -- the languages that have another server; 'dockerfile' if you run one for it
  },
  settings = {}, -- { ignore = { 'rule', ... }, severity = { rule = 'off' } }
  fix_on_save = false,
  save_timeout = 1000, -- milliseconds to wait for fixes on save; then the file is saved without them
}

local FIX_ALL = 'source.fixAll.playpen'
local clients = {} -- by root; only for Neovim 0.7, which has no vim.lsp.start

-- The nearest parent folder with playpen.toml, else with .git, else the folder of the file.
local function root_of(path)
  local folder = vim.fn.fnamemodify(path, ':p:h')
  for _, marker in ipairs({ 'playpen.toml', '.git' }) do
    local place = folder
    while true do
      if vim.loop.fs_stat(place .. '/' .. marker) then
        return place
      end
      local above = vim.fn.fnamemodify(place, ':h')
      if above == place then
        break
      end
      place = above
    end
  end
  return folder
end

function M.start(bufnr, options)
  local root = root_of(vim.api.nvim_buf_get_name(bufnr))
  local config = {
    name = 'playpen_ls',
    cmd = options.cmd,
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
    settings = { playpen = options.settings },
    init_options = options.init_options,
  }
  if vim.lsp.start then
    return vim.lsp.start(config, { bufnr = bufnr })
  end
  clients[root] = clients[root] or vim.lsp.start_client(config)
  vim.lsp.buf_attach_client(bufnr, clients[root])
  return clients[root]
end

-- Neovim 0.11 turned these functions into methods of the client.
local function ask(client, method, params, timeout, bufnr)
  -- Raises if the server has exited or fails; the save continues.
  local ok, answer = pcall(function()
    if vim.fn.has('nvim-0.11') == 1 then
      return client:request_sync(method, params, timeout, bufnr)
    end
    return client.request_sync(method, params, timeout, bufnr)
  end)
  return ok and answer and answer.result or nil
end

local function client_of(bufnr)
  local found = vim.lsp.get_clients and vim.lsp.get_clients({ bufnr = bufnr }) or vim.lsp.buf_get_clients(bufnr)
  for _, client in pairs(found) do
    if client.name == 'playpen_ls' then
      return client
    end
  end
end

M.client_of = client_of

-- Have the server run one of its commands. `done` gets the answer; nothing waits for it.
local function command(name, arguments, done)
  local client = client_of(vim.api.nvim_get_current_buf())
  if not client then
    vim.notify('playpen_ls: no server is attached to this buffer', vim.log.levels.WARN)
    return
  end
  local params = { command = 'playpen-ls.' .. name, arguments = arguments }
  local function answered(_, answer)
    if done and answer ~= nil then
      done(answer)
    end
  end
  if vim.fn.has('nvim-0.11') == 1 then
    client:request('workspace/executeCommand', params, answered, 0)
  else
    client.request('workspace/executeCommand', params, answered, 0)
  end
end

-- Apply all safe fixes to the buffer. A server that does not respond in time never blocks a save.
function M.fix(bufnr, timeout)
  bufnr = (bufnr == nil or bufnr == 0) and vim.api.nvim_get_current_buf() or bufnr
  local client = client_of(bufnr)
  if not client then
    return
  end
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(bufnr) },
    range = {
      start = { line = 0, character = 0 },
      ['end'] = { line = vim.api.nvim_buf_line_count(bufnr), character = 0 },
    },
    context = { only = { FIX_ALL }, diagnostics = {} },
  }
  timeout = timeout or M.defaults.save_timeout
  for _, action in ipairs(ask(client, 'textDocument/codeAction', params, timeout, bufnr) or {}) do
    if not action.edit then
      action = ask(client, 'codeAction/resolve', action, timeout, bufnr) or action
    end
    if action.edit then
      vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
    end
  end
end

function M.setup(options)
  options = vim.tbl_extend('force', M.defaults, options or {})
  M.options = options
  local group = vim.api.nvim_create_augroup('playpen_ls', {})
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = vim.list_extend(vim.list_extend({}, options.filetypes), options.more_filetypes),
    callback = function(event)
      M.start(event.buf, options)
    end,
  })
  if options.fix_on_save then
    M.fix_on_save(options.save_timeout)
  end
end

function M.fix_on_save(timeout)
  vim.api.nvim_create_autocmd('BufWritePre', {
    group = vim.api.nvim_create_augroup('playpen_ls_save', {}),
    callback = function(event)
      M.fix(event.buf, timeout)
    end,
  })
end

local function show_page(rule)
  if not rule then
    return
  end
  command('rulePage', { rule }, function(page)
    if page ~= vim.NIL then
      vim.lsp.util.open_floating_preview(vim.split(page, '\n'), 'markdown', { focus_id = 'playpen' })
    end
  end)
end

-- The rules with a finding on the line of the cursor.
local function rules_here()
  local found, line = {}, vim.api.nvim_win_get_cursor(0)[1] - 1
  for _, one in ipairs(vim.diagnostic.get(0)) do
    if one.source == 'playpen' and one.code and one.lnum <= line and line <= (one.end_lnum or one.lnum) then
      if not vim.tbl_contains(found, one.code) then
        table.insert(found, one.code)
      end
    end
  end
  return found
end

local function choose(items, prompt, chosen)
  if #items > 1 then
    vim.ui.select(items, { prompt = prompt }, chosen)
  elseif items[1] then
    chosen(items[1])
  end
end

-- Show the page of a rule in a floating window: of the named one, else of a finding on the line of the cursor.
function M.explain(rule)
  local rules = rule and rule ~= '' and { rule } or rules_here()
  if #rules == 0 then
    vim.notify('playpen_ls: no finding on this line', vim.log.levels.INFO)
  end
  choose(rules, 'Explain rule', show_page)
end

-- The ids of all rules, for the completion of :PlaypenExplain.
function M.rules()
  local client, ids = client_of(vim.api.nvim_get_current_buf()), {}
  local params = { command = 'playpen-ls.rules', arguments = {} }
  for _, one in ipairs(client and ask(client, 'workspace/executeCommand', params, 5000, 0) or {}) do
    table.insert(ids, one.id)
  end
  return ids
end

-- List the findings of all files of the project in the quickfix list.
function M.check()
  command('checkWorkspace', {}, function(found)
    vim.diagnostic.setqflist({ title = 'playpen_ls' })
    vim.notify('playpen_ls: ' .. found)
  end)
end

-- Ask for rule, scope and reason, and have the server add the comment.
local function ignore(where)
  choose(where.rules, 'Ignore rule', function(rule)
    local scopes = { 'here', 'in this file', 'in playpen.toml' }
    vim.ui.select(scopes, { prompt = 'Ignore ' .. (rule or '') }, function(scope)
      if not rule or not scope then
        return
      end
      if scope == scopes[3] then
        command('ignore', { where, rule, 'project', '' })
        return
      end
      vim.ui.input({ prompt = 'Reason: ' }, function(reason)
        if reason then
          command('ignore', { where, rule, scope == scopes[1] and 'here' or 'file', reason })
        end
      end)
    end)
  end)
end

-- Go to the only place that a code lens leads to, or list several in the quickfix list.
local function show_places(places)
  local client = client_of(vim.api.nvim_get_current_buf())
  local encoding = client and client.offset_encoding or 'utf-16'
  if #places == 1 then
    local jump = vim.lsp.util.show_document or vim.lsp.util.jump_to_location
    jump(places[1], encoding, vim.lsp.util.show_document and { focus = true } or nil)
  else
    vim.fn.setqflist({}, ' ', { title = 'playpen_ls', items = vim.lsp.util.locations_to_items(places, encoding) })
    vim.cmd('copen')
  end
end

if vim.lsp.commands then
  vim.lsp.commands['playpen.showReferences'] = function(given)
    show_places(given.arguments[3])
  end
  vim.lsp.commands['playpen-ls.explainRule'] = function(given)
    choose(given.arguments or {}, 'Explain rule', show_page)
  end
  vim.lsp.commands['playpen.ignoreWithReason'] = function(given)
    ignore(given.arguments[1])
  end
end

return M
