-- :checkhealth playpen_ls
local M = {}

local health = vim.health or require('health') -- which Neovim 0.7 has as a module
local start = health.start or health.report_start
local ok, warn, fail = health.ok or health.report_ok, health.warn or health.report_warn, health.error or health.report_error

function M.check()
  start('playpen_ls')
  local playpen = require('playpen_ls')
  local config = playpen.options or vim.lsp.config and vim.lsp.config.playpen_ls or playpen.defaults
  local cmd = config.cmd
  if type(cmd) ~= 'table' then
    ok('the server is started by a function')
  elseif vim.fn.executable(cmd[1]) == 0 then
    fail(cmd[1] .. ' is not on the PATH: install playpen-ls, or set `cmd`')
  else
    local version = vim.fn.system(vim.list_extend(vim.list_extend({}, cmd), { '--version' }))
    if vim.v.shell_error == 0 then
      ok(vim.fn.exepath(cmd[1]) .. ': ' .. vim.fn.trim(version))
    else
      fail(table.concat(cmd, ' ') .. ' --version failed: ' .. vim.fn.trim(version))
    end
  end
  local enabled = playpen.options ~= nil or (vim.lsp.is_enabled and vim.lsp.is_enabled('playpen_ls'))
  if enabled then
    ok('the server is started for its file types')
  else
    warn("the server is not enabled: call vim.lsp.enable('playpen_ls') or require('playpen_ls').setup()")
  end
  local attached = 0
  for _, one in pairs(vim.lsp.get_clients and vim.lsp.get_clients() or vim.lsp.get_active_clients()) do
    attached = attached + (one.name == 'playpen_ls' and 1 or 0)
  end
  ok(('%d running server%s'):format(attached, attached == 1 and '' or 's'))
end

return M
