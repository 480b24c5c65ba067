-- Neovim with playpen_ls and other servers on the same buffers; writes down what its user sees, one object a step.
local folder = os.getenv('PLAYPEN_FOLDER')
local step = dofile(debug.getinfo(1, 'S').source:match('@(.*/)') .. 'steps.lua')

local function diagnostics()
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    table.insert(found, { source = one.source, code = tostring(one.code), message = one.message, line = one.lnum })
  end
  return found
end

-- Waits until each of these servers has said something, and gives all that was said. Neovim pulls diagnostics once a
-- version, and a server that is still starting may have none yet: after a while the text is touched.
local function said(sources)
  local function complete()
    local missing = {}
    for _, source in ipairs(sources) do
      missing[source] = true
    end
    for _, one in ipairs(diagnostics()) do
      -- A schema's name stands behind that of its server.
      missing[vim.split(one.source or '', ':')[1]] = nil
    end
    return next(missing) == nil
  end
  local all = vim.wait(20000, complete, 20)
  for _ = 1, 3 do
    if not all then
      vim.cmd('normal! Go')
      vim.cmd('undo')
      all = vim.wait(20000, complete, 20)
    end
  end
  return { all = all, diagnostics = diagnostics() }
end

local function to(words)
  vim.cmd('normal! gg0')
  assert(vim.fn.search('\\V' .. words, 'c') > 0, words)
end

-- The menu as it is shown once it has an action; nothing is chosen. Until the other files are read, a fix may differ.
local function menu(wanted)
  local titles
  vim.ui.select = function(items, options, choose)
    titles = vim.tbl_map(options.format_item, items)
    choose(nil)
  end
  local function listed()
    return titles ~= nil
  end
  for _ = 1, 50 do
    titles = nil
    vim.lsp.buf.code_action()
    vim.wait(20000, listed, 20)
    if vim.iter(titles or {}):any(function(title)
      return title:find(wanted, 1, true) ~= nil
    end) then
      break
    end
    vim.wait(200)
  end
  return titles or {}
end

local function hover(wanted)
  vim.lsp.buf.hover()
  local text
  vim.wait(20000, function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= '' then
        text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
        return text:find(wanted, 1, true) ~= nil
      end
    end
  end, 20)
  return text
end

local function run()
  vim.cmd('filetype on')
  for name, config in pairs(vim.json.decode(os.getenv('PLAYPEN_SERVERS'))) do
    config.root_markers = { 'playpen.toml' }
    vim.lsp.config(name, config)
    vim.lsp.enable(name)
  end
  require('playpen_ls').fix_on_save()

  vim.cmd('edit ' .. folder .. '/app.py')
  step('python', said({ 'playpen', 'Pyright', 'Ruff' }))
  to('print')
  step('python menu', { titles = menu('Replace `print` with `logger.info` (') })
  step('python hover', { text = hover('print-as-log') })
  vim.cmd('write')
  step('python saved', {})

  vim.cmd('edit! ' .. folder .. '/web.yaml')
  step('yaml', said({ 'playpen', 'yaml-schema' }))
  to('512m')
  step('yaml menu', { titles = menu('Change to `512Mi`') })
  step('yaml hover', { text = hover('quantity') })
  vim.cmd('write')
  step('done', {})
end

local ok, problem = xpcall(run, debug.traceback)
if not ok then
  step('failed', { problem = tostring(problem) })
end
vim.cmd('qall!')
