-- playpen_ls in Neovim 0.11 or later: vim.lsp.enable('playpen_ls')
local defaults = require('playpen_ls').defaults -- which also has the commands that the server offers

return {
  cmd = defaults.cmd,
  filetypes = defaults.filetypes,
  root_markers = { 'playpen.toml', '.git' },
  init_options = defaults.init_options,
  settings = { playpen = {} }, -- { ignore = { 'rule', ... }, severity = { rule = 'off' } }
}
